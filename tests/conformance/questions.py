"""The questions of the conformance suite, and what makes two answers the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import kpi_cli

ZONE = "Europe/Paris"
MILLIONTH = Decimal("0.000001")
ENGINES = ("frames", "in_parquet", "in_duckdb", "in_postgres", "in_spark")
QUESTIONS: dict[str, Callable[..., Any]] = {
    "roi": lambda **o: kpi_cli.roi(by="channel,month", margin="0.6", **o),
    "roi gross": lambda **o: kpi_cli.roi(by="campaign", gross=True, **o),
    "roi allocated": lambda **o: kpi_cli.roi(by="channel", allocate="revenue", month="2026-10", **o),
    "cac": lambda **o: kpi_cli.cac(by="channel", margin="0.6", **o),
    "cac by month": lambda **o: kpi_cli.cac(every="month", **o),
    "channels": lambda **o: kpi_cli.channels(**o),
    "attribution": lambda **o: kpi_cli.attribution(**o),
    "ltv": lambda **o: kpi_cli.ltv(by="channel", **o),
    "funnel": lambda **o: kpi_cli.funnel(by="channel", **o),
    "funnel of a log": lambda **o: kpi_cli.funnel(
        steps="visit,sign up,purchase", within="30d", by="country", **_only(o, "events")
    ),
}


def _only(options: Mapping[str, Any], *roles: str) -> dict[str, Any]:
    given = options["roles"]
    return {**options, "roles": {role: given[role] for role in given if role in roles}}


def answer(question: str, roles: Mapping[str, Any]) -> dict[str, Any]:
    """What a question answers, without what tells of files."""
    return bare(QUESTIONS[question](tz=ZONE, roles=roles).to_dict())


def bare(found: Any) -> Any:
    """An answer without the names of files and what is told of them."""
    if isinstance(found, list):
        return [bare(item) for item in found]
    if isinstance(found, dict):
        return {key: bare(value) for key, value in found.items() if key not in {"sources", "notes", "files"}}
    return found


def assert_same(one: Any, other: Any, place: str = "") -> None:
    """Equal, figures to the millionth."""
    if isinstance(one, dict):
        assert isinstance(other, dict), place
        assert one.keys() == other.keys(), place
        for key in one:
            assert_same(one[key], other[key], f"{place}.{key}")
    elif isinstance(one, list):
        assert isinstance(other, list), place
        assert len(one) == len(other), place
        for i, (a, b) in enumerate(zip(one, other, strict=True)):
            assert_same(a, b, f"{place}[{i}]")
    elif isinstance(one, int | float) and not isinstance(one, bool):
        assert isinstance(other, int | float), place
        assert abs(Decimal(str(one)) - Decimal(str(other))) <= MILLIONTH, place
    else:
        assert one == other, place
