"""What `kpi check` found, file by file, as labelled lines for a reader."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from kpi_cli import locales
from kpi_cli.render import numbers
from kpi_cli.render.sheet import Tone
from kpi_cli.render.words import fate, word
from kpi_cli.result import CheckResult
from kpi_cli.safe import printable
from kpi_cli.texts import label

_MONEY = {"cost", "revenue_gross", "revenue_net", "revenue", "tax", "refunds", "shipping", "fee"}
_SIGNS = {True: "✓", False: "✗", None: "–"}
_JOIN = "\u00a0· "


class Fact(Struct, frozen=True):
    """One labelled line about a file. Non-breaking spaces keep a figure and its name together."""

    label: str
    text: str
    tone: Tone = ""


def summary(check: CheckResult, lang: str) -> str:
    """How many files there are, and how many were refused."""
    count = len(check.sources)
    refused = sum(source.get("error") is not None for source in check.sources)
    said = word("one_file" if count == 1 else "files", lang, count)
    return _JOIN.join([said, word("refused", lang, refused)] if refused else [said])


def facts(source: Mapping[str, Any], lang: str) -> list[Fact]:
    """The lines about one file, from what it was taken for to what is wrong with it."""
    lines = [
        Fact(word("taken", lang), _taken(source, lang)),
        Fact(word("columns", lang), _columns(source)),
        Fact(word("period", lang), _period(source, lang)),
        Fact(word("rows", lang), _rows(source, lang)),
        *(Fact(word("sums", lang), _sums(sums, lang)) for sums in source.get("sums") or ()),
        *_controls(source, lang),
        *(Fact(word("note", lang), _note(note, lang)) for note in source.get("notes") or ()),
    ]
    if source.get("error"):
        lines.append(Fact(word("error", lang), _error(source["error"], lang), "bad"))
    return [line for line in lines if line.text]


def _taken(source: Mapping[str, Any], lang: str) -> str:
    language, header = source.get("language"), source.get("header_line")
    delimiter = source.get("delimiter")
    parts = (
        source.get("format"),
        source.get("role"),
        language and numbers.language(language, lang),
        source.get("encoding"),
        delimiter and (word("tab", lang) if delimiter == "\t" else f"“{printable(delimiter)}”"),
        header and word("header", lang, header),
    )
    return _JOIN.join(_together(printable(str(part))) for part in parts if part)


def _columns(source: Mapping[str, Any]) -> str:
    columns = source.get("columns") or {}
    return ", ".join(_together(f"{printable(str(header))} → {name}") for name, header in columns.items())


def _period(source: Mapping[str, Any], lang: str) -> str:
    period, grain = source.get("period"), source.get("grain")
    if not period:
        return ""
    start, end = (dt.date.fromisoformat(str(period[edge])) for edge in ("start", "end"))
    said = locales.span(start, end, lang)
    return _JOIN.join([said, word(grain, lang)]) if grain in ("day", "range") else said


def _rows(source: Mapping[str, Any], lang: str) -> str:
    rows = source.get("rows")
    if rows is None:
        return ""
    left = rows.get("left_out") or {}
    said = word("read", lang, *(_count(n, lang) for n in (rows["read"], rows["used"], sum(left.values()))))
    reasons = ", ".join(_together(f"{fate(code)} ×{_count(count, lang)}") for code, count in left.items())
    return f"{said} ({reasons})" if reasons else said


def _sums(sums: Mapping[str, Any], lang: str) -> str:
    figures = {name: value for name, value in sums.items() if name != "currency"}
    currency = sums.get("currency")
    return _JOIN.join(
        _together(f"{label(name)} {_measure(name, value, currency, lang)}") for name, value in figures.items()
    )


def _measure(name: str, value: Any, currency: str | None, lang: str) -> str:
    if name not in _MONEY:
        return _count(value, lang)
    figure = numbers.accounted(value, lang)
    return f"{figure} {printable(currency)}" if currency else figure


def _controls(source: Mapping[str, Any], lang: str) -> list[Fact]:
    """Each total row of the file: one line where it agrees throughout, one a column where it does not."""
    totals: dict[tuple[str, int], list[Mapping[str, Any]]] = {}
    for entry in source.get("control") or ():
        totals.setdefault((str(entry["label"]), entry["line"]), []).append(entry)
    lines = []
    for (said, line), entries in totals.items():
        place = f"{printable(said)}, {word('line', lang, line)}" if said else word("line", lang, line)
        if all(entry["agrees"] for entry in entries):
            names = ", ".join(label(entry["column"]) for entry in entries)
            lines.append(Fact(word("control", lang), _JOIN.join([f"{_SIGNS[True]} {place}", names])))
        elif all(entry["agrees"] is not False for entry in entries):
            lines.append(Fact(word("control", lang), _JOIN.join([f"{_SIGNS[None]} {place}", word("wider", lang)])))
        else:
            lines += [_control(entry, place, lang) for entry in entries]
    return lines


def _control(entry: Mapping[str, Any], place: str, lang: str) -> Fact:
    agrees, name = entry.get("agrees"), entry["column"]
    stated, summed = (_measure(name, entry[side], None, lang) for side in ("stated", "summed"))
    parts = [f"{_SIGNS[agrees]} {place}", f"{label(name)} {word('stated', lang, stated, summed)}"]
    return Fact(word("control", lang), _JOIN.join(map(_together, parts)), "bad" if agrees is False else "")


def _note(note: Mapping[str, Any], lang: str) -> str:
    text, line = printable(str(note["text"])), note.get("line")
    return text if line is None else f"{text} ({word('line', lang, line)})"


def _error(error: Mapping[str, Any], lang: str) -> str:
    said = "; ".join(printable(str(error[part])) for part in ("text", "fix") if error.get(part))
    places = ":".join(str(error[part]) for part in ("line", "column") if error.get(part) is not None)
    return f"{word('line', lang, places)}: {said}" if places else said


def _count(value: Any, lang: str) -> str:
    exact = numbers.exactly(value)
    if exact is None:
        return numbers.DASH
    return locales.number(exact, numbers.places("count", [exact]), lang)


def _together(text: str) -> str:
    """Words that stay on one line."""
    return text.replace(" ", "\u00a0")
