"""kpi: marketing KPIs from the files the platforms let people download."""
