"""The completions of the shells offer what the commands take, and start nothing to do so."""

from __future__ import annotations

import json
import os
import pty
import runpy
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands import app
from kpi_cli.commands.app import main
from kpi_cli.definitions import asked_by_name
from kpi_cli.errors import KpiError
from kpi_cli.period import UNITS

FOLDER = Path(__file__).resolve().parent.parent / "completions"
GENERATE: dict[str, Any] = runpy.run_path(str(FOLDER / "generate.py"))
COMMANDS = GENERATE["live"]()
NOT_OF_WORDS = {GENERATE[kind] for kind in ("FLAG", "FILE", "FREE")}
CHECKS = {"kpi.bash": "bash", "_kpi": "zsh", "kpi.fish": "fish"}
UNKNOWN_WORD = {
    "bad_choice",
    "unknown_format",
    "unknown_language",
    "unknown_model",
    "bad_duration",
    "unclear_unit",
}


def completed(*words: str) -> list[str]:
    """What bash offers after these words, without a `kpi` or a Python to be found."""
    script = (
        f"source {FOLDER / 'kpi.bash'}\n"
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); PATH=/nowhere; _kpi; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    ran = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, check=True)
    return ran.stdout.split()


@pytest.mark.parametrize("name", GENERATE["SHELLS"])
def test_a_script_is_what_the_live_commands_give(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == GENERATE["SHELLS"][name](COMMANDS), "run: make completions"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_bash_offers_every_option_that_the_help_of_a_command_lists(
    command: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main([command.name, "--help"]) == 0
    words = capsys.readouterr().out.replace(",", " ").split()
    told = {word for word in words if word.startswith("--")} - {"--"}
    offered = set(completed("kpi", command.name, "--"))
    assert offered == {name for option in command.options for name in option.names if name.startswith("--")}
    assert told <= offered


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
@pytest.mark.parametrize("name", ["_kpi", "kpi.fish"])
def test_every_option_of_a_command_stands_in_the_other_scripts(name: str, command: Any) -> None:
    text = (FOLDER / name).read_text("utf-8")
    names = [n for option in command.options for n in option.names if n.startswith("--")]
    assert [n for n in names if (f"-l {n[2:]} " if name == "kpi.fish" else f"{n}[") not in text] == []


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("kpi", ""), [command.name for command in COMMANDS] + ["--version", "--help"]),
        (("kpi", "ro"), ["roi"]),
        (("kpi", "roi", "a.csv", "--compare", ""), ["previous", "year"]),
        (("kpi", "roi", "-f", "m"), ["markdown"]),
        (("kpi", "check", "--month", ""), []),
        (("kpi", "check", "--spend", ""), []),
        (("kpi", "check", ""), []),
        (("kpi", "check", "--by", ""), []),
        (("kpi", "roi", "--by", "camp"), ["campaign", "campaign_type"]),
        (("kpi", "roi", "--by", "month,camp"), ["month,campaign", "month,campaign_type"]),
        (("kpi", "roi", "--by", "=", "lan"), ["landing_page"]),
        (("kpi", "cac", "--sort", "cac"), ["cac_media", "cac_loaded", "cac"]),
        (("kpi", "cac", "--sort", "-payb"), ["-payback_months"]),
        (("kpi", "roi", "--sort", "mer"), []),
        (("kpi", "roi", "--fail-if", "'mer"), ["mer"]),
        (("kpi", "report", "--sort", "r"), []),
        (("kpi", "explain", "cp"), ["cpa", "cpc", "cpl", "cpm"]),
    ],
)
def test_bash_offers_what_can_stand_there(words: tuple[str, ...], offered: list[str]) -> None:
    assert completed(*words) == offered


def words_offered() -> list[tuple[str, str, str]]:
    return [
        (command.name, option.names[0], word)
        for command in COMMANDS
        for option in command.options
        if option.takes not in NOT_OF_WORDS and (command.name == "roi" or option not in COMMANDS[0].options)
        for word in option.takes.split()
    ]


