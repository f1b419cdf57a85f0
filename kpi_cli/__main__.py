"""`python -m kpi_cli …` is `kpi …`."""

from kpi_cli.commands.app import entry

if __name__ == "__main__":
    entry()
