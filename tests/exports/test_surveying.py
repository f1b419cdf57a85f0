"""What the bytes of a file show, whether they are looked at in one piece or in many."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_cli.exports import surveying
from kpi_cli.exports.surveying import SIGNS, survey

_PARTS = [b"\n", b"\r\n", b"a", b"\n\n", b'"', b"_", b"\t", b"@", "é".encode(), "🎓".encode(), b"\x8a", b"\0"]
_whatever = st.lists(st.sampled_from(_PARTS), max_size=80).map(b"".join)
_at_once = settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "some.csv"


@_at_once
@given(content=_whatever)
def test_a_file_in_one_piece_shows_what_its_bytes_are(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    seen = survey(path, hashed=False)
    assert (seen.size, seen.ascii) == (len(content), content.isascii())
    assert (seen.newlines, seen.returns, seen.quotes) == tuple(map(content.count, (b"\n", b"\r", b'"')))
    assert seen.nul == (content.find(b"\0") if b"\0" in content else None)
    assert seen.utf8 == _is_utf8(content)


@_at_once
@given(content=_whatever, piece=st.integers(9, 40), chunk=st.integers(1, 9))
def test_a_file_in_many_pieces_shows_what_it_does_in_one(path: Path, content: bytes, piece: int, chunk: int) -> None:
    path.write_bytes(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(surveying, "CHUNK", chunk)
        alone = survey(path, hashed=True)
        patch.setattr(surveying, "_WORTH_NUMPY", 1)
        patch.setattr(surveying, "_PIECE", piece)
        parted = survey(path, hashed=True)
    assert {*parted.signs} == {*alone.signs} == {*SIGNS} & {*content[chunk:]}
    assert [getattr(parted, name) for name in _SHOWN] == [getattr(alone, name) for name in _SHOWN]
    assert (alone.letters, parted.letters) == (None, sum(byte >= 64 for byte in content) if content else None)


# Signs come in no order, and letters are counted in large files only.
_SHOWN = [name for name in surveying.Survey.__struct_fields__ if name not in {"signs", "letters"}]


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True