@pytest.mark.parametrize(("command", "option", "word"), words_offered())
def test_a_word_that_is_offered_is_one_the_command_takes(
    command: str, option: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(FOLDER.parent / "tests" / "errors")
    raised: list[str] = []

    def heard(error: KpiError, **_how: bool) -> int:
        raised.extend(part.code for part in error.parts())
        return error.exit_code

    monkeypatch.setattr(app, "report", heard)
    app.main([command, "spend.csv", "sales.csv", option, word])
    assert set(raised) & UNKNOWN_WORD == set()


@pytest.mark.parametrize(("name", "shell"), CHECKS.items())
def test_a_shell_can_read_its_script(name: str, shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    ran = subprocess.run([shell, "-n", str(FOLDER / name)], capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.skipif(not shutil.which("fish"), reason="fish is not installed")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("kpi roi --sort -re", ["-reach", "-revenue"]),
        ("kpi cac --sort=-payb", ["--sort=-payback_months"]),
        ("kpi cac --sort payb", ["payback_months"]),
        ("kpi roi --by channel,camp", ["channel,campaign", "channel,campaign_type"]),
        ("kpi roi --compare ", ["previous", "year"]),
        ("kpi explain cp", ["cpa", "cpc", "cpl", "cpm"]),
        ("kpi report --mon", ["--month"]),
    ],
)
def test_fish_offers_what_can_stand_there(line: str, offered: list[str]) -> None:
    asked = f"source {FOLDER / 'kpi.fish'}; complete -C '{line}'"
    ran = subprocess.run(["fish", "--no-config", "-c", asked], capture_output=True, text=True)
    assert ran.stderr == ""
    assert sorted(each.partition("\t")[0] for each in ran.stdout.splitlines()) == offered


# ------------------------------------------------------------------------------- what the words are for

GIVEN = {
    "spend": ("date,cost", "2026-10-01,10"),
    "sales": ("date,order_id,email,amount", "2026-10-01,o1,learner1@example.com,50"),
    "traffic": ("date,visits", "2026-10-01,40"),
}


@pytest.fixture
def wide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that hold every dimension that is offered."""
    monkeypatch.chdir(tmp_path)
    line = ["--no-config", "--month", "2026-10"]
    for role, (names, cells) in GIVEN.items():
        held = [name for name in sorted(GENERATE["DIMENSIONS"]) if name not in {"course"}]
        text = f"{names},{','.join(held)}\n{cells},{','.join('x' for _ in held)}\n"
        (tmp_path / f"{role}.csv").write_text(text, "utf-8")
        line += [f"--{role}", f"{role}.csv"]
    return line


@pytest.mark.parametrize("command", ["roi", "cac", "channels", "ltv"])
def test_every_dimension_that_is_offered_is_one_the_command_takes(
    wide: list[str], command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    offered = [name for name in GENERATE["dimensions"](command).split() if name not in UNITS]
    assert main([command, *wide, "--by", ",".join(offered), "--json"]) == 0, capsys.readouterr().err
    assert json.loads(capsys.readouterr().out)["by"] == offered


@pytest.mark.parametrize("command", ["roi", "cac", "channels", "ltv", "funnel", "report"])
def test_every_figure_that_is_offered_can_be_held_to_a_limit(
    wide: list[str], command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    offered = GENERATE["figures"](command).split()
    assert len(offered) > 20
    limits = [part for name in offered for part in ("--fail-if", f"{name} > 999999999%")]
    assert main([command, *wide, *limits, "-f", "csv"]) in {0, 4}, capsys.readouterr().err


@pytest.mark.parametrize("command", ["roi", "cac", "channels", "ltv"])
def test_every_column_that_is_offered_is_one_rows_are_sorted_by(
    wide: list[str], command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, *wide, "--by", "month", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)["rows"][0]
    by_name = [name for name in GENERATE["rows"](command).split() if name not in shown]
    assert by_name == list(asked_by_name(by_name)), "shown, or computed when it is named"


# ------------------------------------------------------------------------------------------- real shells

SAID = [
    ("kpi roi --by month,land", "month,landing_page"),
    ("kpi cac --sort -payb", "-payback_months"),
    ("kpi roi --fail-if 'reven", "'revenue"),
    ("kpi explain overc", "overclaim"),
    ("kpi cac --comp", "--compare"),
]
START = {
    "bash": (["bash", "--norc", "-i"], f"source {FOLDER / 'kpi.bash'}"),
    "zsh": (["zsh", "-f", "-i"], f"autoload -Uz compinit; compinit -D -u; source {FOLDER / '_kpi'}"),
}
PATIENCE = 20  # seconds, for a machine that does other things


def needs(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")


def _read_until(terminal: int, expected: str) -> str:
    """What a shell prints, until it has printed what is expected or has had its time."""
    text, end = "", time.monotonic() + PATIENCE
    while expected not in text and time.monotonic() < end:
        if select.select([terminal], [], [], 0.2)[0]:
            text += os.read(terminal, 65536).decode("utf-8", "replace")
    return text


@pytest.mark.parametrize("shell", START)
def test_tab_completes_in_a_real_shell(shell: str, tmp_path: Path) -> None:
    needs(shell)
    argv, setup = START[shell]
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover
        home = {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": str(tmp_path), "PS1": "> ", "COLUMNS": "200"}
        os.execvpe(argv[0], argv, home)
    try:
        os.write(terminal, f"{setup}; echo read''y\n".encode())
        assert "ready" in _read_until(terminal, "ready")
        for line, expected in SAID:
            os.write(terminal, f"{line}\t".encode())
            assert expected in _read_until(terminal, expected)
            os.write(terminal, b"\x15")  # the line is taken back
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


@pytest.mark.parametrize(("line", "expected"), [said for said in SAID if " -payb" not in said[0]])
def test_fish_completes(line: str, expected: str, tmp_path: Path) -> None:
    needs("fish")
    script = f'source {FOLDER / "kpi.fish"}; complete -C "{line}"'
    home = {**os.environ, "HOME": str(tmp_path)}
    ran = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, env=home)
    assert expected.strip("'") in ran.stdout
    assert ran.stderr == ""
