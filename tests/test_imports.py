"""What a command does not need is not imported: seen in `sys.modules` of a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kpi_cli.commands.app import main

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ["--config", "sample_data/kpi.yml", "--month", "2026-10"]
FRAMES = {"pandas", "numpy", "pyarrow"}
STATISTICS = {"scipy"}
WORKBOOKS = {"python_calamine", "xlsxwriter"}
NETWORK = {"ssl", "http.client", "urllib.request"}
PRINTING = {"babel", "rich.table"}
DATA = {"duckdb", "yaml", "zoneinfo"}
PROBE = (
    "import json, sys\n"
    "from kpi_cli.commands.app import main\n"
    "code = main(sys.argv[1:])\n"
    "print('\\n' + json.dumps([code, sorted(sys.modules)]))\n"
)


def imported(*argv: str) -> set[str]:
    """The modules of a process that ran this command; it must have gone well."""
    ran = subprocess.run([sys.executable, "-c", PROBE, *argv], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    code, modules = json.loads(ran.stdout.splitlines()[-1])
    assert code == 0, ran.stderr
    return set(modules)


@pytest.mark.parametrize(
    ("argv", "unwanted"),
    [
        (["--help"], FRAMES | STATISTICS | WORKBOOKS | PRINTING | DATA | NETWORK),
        (["--version"], FRAMES | STATISTICS | WORKBOOKS | PRINTING | DATA | NETWORK),
        (["roi", "--help"], FRAMES | STATISTICS | WORKBOOKS | PRINTING | DATA | NETWORK),
        (
            ["roi", "--revenue", "10000", "--cost", "7000"],
            FRAMES | STATISTICS | WORKBOOKS | {"duckdb"} | NETWORK,
        ),
        (["roi", *CONFIG, "--by", "channel"], FRAMES | STATISTICS | WORKBOOKS | NETWORK),
        (["roi", *CONFIG, "--json"], FRAMES | STATISTICS | WORKBOOKS | PRINTING | NETWORK),
        (["cac", *CONFIG], FRAMES | STATISTICS | WORKBOOKS | NETWORK),
        (["channels", *CONFIG], FRAMES | STATISTICS | WORKBOOKS | NETWORK),
        (["funnel", *CONFIG], FRAMES | STATISTICS | WORKBOOKS | NETWORK),
        (["check", "sample_data/exports/google_ads.csv"], FRAMES | STATISTICS | WORKBOOKS | NETWORK),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_only_what_it_needs(argv: list[str], unwanted: set[str]) -> None:
    assert imported(*argv) & unwanted == set()


def test_the_library_is_imported_without_its_parts() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "import sys, kpi_cli; print(*sys.modules)"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert set(ran.stdout.split()) & (FRAMES | STATISTICS | PRINTING | DATA | NETWORK) == set()


def as_module(*argv: str) -> subprocess.CompletedProcess[str]:
    """`python -m kpi_cli …`"""
    return subprocess.run([sys.executable, "-m", "kpi_cli", *argv], cwd=ROOT, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["roi", "--revenue", "10000", "--cost", "7000", "--json"], 0),
        (["roi", "--revenue", "10000", "--cost", "7000", "--fail-if", "roi < 50%"], 4),
        (["roi", "--revenue", "10000", "--cost", "7000", "--no-such-option"], 2),
        (["roi", "no_such_file.csv"], 3),
        (["roi", "--help"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_python_m_kpi_cli_is_kpi(argv: list[str], code: int, capfd: pytest.CaptureFixture[str]) -> None:
    ran = as_module(*argv)
    assert main(argv) == code
    assert (ran.stdout, ran.stderr, ran.returncode) == (*capfd.readouterr(), code)
