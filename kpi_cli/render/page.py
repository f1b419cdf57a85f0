"""Page: what an answer is put on: a terminal of some width, a pipe or a file, in a language."""

from __future__ import annotations

import os
import shutil
import sys

from msgspec import Struct

from kpi_cli.texts import LANGUAGE

_ASCII = str.maketrans(
    {"–": "-", "−": "-", "×": "x", "·": "-", "•": "*", "→": ">", "Δ": "+/-", "✓": "OK", "✗": "X", "…": "..."}
    | {"\u202f": " ", "\u00a0": " ", "\u2009": " ", "“": '"', "”": '"'}
)


class Page(Struct, frozen=True):
    """Where an answer is read. Without a `width` nothing is ever cut or wrapped."""

    lang: str = "en"
    width: int | None = None
    colour: bool = False
    ascii: bool = False
    file: bool = False

    @classmethod
    def on_stdout(cls) -> Page:
        """The terminal or the pipe that stdout is."""
        out = sys.stdout
        terminal = out is not None and out.isatty()
        encoding = (getattr(out, "encoding", None) or "utf-8").casefold()
        return cls(
            lang=LANGUAGE.get(),
            width=shutil.get_terminal_size().columns if terminal else None,
            colour=terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb",
            ascii="utf" not in encoding,
        )

    @classmethod
    def in_file(cls) -> Page:
        """A file: as wide as it needs to be."""
        return cls(lang=LANGUAGE.get(), file=True)

    def signs(self, text: str) -> str:
        """Our own text and figures in signs this page has.

        >>> Page(ascii=True).signs("1.43×")
        '1.43x'
        """
        return text.translate(_ASCII) if self.ascii else text
