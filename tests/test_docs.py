"""What README.md and docs/ show is what the program prints. `make docs` writes it again."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCS: dict[str, Any] = runpy.run_path(str(ROOT / "docs" / "generate.py"))
PAGES: list[Path] = DOCS["pages"]()
BLOCKS = [
    pytest.param(match[1], id=f"{page.name}:{page.read_text('utf-8')[: match.start()].count(chr(10)) + 1}")
    for page in PAGES
    for match in DOCS["FENCE"].finditer(page.read_text("utf-8"))
]
STALE = "written differently now; if that was meant: make docs"


@pytest.fixture
def at_root() -> Iterator[None]:
    with DOCS["repository"]():
        yield


@pytest.mark.usefixtures("at_root")
@pytest.mark.parametrize("block", BLOCKS)
def test_a_console_block_shows_what_the_command_prints(block: str) -> None:
    assert DOCS["rerun"](block) == block, STALE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_generated_parts_of_a_page_are_up_to_date(page: Path) -> None:
    assert DOCS["generated"](page) == page.read_text("utf-8"), STALE


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_command_is_shown_in_a_block() -> None:
    from kpi_cli.commands.app import COMMANDS

    shown = "".join(str(block.values[0]) for block in BLOCKS)
    assert [name for name in COMMANDS if f"$ kpi {name} " not in shown] == []


def test_an_exit_code_and_stderr_are_part_of_a_block() -> None:
    assert DOCS["run"]("kpi roi --revenue 1") == (
        "kpi: error: --cost is missing; a calculator needs --revenue and --cost\n[exit 2]\n"
    )
