import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from kpi_cli.errors import InputError, KpiError
from kpi_cli.render.output import write_file, write_stdout

OLD, NEW = b"old report\n", b"new report\n" * 1000


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "report.md"
    path.write_bytes(OLD)
    return path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def failing(error: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(error, os.strerror(error))

    return fail


@pytest.mark.parametrize("call", ["os.open", "os.fstat", "os.fchmod", "os.write", "os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_whatever_call_fails_the_old_file_stays_and_no_other_appears(
    target: Path, monkeypatch: pytest.MonkeyPatch, call: str, error: int
) -> None:
    monkeypatch.setattr(call, failing(error))
    with pytest.raises(KpiError):
        write_file(target, NEW)
    monkeypatch.undo()
    assert target.read_bytes() == OLD
    assert names(target.parent) == ["report.md"]


def test_an_interrupt_from_within_leaves_the_old_file_alone(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_file(target, NEW)
    assert target.read_bytes() == OLD
    assert names(target.parent) == ["report.md"]


def test_a_folder_that_cannot_be_synced_is_said_with_the_new_file_whole(
    target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def fail_on_folders(file: int) -> None:
        failing(errno.EIO)() if stat.S_ISDIR(os.fstat(file).st_mode) else sync(file)

    monkeypatch.setattr("os.fsync", fail_on_folders)
    with pytest.raises(KpiError):
        write_file(target, NEW)
    assert target.read_bytes() == NEW
    assert names(target.parent) == ["report.md"]


def test_a_partial_write_is_carried_on(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr("os.write", lambda file, data: write(file, bytes(data)[:7]))
    write_file(target, NEW)
    monkeypatch.undo()
    assert target.read_bytes() == NEW


CHILD = """
import os, signal, sys
from pathlib import Path
from kpi_cli.render.output import write_file
sync = os.fsync
def struck(file):
    os.kill(os.getpid(), int(sys.argv[2]))
    sync(file)
os.fsync = struck
write_file(Path(sys.argv[1]), b"new")
"""


def strike(target: Path, number: int) -> int:
    return subprocess.run([sys.executable, "-c", CHILD, str(target), str(number)], stderr=subprocess.DEVNULL).returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_waits_until_the_file_is_whole_and_then_acts(target: Path, number: int) -> None:
    assert strike(target, number) == -number
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["report.md"]


def test_a_killed_run_leaves_the_old_file_and_the_next_run_clears_up(target: Path) -> None:
    assert strike(target, signal.SIGKILL) == -signal.SIGKILL
    assert target.read_bytes() == OLD
    assert len(names(target.parent)) == 2
    write_file(target.parent / "other.md", NEW)
    assert names(target.parent) == ["other.md", "report.md"]


def test_clearing_up_spares_a_run_at_work_and_files_of_others(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (target.parent / ".kpi-notes.txt").write_text("mine")
    sync = os.fsync

    def meanwhile(file: int) -> None:
        monkeypatch.setattr("os.fsync", sync)
        write_file(target.parent / "other.md", b"other")
        sync(file)

    monkeypatch.setattr("os.fsync", meanwhile)
    write_file(target, NEW)
    assert target.read_bytes() == NEW
    assert names(target.parent) == [".kpi-notes.txt", "other.md", "report.md"]


def test_several_threads_writing_at_once_leave_one_whole_file(target: Path) -> None:
    texts = [bytes([65 + number]) * 50_000 for number in range(8)]
    threads = [threading.Thread(target=write_file, args=(target, text)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert target.read_bytes() in texts
    assert names(target.parent) == ["report.md"]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_a_report_keeps_the_mode_of_its_target_else_the_umask_decides(target: Path) -> None:
    target.chmod(0o664)
    before = os.umask(0o027)
    try:
        write_file(target, NEW)
        write_file(target.parent / "new.md", NEW)
    finally:
        os.umask(before)
    assert (mode(target), mode(target.parent / "new.md")) == (0o664, 0o640)


def test_a_private_file_is_its_owners_alone_from_its_first_byte(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target.chmod(0o644)
    seen: list[int] = []
    write = os.write

    def watch(file: int, data: bytes) -> int:
        seen.append(stat.S_IMODE(os.fstat(file).st_mode))
        return write(file, data)

    monkeypatch.setattr("os.write", watch)
    write_file(target, NEW, private=True)
    assert [*seen, mode(target)] == [0o600, 0o600]


def test_a_symbolic_link_is_replaced_and_what_it_names_is_left_alone(target: Path) -> None:
    link = target.parent / "latest.md"
    link.symlink_to(target)
    write_file(link, NEW)
    assert not link.is_symlink()
    assert (link.read_bytes(), target.read_bytes()) == (NEW, OLD)


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_file(Path("/dev/null"), NEW)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize(
    ("path", "kind", "code", "text"),
    [
        ("/dev/full", KpiError, 1, "there is no room left to write this; free some space"),
        ("{}/none/a.md", InputError, 3, "there is no such folder; create it first"),
        ("{}", InputError, 3, "this is a folder; name a file in it"),
        (
            "{}/report.md/a",
            InputError,
            3,
            "part of this path is a file, not a folder; name another file",
        ),
        ("{}/" + "x" * 300, InputError, 3, "this file name is too long; name another file"),
    ],
)
def test_a_place_that_cannot_be_written_to_is_said_in_plain_words(
    target: Path, path: str, kind: type[KpiError], code: int, text: str
) -> None:
    path = path.format(target.parent)
    with pytest.raises(kind) as caught:
        write_file(Path(path), NEW)
    assert (str(caught.value), caught.value.exit_code) == (f"{path}: {text}", code)
    assert names(target.parent) == ["report.md"]


PRINT = "import sys; from kpi_cli.render import output; output.write_stdout(b'\\xc3\\xa9\\n' * int(sys.argv[1]))"


def shell(command: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    full = {**os.environ, **env, "PRINT": PRINT, "PYTHON": sys.executable}
    return subprocess.run(["sh", "-c", command], env=full, capture_output=True, check=False)


@pytest.mark.parametrize(
    "env", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}, {"PYTHONUTF8": "0", "LC_ALL": "POSIX"}]
)
def test_stdout_is_utf_8_under_any_locale(env: dict[str, str]) -> None:
    assert shell('"$PYTHON" -c "$PRINT" 1', **env).stdout == "é\n".encode()


def test_a_reader_that_goes_away_is_no_error() -> None:
    done = shell('"$PYTHON" -c "$PRINT" 1000000 | head -n 1')
    assert (done.stdout, done.stderr) == ("é\n".encode(), b"")


@pytest.mark.parametrize(
    ("to", "said"),
    [("/dev/full", "no room left"), ("&-", "stdout is closed"), ("/dev/full 2>&1", ""), ("/dev/full 2>&-", "")],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_or_closed_stdout_is_one_error(to: str, said: str, unbuffered: str) -> None:
    kpi = "from kpi_cli.__main__ import entry; entry()"
    done = shell(f'"$PYTHON" -c "{kpi}" roi --revenue 2 --cost 1 >{to}', PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 1
    assert said in done.stderr.decode()
    assert len(done.stderr.splitlines()) == (1 if said else 0)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("asked", ["--help", "--version", "", "roi --help", "explain roi"])
def test_help_that_cannot_be_printed_is_that_error_too(asked: str, unbuffered: str) -> None:
    kpi = "from kpi_cli.__main__ import entry; entry()"
    done = shell(f'"$PYTHON" -c "{kpi}" {asked} >/dev/full', PYTHONUNBUFFERED=unbuffered)
    assert done.stderr.decode() == "kpi: error: stdout: there is no room left to write this; free some space\n"
    assert done.returncode == 1


def test_what_was_printed_before_comes_first(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with contextlib.redirect_stdout(os.fdopen(os.dup(1), "w")) as out:
        out.write("one\n")
        write_stdout(b"two\n")
        out.close()
    assert capfdbinary.readouterr().out == b"one\ntwo\n"
