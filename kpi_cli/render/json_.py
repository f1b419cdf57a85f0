"""JSON: contract §6 and §7, every digit of the money, no detour through floats."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any

from kpi_cli.render.page import Page
from kpi_cli.reporting import Report
from kpi_cli.result import CheckResult, Result
from kpi_cli.safe import printable

_encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode  # json.dumps makes one for each value


def write_json(answer: Result | CheckResult | Report, page: Page) -> bytes:
    """The answer as UTF-8 JSON, indented by two; the language of the page changes nothing."""
    return (_encoded(answer.to_dict(exact=True), "\n") + "\n").encode()


def _encoded(value: Any, line: str) -> str:
    r"""A plain value as JSON text. `line` is the line break with its indent.

    >>> _encoded({"cost": Decimal("0.10"), "names": ["a\x1b"], "rows": []}, "\n")
    '{\n  "cost": 0.10,\n  "names": [\n    "a\\\\x1b"\n  ],\n  "rows": []\n}'
    """
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    inner = line + "  "
    if isinstance(value, Mapping):
        pairs = (f"{_encoded(key, inner)}: {_encoded(item, inner)}" for key, item in value.items())
        return _block("{", pairs, "}", line)
    if isinstance(value, list):
        return _block("[", (_encoded(item, inner) for item in value), "]", line)
    return _encode(value)


@lru_cache(maxsize=1 << 12)
def _text(value: str) -> str:
    """A text; those of columns and groups come again with every row."""
    return _encode("\t".join(map(printable, value.split("\t"))))


def _block(start: str, parts: Any, end: str, line: str) -> str:
    inside = f",{line}  ".join(parts)
    return f"{start}{line}  {inside}{line}{end}" if inside else start + end
