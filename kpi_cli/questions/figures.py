"""The figures that a question gives, before they are laid out: what they are called, and their values by group."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from kpi_cli.exports.roles import CHANNEL
from kpi_cli.result import Better, Unit

if TYPE_CHECKING:
    from kpi_cli.books import Books
    from kpi_cli.measures import Key, Measures


class Figure(Struct, frozen=True):
    """A figure a question gives: its name, unit and direction; some stand in the total only."""

    name: str
    unit: Unit
    better: Better = None
    total_only: bool = False


class Answer(Struct):
    """Figures by group, the total's, and why some are null (None: the total)."""

    rows: dict[Key, Measures]
    total: Measures
    reasons: dict[Key | None, dict[str, str]]


def of_all_channels(books: Books) -> bool:
    """Whether the rows say nothing of channels, as months or countries do, so that each holds all of them."""
    return bool(books.ask.dimensions) and CHANNEL.isdisjoint(books.ask.dimensions)
