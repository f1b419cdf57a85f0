"""The error tree. Every error is one line: where, what is wrong, what to do.

KpiError
├── UsageError      exit 2   the command line or a call's arguments are off
├── InputError      exit 3   a file or kpi.yml cannot be read for certain
│   └── Refusals    exit 3   several of those, one line each
└── NoDataError     exit 5   a needed role has no file, or no row in the period
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from kpi_cli.safe import printable, quoted


@dataclass
class KpiError(Exception):
    """What is wrong, where, and what to do about it.

    >>> str(InputError("bad_date", "“2023-02-29” is not a date", "mend the cell", "s.csv", 4, 2))
    's.csv:4:2: “2023-02-29” is not a date; mend the cell'
    """

    code: str
    text: str
    fix: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None
    exit_code: int = field(default=1, init=False, repr=False)

    def __post_init__(self) -> None:
        # The last word on what a terminal or a log gets to see, whoever wrote the message.
        self.text, self.fix = printable(self.text), printable(self.fix)

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        said = f"{self.text}; {self.fix}" if self.fix else self.text
        return f"{place}: {said}" if place else said

    def to_dict(self) -> dict[str, str | int | None]:
        """The error as contract §5 prints it in JSON."""
        return {
            "code": self.code,
            "file": self.file,
            "line": self.line,
            "column": self.column,
            "text": self.text,
            "fix": self.fix,
        }

    def parts(self) -> Sequence[KpiError]:
        """The single errors behind this one."""
        return (self,)


class UsageError(KpiError):
    """The command line, or a call's arguments, cannot be understood."""

    exit_code = 2


class InputError(KpiError):
    """A file cannot be read for certain: it is refused, or the user is asked."""

    exit_code = 3


class NoDataError(KpiError):
    """A role the question needs has no file, or no row in the period."""

    exit_code = 5


class Refusals(InputError):  # noqa: N818 (it stands for several errors, not one)
    """Several input errors, reported together, one line each."""

    def __init__(self, errors: Sequence[KpiError]) -> None:
        first = errors[0]
        super().__init__(first.code, first.text, first.fix, first.file, first.line, first.column)
        self.errors = tuple(errors)

    def parts(self) -> Sequence[KpiError]:
        """The single errors behind this one."""
        return self.errors


_FEW = 24  # names that can be listed in a message


def did_you_mean(word: str, known: Collection[str], else_: str = "see the documentation for what is known") -> str:
    """What to do about an unknown word: the nearest known one, or the list of them when it is short, or else that.

    >>> did_you_mean("margn", ["margin", "vat"]), did_you_mean("zzz", ["margin", "vat"])
    ('did you mean “margin”?', 'known: “margin”, “vat”')
    """
    import difflib

    listed = sorted(known) if isinstance(known, set | frozenset) else list(known)  # a set has no order of its own
    by_fold = {name.casefold(): name for name in listed}
    near = difflib.get_close_matches(word.casefold(), by_fold, n=1)
    if near:
        return f"did you mean {quoted(by_fold[near[0]])}?"
    if not 0 < len(listed) <= _FEW:
        return else_
    return f"known: {', '.join(map(quoted, listed))}"
