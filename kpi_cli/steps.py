"""Steps: what people are followed through in a log of events, as one value."""

from __future__ import annotations

from msgspec import Struct

from kpi_cli.period import Duration


class Steps(Struct, frozen=True):
    """The steps of a log, each with the spellings the log has for it, and the time a person has for them all."""

    steps: tuple[str, ...]
    spellings: tuple[tuple[str, ...], ...]
    within: Duration | None
