"""Bytes become the right characters and the right records, or an error with its line."""

from __future__ import annotations

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_cli.errors import InputError
from kpi_cli.exports import dialect
from kpi_cli.exports.dialect import Text, decode, records, split, unmangled


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "export.csv"


def read(path: Path, content: bytes, asked: str | None = None) -> Text:
    path.write_bytes(content)
    return decode("export.csv", path, asked)


def lines_of(path: Path, content: bytes, delimiter: str = ",", skip: int = 1) -> list[tuple[int, list[str]]]:
    return [(r.line, r.cells) for r in records(read(path, content), delimiter, skip)]


def codes(text: Text) -> set[str]:
    return {note.code for note in text.notes}


class TestEncoding:
    @pytest.mark.parametrize(
        ("codec", "name", "repaired"),
        [
            ("utf-8", "utf-8", False),
            ("utf-8-sig", "utf-8-sig", True),
            ("utf-16", "utf-16le", False),
            ("cp1252", "cp1252", True),
        ],
    )
    def test_text_is_read_whatever_it_was_written_in(self, path: Path, codec: str, name: str, repaired: bool) -> None:
        text = read(path, "Coût,Période\n12,été\n".encode(codec))
        assert (text.encoding, text.head(2)) == (name, ["Coût,Période", "12,été"])
        assert ("encoding_repaired" in codes(text)) is repaired

    def test_utf_16_of_the_other_byte_order_is_read_too(self, path: Path) -> None:
        assert read(path, b"\xfe\xff" + "Coût".encode("utf-16be")).encoding == "utf-16be"

    def test_an_encoding_that_is_asked_for_is_used(self, path: Path) -> None:
        assert read(path, "Größe,Łódź\n1,2\n".encode("cp1250"), "cp1250").head(1) == ["Größe,Łódź"]

    def test_text_encoded_twice_is_put_right_with_a_note(self, path: Path) -> None:
        text = read(path, "Montant dÃ©pensÃ© (EUR)\n12\n".encode())
        assert text.head(1) == ["Montant dépensé (EUR)"]
        assert [note.line for note in text.notes if note.code == "mojibake_repaired"] == [1]

    @given(st.text(st.characters(min_codepoint=0xA0, max_codepoint=0x17F), min_size=1, max_size=12))
    @settings(max_examples=60)
    def test_what_was_encoded_twice_in_latin_1_comes_back(self, word: str) -> None:
        mangled = word.encode().decode("latin-1")
        assert unmangled(mangled) == word

    @pytest.mark.parametrize(
        ("content", "code", "line"),
        [
            (b"", "empty_file", None),
            (b"\n \n", "empty_file", None),
            (b"PK\x03\x04rest", "workbook_in_csv", 1),
            (b"\xd0\xcf\x11\xe0rest", "old_workbook", 1),
            (b"<!DOCTYPE html><html>", "web_page", 1),
            (b"a,b\n1,\x002\n", "nul_byte", 2),
            ("a,b\né,1\n".encode() + "é,2\n".encode("cp1252"), "mixed_encodings", 2),
        ],
    )
    def test_what_is_no_text_is_refused_with_its_line(
        self, path: Path, content: bytes, code: str, line: int | None
    ) -> None:
        with pytest.raises(InputError) as refused:
            read(path, content)
        assert (refused.value.code, refused.value.line) == (code, line)

    @pytest.mark.parametrize("word", ["café", "frère", "leçon", "Gräser", "CAFÉ", "größte"])
    def test_a_file_of_an_older_mac_is_refused_with_the_encoding_to_name(self, path: Path, word: str) -> None:
        content = f"a,b\r1,{word}\r".encode("mac_roman")
        with pytest.raises(InputError) as refused:
            read(path, content)
        assert (refused.value.code, refused.value.line) == ("unknown_encoding", 2)
        assert "--encoding mac_roman" in refused.value.fix
        assert read(path, content, "mac_roman").encoding == "mac-roman"

    @pytest.mark.parametrize("encoding", ["cp1252", "cp1250"])
    @pytest.mark.parametrize("word", ["l’été", "“ça”", "Škoda", "Žižka", "přišel", "Paris–Lyon", "10 €", "coût… élevé"])
    def test_a_file_of_windows_is_not_taken_for_one_of_an_older_mac(self, path: Path, word: str, encoding: str) -> None:
        with suppress(UnicodeEncodeError):
            assert read(path, f"a,b\n1,{word}\n".encode(encoding)).encoding in {"cp1252", "cp1250"}

    def test_an_encoding_that_contradicts_the_files_mark_is_refused(self, path: Path) -> None:
        with pytest.raises(InputError) as refused:
            read(path, "Coût".encode("utf-16"), "cp1252")
        assert refused.value.code == "encoding_contradicted"

    def test_a_file_cut_off_in_its_last_line_is_noted(self, path: Path) -> None:
        text = read(path, b"a,b\n1,2")
        assert [(n.code, n.line) for n in text.notes] == [("no_final_newline", 2)]

    def test_mixed_line_ends_are_read_as_one_and_noted(self, path: Path) -> None:
        assert lines_of(path, b"a,b\r\n1,2\n3,4\r") == [(2, ["1", "2"]), (3, ["3", "4"])]
        assert "line_ends_repaired" in codes(read(path, b"a,b\r\n1,2\n"))

    def test_a_large_file_is_streamed_with_the_same_result(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        content = "naïve,b\n1,2\n3,é\n".encode()
        small = lines_of(path, content)
        monkeypatch.setattr(dialect, "SMALL", 4)
        text = read(path, content)
        assert text.content is None
        assert [(r.line, r.cells) for r in records(text, ",", 1)] == small


CELLS = st.text(st.sampled_from("ab1,;\"'\t |é. "), max_size=8)


class TestRecords:
    @settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(
        st.lists(st.lists(CELLS, min_size=3, max_size=3).filter(lambda row: any(c.strip() for c in row)), max_size=8),
        st.sampled_from(",;\t|"),
    )
    def test_what_was_written_is_read_with_the_number_of_its_line(
        self, path: Path, rows: list[list[str]], delimiter: str
    ) -> None:
        out = io.StringIO()
        csv.writer(out, delimiter=delimiter).writerows([["a", "b", "c"], *rows])
        assert lines_of(path, out.getvalue().encode(), delimiter) == list(enumerate(rows, 2))

    def test_a_cell_over_two_lines_moves_the_lines_below_it(self, path: Path) -> None:
        content = b'a,b,c\n"one\ntwo",2,3\n4,5,6\n'
        assert lines_of(path, content) == [(2, ["one\ntwo", "2", "3"]), (4, ["4", "5", "6"])]

    def test_blank_lines_are_no_records(self, path: Path) -> None:
        assert lines_of(path, b"a,b\n\n1,2\n   \n3,4\n") == [(3, ["1", "2"]), (5, ["3", "4"])]

    @pytest.mark.parametrize(
        ("content", "code", "line"),
        [
            (b'a,b\n1,2\n3,"4\n5,6\n', "unclosed_quote", 3),
            (b'a,b\n1,2\n"x"y,4\n', "stray_quote", 3),
            (b'a,b,c\n1,2,3\n4,"5,6\n7,8,9\n",6\n', "quote_swallows_rows", 3),
        ],
    )
    def test_a_broken_quote_is_an_error_on_its_line(self, path: Path, content: bytes, code: str, line: int) -> None:
        with pytest.raises(InputError) as refused:
            lines_of(path, content)
        assert (refused.value.code, refused.value.line) == (code, line)

    def test_a_line_is_split_with_respect_to_quotes(self) -> None:
        assert split('"a,b",c', ",") == ["a,b", "c"]
        assert split('"a"b,c', ",") == ['"a"b,c']
