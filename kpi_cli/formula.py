"""Formulas of a user's own metrics: + − × ÷, brackets, numbers and names; nothing is ever run.

    expression = term   { (+ | −) term }
    term       = factor { (× | ÷) factor }
    factor     = { + | − } ( number | name | "(" expression ")" )

`-`, `*` and `/` are the same as `−`, `×` and `÷`. Values are computed as exact fractions and rounded once,
at the end: a denominator that is zero on paper is zero here too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from decimal import Context, Decimal
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from msgspec import Struct

from kpi_cli.errors import InputError, did_you_mean
from kpi_cli.safe import quoted

if TYPE_CHECKING:
    from fractions import Fraction

MAX_DEPTH = 32
MAX_LENGTH = 1000

Number = Decimal | int | float


class Formula(Struct, frozen=True):
    """A formula that has been read.

    `names` holds what it is computed from, each with its column: of the file when the place of the formula
    is known, else of the text; 1-based.
    """

    text: str
    names: Mapping[str, int]
    file: str | None
    line: int | None
    column: int | None
    _root: _Part

    def evaluate(self, values: Mapping[str, Number | None]) -> tuple[Decimal | None, str | None]:
        """The value to 28 digits and None, or None and the reason why there is no value.

        A name without a value, and a denominator of zero, give `no_NAME`; `no_denominator` when the
        denominator is more than one name.

        >>> parse("engagements / impressions").evaluate({"engagements": 3, "impressions": 8})
        (Decimal('0.375'), None)
        >>> parse("engagements / impressions").evaluate({"engagements": 3, "impressions": 0})
        (None, 'no_impressions')
        """
        try:
            exact = self._root.value(values)
        except _NoValue as missing:
            return None, missing.args[0]
        return Context(prec=28).divide(Decimal(exact.numerator), Decimal(exact.denominator)), None


def parse(text: str, file: str | None = None, line: int | None = None, column: int | None = None) -> Formula:
    """Read a formula; `file`, `line` and `column` say where it starts, for errors.

    Raises:
        InputError: `bad_formula`, at the column that cannot be understood.

    >>> list(parse("1000 × cost ÷ (impressions − invalid)").names)
    ['cost', 'impressions', 'invalid']
    """
    parser = _Parser(text, file, line, column)
    root = parser.whole()
    return Formula(text, parser.names, file, line, column, root)


def check_names(formula: Formula, known: Collection[str]) -> None:
    """Refuse a formula that uses a name not in `known`.

    Raises:
        InputError: `unknown_name`, with a suggestion.
    """
    for name, column in formula.names.items():
        if name not in known:
            text = f"the formula uses {quoted(name)}, which is no measure or metric"
            fix = did_you_mean(name, known, "kpi explain lists the names")
            raise InputError("unknown_name", text, fix, formula.file, formula.line, column)


def check_cycles(formulas: Mapping[str, Formula]) -> tuple[str, ...]:
    """The names in an order in which each can be computed from those before it.

    Raises:
        InputError: `circular_metric`, when a metric is computed from itself.

    >>> check_cycles({"b": parse("a * 2"), "a": parse("cost / leads")})
    ('a', 'b')
    """
    from graphlib import CycleError, TopologicalSorter

    graph = TopologicalSorter({name: formula.names for name, formula in formulas.items()})
    try:
        order = tuple(graph.static_order())
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        formula = formulas[circle[0]]
        text = f"metric {quoted(circle[0])} is computed from itself ({quoted(' → '.join(circle), width=200)})"
        fix, column = "define one of them by measures only", formula.names[circle[1]]
        raise InputError("circular_metric", text, fix, formula.file, formula.line, column) from None
    return tuple(name for name in order if name in formulas)


# The parts of a formula ---------------------------------------------------------------------------------


class _NoValue(Exception):  # noqa: N818 - no error: a value that is not there, with its reason
    pass


class _Literal(NamedTuple):
    exact: Decimal

    def value(self, values: Mapping[str, Number | None]) -> Fraction:
        return _fraction(self.exact)


class _Name(NamedTuple):
    name: str

    def value(self, values: Mapping[str, Number | None]) -> Fraction:
        number = values.get(self.name)
        try:
            return _fraction(number)
        except (TypeError, ValueError, OverflowError):  # None, NaN, infinity
            raise _NoValue(f"no_{self.name}") from None


class _Sum(NamedTuple):
    """Terms, each with whether it is taken away."""

    terms: tuple[tuple[bool, _Part], ...]

    def value(self, values: Mapping[str, Number | None]) -> Fraction:
        total = _fraction(0)
        for minus, part in self.terms:
            total += -part.value(values) if minus else part.value(values)
        return total


class _Product(NamedTuple):
    """Factors, each with whether it divides."""

    factors: tuple[tuple[bool, _Part], ...]

    def value(self, values: Mapping[str, Number | None]) -> Fraction:
        total = _fraction(1)
        for divides, part in self.factors:
            number = part.value(values)
            if divides and number == 0:
                raise _NoValue(f"no_{part.name}" if isinstance(part, _Name) else "no_denominator")
            total = total / number if divides else total * number
        return total


_Part = _Literal | _Name | _Sum | _Product


def _fraction(number: Number | None) -> Fraction:
    from fractions import Fraction

    return Fraction(repr(number) if isinstance(number, float) else number)  # type: ignore[arg-type]


# Reading ------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|(?P<name>[^\W\d]\w*)|(?P<sign>[-+−*×/÷()])|(?P<other>\S)|$)"
)
_SAME = {"−": "-", "×": "*", "÷": "/"}
_FIXES = {
    ".": "use measures and metrics by their plain names",
    ",": "write decimals with a dot",
    "%": "divide by 100",
    "^": "powers are not known: multiply",
}


class _Token(NamedTuple):
    kind: str  # number, name, sign, end
    text: str
    offset: int


class _Parser:
    """Recursive descent, one token ahead."""

    def __init__(self, text: str, file: str | None, line: int | None, column: int | None) -> None:
        self.names: dict[str, int] = {}
        self._text, self._file, self._line, self._start = text, file, line, column or 1
        if len(text) > MAX_LENGTH:
            self._refuse(f"a formula of more than {MAX_LENGTH} characters", "split it into two metrics", 0)
        self._tokens = self._scan()
        self._next = next(self._tokens)

    def whole(self) -> _Part:
        part = self._sum(1)
        if self._next.kind != "end":
            self._refuse(f"{self._seen()} where + − × ÷ or the end is due", self._operator_fix())
        return part

    def _scan(self) -> Iterator[_Token]:
        for match in _TOKEN.finditer(self._text):
            kind = match.lastgroup or "end"
            text = match[match.lastgroup] if match.lastgroup else ""
            offset = match.start(match.lastgroup) if match.lastgroup else len(self._text.rstrip())
            if kind == "other":
                fix = _FIXES.get(text, "use + − × ÷, brackets, numbers and names")
                self._refuse(f"{quoted(text)} is not part of a formula", fix, offset)
            yield _Token(kind, _SAME.get(text, text), offset)
        yield _Token("end", "", len(self._text.rstrip()))

    def _take(self, *signs: str) -> str:
        """Pass over the next token if it is one of these signs; else give ""."""
        token = self._next
        if token.kind != "sign" or token.text not in signs:
            return ""
        self._next = next(self._tokens)
        return token.text

    def _sum(self, depth: int) -> _Part:
        terms = [(False, self._product(depth))]
        while sign := self._take("+", "-"):
            terms.append((sign == "-", self._product(depth)))
        return terms[0][1] if len(terms) == 1 else _Sum(tuple(terms))

    def _product(self, depth: int) -> _Part:
        factors = [(False, self._factor(depth))]
        while sign := self._take("*", "/"):
            factors.append((sign == "/", self._factor(depth)))
        return factors[0][1] if len(factors) == 1 else _Product(tuple(factors))

    def _factor(self, depth: int) -> _Part:
        minus = False
        while sign := self._take("+", "-"):
            minus ^= sign == "-"
        part = self._bracket(depth) if self._next.text == "(" else self._operand()
        return _Sum(((True, part),)) if minus else part

    def _bracket(self, depth: int) -> _Part:
        if depth > MAX_DEPTH:
            self._refuse(f"brackets nested deeper than {MAX_DEPTH}", "split it into two metrics")
        self._take("(")
        part = self._sum(depth + 1)
        if not self._take(")"):
            self._refuse(f"{self._seen()} where “)” is due", self._operator_fix())
        return part

    def _operand(self) -> _Part:
        token = self._next
        if token.kind not in {"number", "name"}:
            fix = "powers are not known: multiply" if token.text == "*" else "complete the formula"
            self._refuse(f"{self._seen()} where a name or a number is due", fix)
        self._next = next(self._tokens)
        if token.kind == "number":
            return _Literal(Decimal(token.text))
        self.names.setdefault(token.text, self._start + token.offset)
        return _Name(token.text)

    def _seen(self) -> str:
        return quoted(self._next.text) if self._next.text else "the end of the formula"

    def _operator_fix(self) -> str:
        if self._next.text == "(":
            return "functions are not known: write × before “(” to multiply"
        return "check the brackets" if self._next.kind in {"sign", "end"} else "put an operator between them"

    def _refuse(self, text: str, fix: str, offset: int | None = None) -> NoReturn:
        column = self._start + (self._next.offset if offset is None else offset)
        raise InputError("bad_formula", text, fix, self._file, self._line, column)
