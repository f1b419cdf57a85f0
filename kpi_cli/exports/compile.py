"""`python -m kpi_cli.exports.compile`: what the YAML data files say, as the JSON that is read at each start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kpi_cli.exports.recognising import FORMATS, format_files, shapes_of
from kpi_cli.packaged import DATA, FOLDER, checksum, parsed

NAMES = ("exports/words.yaml", "grouping.yaml", "labels.yaml", "strategies.yaml", "texts.yaml")


def compiled_files() -> dict[Path, str]:
    """The text of each compiled file."""
    raw = {name: (FOLDER / name).read_bytes() for name in NAMES}
    data = {name: {"checksum": checksum([text]), "data": parsed(text)} for name, text in raw.items()}
    formats = format_files()
    shapes = [{"name": f.name, "role": f.role, "spec": f.spec, "aliases": f.aliases} for f in shapes_of(formats)]
    return {DATA: _lines(data), FORMATS: _lines({"checksum": checksum(formats), "shapes": shapes})}


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
