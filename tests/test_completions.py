"""The completions of the shells offer what the commands take, and start nothing to do so."""

from __future__ import annotations

import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kpi_cli.commands import app
from kpi_cli.errors import KpiError

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
