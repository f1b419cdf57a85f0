"""The package's data: YAML that people edit, and the JSON it is compiled into, which reads twenty times faster.

What was compiled counts only while its checksum is that of the YAML, so an edited file is never stale.
`python -m kpi_cli.exports.compile` writes the JSON anew.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from msgspec.json import decode

FOLDER = Path(__file__).parent
DATA = FOLDER / "data.json"


def package_data(name: str) -> Any:
    """A data file of the package, parsed."""
    raw = (FOLDER / name).read_bytes()
    stored = compiled(DATA).get(name, {})
    return stored["data"] if stored.get("checksum") == checksum([raw]) else parsed(raw)


def parsed(raw: bytes) -> Any:
    """The content of a YAML file of ours."""
    import yaml

    return yaml.load(raw, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@cache
def compiled(path: Path) -> dict[str, Any]:
    """A compiled file; nothing when it was not made yet."""
    try:
        found: dict[str, Any] = decode(path.read_bytes())
    except FileNotFoundError:
        return {}
    return found


def checksum(files: Iterable[bytes]) -> int:
    """One number for the content of some files, in their order."""
    total = 0
    for raw in files:
        total = zlib.crc32(raw, total)
    return total
