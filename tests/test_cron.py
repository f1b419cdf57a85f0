"""The examples of docs/cron.md do what the page says."""

from __future__ import annotations

import configparser
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "cron.md").read_text("utf-8")
FENCED = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
CRONTAB = next(text for kind, text in FENCED if kind == "crontab")
SERVICE, TIMER = (text for kind, text in FENCED if kind == "ini")
WORKFLOW: dict[str, Any] = yaml.safe_load(next(text for kind, text in FENCED if kind == "yaml"))


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A folder as the page sets it up, and a `kpi` on the PATH."""
    school = tmp_path / "school"
    shutil.copytree(ROOT / "sample_data", school)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "kpi"
    start = "import sys; from kpi_cli.__main__ import entry; entry()"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -c "{start}" "$@"\n')
    program.chmod(0o755)
    return tmp_path


def run_as_cron(command: str, server: Path) -> subprocess.CompletedProcess[str]:
    """A command by /bin/sh with nothing but a PATH; today is the 2nd of November 2026."""
    command = command.replace("/srv/school", str(server / "school"))
    command = command.replace("--last month", "--last month --as-of 2026-11-02", 1)
    environment = {"PATH": f"{server / 'bin'}:/usr/bin:/bin"}
    return subprocess.run(["/bin/sh", "-c", command], env=environment, cwd="/", capture_output=True, text=True)


def cron_command() -> str:
    """The command of the crontab's last line; an escaped % is a %, as cron has it."""
    line = CRONTAB.splitlines()[-1]
    assert re.match(r"30 7 2 \* \* ", line)
    assert not re.search(r"(?<!\\)%", line), "cron would cut the line at a bare %"
    return line.split(" ", 5)[5].replace("\\%", "%")


def test_the_crontab_line_writes_the_month_and_sends_no_mail(server: Path) -> None:
    ran = run_as_cron(cron_command(), server)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert [path.name for path in (server / "school" / "reports").iterdir()] == ["2026-10.html"]


def test_the_crontab_line_run_again_gives_the_same_bytes(server: Path) -> None:
    page = server / "school" / "reports" / "2026-10.html"
    run_as_cron(cron_command(), server)
    before = page.read_bytes()
    ran = run_as_cron(cron_command().replace("--as-of 2026-11-02", "--as-of 2026-11-20"), server)
    assert ran.returncode == 0
    assert page.read_bytes() == before


def test_a_download_that_was_forgotten_exits_5_names_the_file_and_keeps_the_old_page(server: Path) -> None:
    page, sales = server / "school" / "reports" / "2026-10.html", server / "school" / "exports" / "stripe_payments.csv"
    page.parent.mkdir()
    page.write_text("last month's")
    lines = sales.read_text("utf-8").splitlines(keepends=True)
    sales.write_text("".join(line for line in lines if "2026-10-" not in line), "utf-8")
    ran = run_as_cron(cron_command(), server)
    assert ran.returncode == 5
    assert "stripe_payments.csv" in ran.stderr
    assert page.read_text() == "last month's"


def test_a_run_that_is_killed_leaves_the_old_page(server: Path) -> None:
    page = server / "school" / "reports" / "2026-10.html"
    page.parent.mkdir()
    page.write_text("last month's")
    command = cron_command().replace("/srv/school", str(server / "school"))
    environment = {"PATH": f"{server / 'bin'}:/usr/bin:/bin"}
    for seconds in (0.1, 0.4, 0.8):
        process = subprocess.Popen(["/bin/sh", "-c", command], env=environment, start_new_session=True)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert page.read_text() == "last month's"


def test_the_service_runs_what_the_crontab_runs() -> None:
    service = configparser.ConfigParser(strict=True)
    service.optionxform = str  # type: ignore[assignment,method-assign]  # keys of units are as they are written
    service.read_string(SERVICE)
    assert service["Service"]["ExecStart"].removeprefix("/usr/bin/env ") in cron_command()
    assert service["Service"]["WorkingDirectory"] in cron_command()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for name, text in (("kpi-report.service", SERVICE), ("kpi-report.timer", TIMER)):
        (tmp_path / name).write_text(text.replace("User=kpi", f"User={os.environ.get('USER', 'root')}"))
    ran = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.glob("kpi-report.*"))], capture_output=True, text=True
    )
    ours = [line for line in ran.stderr.splitlines() if "kpi-report" in line]
    assert (ran.returncode, ours) == (0, [])
    when = configparser.ConfigParser()
    when.read_string(TIMER)
    ran = subprocess.run(["systemd-analyze", "calendar", when["Timer"]["OnCalendar"]], capture_output=True, text=True)
    assert ran.returncode == 0


def test_the_workflow_runs_kpi_as_the_page_says_and_keeps_the_page_when_a_condition_is_true(server: Path) -> None:
    steps = WORKFLOW["jobs"]["report"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    reporting = next(command for command in commands if command.startswith("kpi report"))
    reporting = reporting.replace('"$(date -u +%F)"', "2026-11-02").replace("--last month", "--last month ", 1)
    reporting = reporting.replace("roi < target", "roi > target")
    environment = {"PATH": f"{server / 'bin'}:/usr/bin:/bin"}
    ran = subprocess.run(
        ["bash", "-ec", reporting], env=environment, cwd=server / "school", capture_output=True, text=True
    )
    assert ran.returncode == 4
    assert ran.stderr.startswith("kpi: fail-if: roi > target: total is ")
    assert (server / "school" / "reports" / "2026-10.html").exists()
    upload = next(step for step in steps if "upload-artifact" in step.get("uses", ""))
    assert upload["if"] == "always()"
