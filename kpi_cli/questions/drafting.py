"""`kpi init`: a kpi.yml drafted from the files there are: what was recognised, and in comments what is open."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from msgspec import Struct

from kpi_cli.ask import Ask
from kpi_cli.errors import KpiError, UsageError
from kpi_cli.exports.files import SETTINGS, is_worksheet, on_disk
from kpi_cli.exports.reading import read
from kpi_cli.exports.tables import Source, Store
from kpi_cli.opening import asked_files
from kpi_cli.safe import printable
from kpi_cli.texts import LANGUAGE, label

_OPENED = {  # what was asked → the key that answers it, and the answers there are
    "decimal_open": ("decimal", '"," or "."'),
    "date_order_open": ("date_format", "dmy, mdy or ymd"),
    "date_open": ("date_format", "dmy, mdy, ymd or excel"),
    "zones_differ": ("tz", "Europe/Paris"),
    "currency_unstated": ("currency", "EUR"),
}
_MOST = 20  # names listed of a kind


class Draft(Struct, frozen=True):
    """The text of a kpi.yml, how many files it reads, and how many it could not."""

    text: str
    read: int
    refused: int


def draft(ask: Ask, folder: Path) -> Draft:
    """A commented kpi.yml for the files of the question, its paths relative to `folder`.

    Raises:
        UsageError: no files were named.
        NoDataError: a folder without exports.
    """
    if not ask.files.paths:
        raise UsageError("no_files", "there is nothing to look at", "name a folder or files: kpi init exports/")
    store = read([found for found in asked_files(ask) if Path(found.pattern).name != SETTINGS], ask.reading)
    lines = [*_head(), *_sources(store, folder), "", *_money(store), "", *_rest(store)]
    refused = sum(source.error is not None for source in store.sources)
    read_ = sum(source.sheet is not None and source.error is None for source in store.sources)
    return Draft("\n".join(lines) + "\n", read_, refused)


def _head() -> list[str]:
    return [
        "# " + label("head", "init"),
        "# " + label("paths", "init"),
        "",
    ]


# ------------------------------------------------------------------------------------------------ files


def _sources(store: Store, folder: Path) -> Iterator[str]:
    """The files that were recognised, one glob where a folder holds no others; the refused ones as comments."""
    yield "sources:"
    good = [source for source in store.sources if source.sheet and source.error is None]
    bad = [source for source in store.sources if source.error is not None]
    refused = {on_disk(source.file) for source in bad}
    seen = {on_disk(source.file).resolve() for source in good}
    globs = {_glob(source, folder) for source in store.sources}
    spoiled = {glob for glob in globs if {path.resolve() for path in folder.glob(glob)} - seen}
    listed: dict[str, list[Source]] = {}
    for source in good:
        glob = _glob(source, folder)
        entry = _relative(source.file, folder) if glob in spoiled else glob
        if is_worksheet(Path(source.file)) and (source.part_of is None or on_disk(source.file) in refused):
            entry = os.path.relpath(source.file, folder)
        listed.setdefault(entry, []).append(source)
    for entry, sources in listed.items():
        yield f"  - {_quoted(entry)}"
        for source in sources:
            yield f"    # {_taken_for(source)}"
    for source in bad:
        yield from _refused(source, folder)
    if not listed:
        yield "  []"


def _glob(source: Source, folder: Path) -> str:
    """The pattern of all files beside this one with its ending."""
    path = Path(_relative(source.file, folder))
    return str(path.parent / f"*{path.suffix}") if path.suffix else str(path)


def _relative(file: str, folder: Path) -> str:
    """A file's path from the folder of kpi.yml; of what lies in an archive, the archive's."""
    return os.path.relpath(on_disk(file), folder)


def _taken_for(source: Source) -> str:
    period = f", {source.period[0]} – {source.period[1]}" if source.period else ""
    money = f", {' '.join(source.currencies)}" if source.currencies else ""
    return printable(f"{_short(source)}: {source.format}, {source.role}{period}{money}")


def _short(source: Source) -> str:
    """The name of a file; of a worksheet, or what an archive holds, with that of the file it is in."""
    return str(Path(source.file).relative_to(on_disk(source.file).parent))


def _refused(source: Source, folder: Path) -> Iterator[str]:
    error: KpiError | None = source.error
    assert error is not None
    place = f" ({label('line', 'init')} {error.line})" if error.line else ""
    yield f"  # {printable(_short(source))}{place}: {printable(error.text)}; {printable(error.fix)}"
    is_sheet = is_worksheet(Path(source.file))
    name = _quoted(os.path.relpath(source.file, folder) if is_sheet else _relative(source.file, folder))
    roles = re.findall(r"--(\w+) FILE", error.fix)
    if roles or error.code in _OPENED:
        key, answers = ("role", " or ".join(roles)) if roles else _OPENED[error.code]
        yield f"  # - {{files: {name}, {key}: …}}  # {answers}"
    else:
        yield f"  # - {name}"


def _quoted(text: str) -> str:
    """A text as YAML reads it back: bare where that is safe."""
    plain = text.replace("/", "").replace(".", "").replace("_", "").replace("-", "").replace("*", "")
    safe = plain.isalnum() and plain.isascii() and not text.startswith(("-", "*", "."))
    return text if safe else json.dumps(text, ensure_ascii=False)


# ---------------------------------------------------------------------------------------------- settings


def _money(store: Store) -> Iterator[str]:
    """Currency, tax and margin: stated where the files state them."""
    stated = sorted({currency for source in store.sources for currency in source.currencies})
    if len(stated) == 1:
        yield f"currency: {stated[0]} # {label('currency', 'init')}"
    else:
        yield f"# currency: EUR # {label('currency', 'init')}"
    if len(stated) > 1:
        yield f"# {label('rates', 'init')} {', '.join(stated)}"
        yield "# rates:"
        yield f"#   - {{date: 2026-01-01, currency: {stated[1]}, rate: 0.92}}"
    yield f"# tz: Europe/Paris # {label('tz', 'init')}"
    lang = LANGUAGE.get()
    yield f"{'# ' if lang == 'en' else ''}lang: {'fr' if lang == 'en' else lang} # {label('lang', 'init')}"
    taxed = [s for s in store.of_role("sales") if any(n.code == "tax_included" for n in s.notes)]
    if taxed:
        names = ", ".join(printable(_short(source)) for source in taxed)
        yield f"# vat: 20% # {label('vat', 'init')} ({names})"
    yield f"# margin: 60% # {label('margin', 'init')}"


def _rest(store: Store) -> Iterator[str]:
    """What no export says, as examples in comments."""
    roles = {source.role for source in store.sources}
    if "costs" not in roles:
        yield from _commented("costs", ["- {month: 2026-10, category: people, strategy: inbound, cost: 1200.00}"])
        yield ""
    yield from _commented("channels", ["- {channel: Email, source: brevo, medium: newsletter}"])
    yield ""
    yield from _products(store)
    if "traffic" in roles and "leads" not in roles:
        yield f"# lead_event: generate_lead # {label('lead_event', 'init')}"
        yield ""
    yield from _commented("targets", ["roi: 50%", "cac:", "  - {from: 2026-01, value: 120}"])
    yield ""
    yield from _commented("budgets", ["total: 5000", "Paid Search: 1500"])
    yield ""
    example = "- {metric: conversion_rate, value: 2.5%, sector: …, year: 2026, source: …}"
    yield from _commented("benchmarks", [example])
    yield ""
    metric = "cost_per_click: {formula: media_cost / clicks, unit: money, better: lower}"
    yield from _commented("metrics", [metric])


def _commented(key: str, lines: Iterable[str]) -> Iterator[str]:
    """A key that is only proposed, under what it is for."""
    yield f"# {label(key, 'init')}"
    yield f"# {key}:"
    yield from (f"#   {line}" for line in lines)


def _products(store: Store) -> Iterator[str]:
    """The products sold, each to be put beside the course it opens, where there are both."""
    products, courses = _names(store, "sales", "product"), _names(store, "progress", "course")
    if not (products and courses):
        return
    yield f"# {label('products', 'init')} {', '.join(courses)}"
    yield "# products:"
    yield from (f"#   {_quoted(product)}: …" for product in products)
    yield ""


def _names(store: Store, role: str, column: str) -> Sequence[str]:
    if column not in store.columns.get(role, {}):
        return []
    found = store.rows(
        f"""SELECT {column}, count(*) AS rows FROM {role} WHERE fate IS NULL AND {column} IS NOT NULL
            GROUP BY ALL ORDER BY rows DESC, {column} LIMIT {_MOST}"""
    )
    return [printable(name) for name, _ in found]
