"""`python -m kpi_cli.exports.compile`: what the YAML data files say, as the JSON that is read at each start."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kpi_cli.exports.recognising import FORMATS, format_files, shapes_of
from kpi_cli.locales import LANGUAGES
from kpi_cli.packaged import DATA, FOLDER, checksum, parsed

NAMES = ("exports/words.yaml", "grouping.yaml", "labels.yaml", "strategies.yaml", "texts.yaml")


def compiled_files() -> dict[Path, str]:
    """The text of each compiled file."""
    raw = {name: (FOLDER / name).read_bytes() for name in NAMES}
    data = {name: {"checksum": checksum([text]), "data": parsed(text)} for name, text in raw.items()}
    formats = format_files()
    known = shapes_of(formats)
    shapes = [{"name": f.name, "role": f.role, "spec": f.spec, "aliases": f.aliases} for f in known]
    spoken = sorted({language for f in known for _, language, _ in f.aliases.values()})
    data["locales"] = {"data": locales(spoken)}
    return {DATA: _lines(data), FORMATS: _lines({"checksum": checksum(formats), "shapes": shapes})}


def locales(spoken: Iterable[str]) -> dict[str, Any]:
    """What Babel knows of the languages that answers are written in (kpi_cli/locales.py reads it)."""
    from babel import Locale
    from babel.numbers import get_currency_precision

    words, found = parsed((FOLDER / "exports/words.yaml").read_bytes()), dict[str, Any]()
    for lang in LANGUAGES:
        locale = Locale(lang)
        signs, money = locale.number_symbols["latn"], locale.currency_formats["standard"]
        months = locale.months["format"]
        found[lang] = {
            "group": signs["group"],
            "decimal": signs["decimal"],
            "percent": locale.percent_formats[None].suffix[0],
            "money": [f"{before}{{}}{after}" for before, after in zip(money.prefix, money.suffix, strict=True)],
            "symbols": {code: sign for code in words["currencies"] if (sign := _symbol(locale, code)) != code},
            "months": {"MMM": _months(months["abbreviated"]), "MMMM": _months(months["wide"])},
            "day": locale.date_formats["medium"].pattern,
            "intervals": {field: list(parts) for field, parts in locale.interval_formats["yMMMd"].items()},
            "languages": {code: locale.languages[code] for code in spoken},
        }
    decimals = {code: get_currency_precision(code) for code in words["currencies"]}
    return found | {"decimals": {code: places for code, places in decimals.items() if places != 2}}


def _symbol(locale: Any, code: str) -> str:
    return str(locale.currency_symbols.get(code, code))


def _months(names: Any) -> list[str]:
    return [names[month] for month in range(1, 13)]


def _lines(entries: dict[str, Any]) -> str:
    """A JSON object with a line for each entry, and for each shape, so that a difference shows what changed."""
    return "{\n" + ",\n".join(f"{_json(key)}: {_value(value)}" for key, value in entries.items()) + "\n}\n"


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "[\n" + ",\n".join(map(_json, value)) + "\n]"
    return _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main() -> None:
    """Write them."""
    for path, text in compiled_files().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
