"""YAML and JSON of users: text stays text, everything has a place, nothing but InputError comes out."""

from __future__ import annotations

import json

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_cli.errors import InputError
from kpi_cli.exports import strict_yaml
from kpi_cli.exports.strict_json import load_json
from kpi_cli.exports.strict_yaml import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    Mapping,
    Scalar,
    Sequence,
    load,
    plain,
)

READERS = [load, load_json]


def refused(text: str, read=load) -> InputError:
    with pytest.raises(InputError) as caught:
        read(text, "f.yaml")
    return caught.value


@pytest.fixture(params=["libyaml", "pure Python"], autouse=True)
def _parser(request, monkeypatch):
    """Every promise holds for both of PyYAML's parsers."""
    if request.param == "pure Python":
        monkeypatch.setattr(yaml, "CSafeLoader", yaml.SafeLoader, raising=False)


WORDS = (
    *("NO", "ON", "yes", "True", "012", "0o14", "0x1F", "1:30", "12.10", "1_000", "1e3", ".inf", ".nan"),
    *("2026-10-31", "NULL", "Null", "None", "NA", "<<", "=", "+1", "-0"),
)


@pytest.mark.parametrize("word", WORDS)
def test_a_word_stays_the_text_it_is(word):
    assert plain(load(f"a: {word}", "f.yaml")) == {"a": word}
    assert plain(load(f"{word}: a", "f.yaml")) == {word: "a"}


@pytest.mark.parametrize("nothing", ["", "~", "null"])
def test_an_unquoted_null_is_nothing_and_a_quoted_one_is_text(nothing):
    assert plain(load(f"a: {nothing}", "f.yaml")) == {"a": None}
    assert plain(load(f"a: '{nothing}'", "f.yaml")) == {"a": nothing}
    assert plain(load(f'a: "{nothing}"', "f.yaml")) == {"a": nothing}


def test_every_value_and_key_has_its_line_and_column():
    tree = load("# costs\nété:\n  - {a: 1, b: 'x'}\n  - y\n", "f.yaml")
    assert isinstance(tree, Mapping)
    assert tree.keys["été"] == Scalar("été", False, 2, 1)
    items = tree.items["été"]
    assert isinstance(items, Sequence)
    first, second = items.items
    assert isinstance(first, Mapping)
    assert (items.line, items.column) == (3, 3)
    assert (first.line, first.column) == (3, 5)
    assert first.keys["b"] == Scalar("b", False, 3, 12)
    assert first.items["b"] == Scalar("x", True, 3, 15)
    assert second == Scalar("y", False, 4, 5)


@pytest.mark.parametrize("text", ["", "\n", "# only a comment\n", "---\n", "\ufeff"])
def test_an_empty_text_is_a_null(text):
    assert plain(load(text, "f.yaml")) is None


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_are_counted_at_any_line_end(newline):
    assert (refused(newline.join(["a: 1", "b: 2", "c: !t 3"])).line) == 3
    assert (refused(newline.join(["{", '"a": 1,', "x}"]), load_json).line) == 3


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: !!python/object/apply:os.system [x]", "yaml_tag", 1, 4),
        ("a: !!str 012", "yaml_tag", 1, 4),
        ("a: ! x", "yaml_tag", 1, 4),
        ("a: &x 1\nb: 2", "yaml_alias", 1, 4),
        ("a: 1\nb: *x", "yaml_alias", 2, 4),
        ("a: 1\nb: 2\na: 3", "duplicate_key", 3, 1),
        ("a: 1\n'a': 3", "duplicate_key", 2, 1),
        ("a: 1\n---\nb: 2", "several_documents", 2, 1),
        ("? [a]\n: b", "bad_key", 1, 3),
        ("a: 1\n? \n: 2", "bad_key", 2, 2),
        ("a: 1\nb: \x00", "bad_yaml", 2, 4),
        ("a: 1\nb: \x1b[31m", "bad_yaml", 2, 4),
        ("a: b: c", "bad_yaml", 1, 5),
        ("a:\n\tb: 1", "bad_yaml", 2, 1),
        ("a: @x", "bad_yaml", 1, 4),
        ("%YAML 2.0\n---\na", "bad_yaml", 1, 1),
    ],
)
def test_what_is_not_read_is_refused_with_its_place(text, code, line, column):
    error = refused(text)
    assert (error.code, error.file, error.line, error.column) == (code, "f.yaml", line, column)
    assert error.fix


@pytest.mark.parametrize(
    "text",
    [
        "a: 'b",
        'a: "b',
        "a: [1, 2",
        "a: {b",
        'a: "\\U99999999"',
        'a: "\\q"',
        "- a\n b: c",
        "%YAML x",
        "a: |9x\n b",
    ],
)
def test_broken_yaml_is_refused_with_a_line(text):
    error = refused(text)
    assert error.code == "bad_yaml"
    assert error.line is None or error.line >= 1


def test_a_repeated_key_names_the_line_of_the_first():
    assert str(refused("cost: 1\ndate: 2\ncost: 3")) == (
        "f.yaml:3:1: key “cost” is already in line 1; keep one of them"
    )
    assert str(refused('{"a": 1,\n "\\u0061": 2}', load_json)) == (
        "f.yaml:2:2: key “a” is already in line 1; keep one of them"
    )


@pytest.mark.parametrize("amount", ["1,200", "12,50", "12,50 €", "1,200 EUR", "1,200.50"])
def test_the_thousands_behind_a_comma_are_no_key_without_a_value(amount):
    error = refused(f"- {{month: 2026-10, cost: {amount}}}\n")
    assert (error.code, error.line, error.column) == ("bad_key", 1, 27 + amount.index(","))
    assert plain(load('{cost: "1,200", note: , 2026: ad}', "f")) == {"cost": "1,200", "note": None, "2026": "ad"}


def test_the_same_key_may_stand_in_different_records():
    assert plain(load("- {a: 1}\n- {a: 2}", "f.yaml")) == [{"a": "1"}, {"a": "2"}]


@pytest.mark.parametrize("read", READERS)
def test_nesting_is_read_to_the_limit_and_no_deeper(read):
    read("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f")
    assert refused("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), read).code == "too_deep"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("[" * 200_000, load),
        ("[" * 200_000, load_json),
        ("- " * 200_000, load),
        ('{"a":' * 200_000, load_json),
        ("\n".join(" " * n + "a:" for n in range(200)), load),
    ],
)
def test_a_bomb_of_brackets_is_refused_not_followed(text, read):
    assert refused(text, read).code == "too_deep"


@pytest.mark.parametrize("read", READERS)
def test_an_outsized_file_is_refused(read):
    assert refused(" " * (MAX_CHARACTERS + 1), read).code == "too_large"


def test_an_email_address_in_an_error_is_hidden():
    assert "learner17" not in str(refused("learner17@example.com: 1\nlearner17@example.com: 2"))


@pytest.mark.parametrize("failure", [AttributeError, IndexError, ValueError, RecursionError, MemoryError, KeyError])
def test_whatever_pyyaml_raises_becomes_an_input_error(failure, monkeypatch):
    def broken(*_args, **_kwargs):
        raise failure("inside PyYAML")

    monkeypatch.setattr(yaml, "parse", broken)
    assert refused("a: 1").code == "bad_yaml"


@given(st.text(max_size=60) | st.text(alphabet="ab:-[]{},&*!|>'\"%@?#~ \n\t\\012\r", max_size=60))
@settings(max_examples=100)
def test_any_text_gives_a_tree_or_an_input_error(text):
    for read in READERS:
        try:
            outcome = read(text, "f")
        except InputError as error:
            outcome = error.file
        assert outcome == "f" or isinstance(outcome, Scalar | Mapping | Sequence)


readable = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\u2028\u2029"))
texts = st.recursive(
    readable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(readable, inner, max_size=4),
    max_leaves=12,
)


@given(texts)
@settings(max_examples=100)
def test_yaml_in_quotes_gives_back_what_was_written(value):
    written = yaml.safe_dump(value, default_style='"', allow_unicode=True, width=10**6).replace("!!str ", "")
    assert plain(load(written, "f")) == value


def test_json_numbers_keep_every_digit():
    text = '{"price": 12.10, "big": 12345678901234567890.123456789, "small": -0.00e-7, "id": 1E5}'
    assert plain(load_json(text, "f")) == {
        "price": "12.10",
        "big": "12345678901234567890.123456789",
        "small": "-0.00e-7",
        "id": "1E5",
    }


def test_json_values_have_their_line_and_column():
    tree = load_json('{\n  "a": [1,\n    "x"]}', "f")
    assert isinstance(tree, Mapping)
    items = tree.items["a"]
    assert isinstance(items, Sequence)
    assert tree.keys["a"] == Scalar("a", True, 2, 3)
    assert items.items == [Scalar("1", False, 2, 9, typed=True), Scalar("x", True, 3, 5)]


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("[NaN]", 2, "NaN is not a number"),
        ("[Infinity]", 2, "Infinity is not a number"),
        ("[-Infinity]", 2, "-Infinity is not a number"),
        ("[1,]", 4, "a value is due"),
        ('{"a" 1}', 6, "“:” is due"),
        ("{a: 1}", 2, "a key in double quotes is due"),
        ('{"a": 1,}', 9, "a key in double quotes is due"),
        ("[1 2]", 4, "“,” or “]” is due"),
        ("[012]", 3, "“,” or “]” is due"),
        ("[1", 3, "the file ends before “]”"),
        ("", 1, "the file ends where a value is due"),
        ("1 2", 3, "more text after the end"),
        ('["a', 2, "does not end"),
        ('["a\tb"]', 2, "control character"),
        ('["\\q"]', 2, "unknown escape"),
        ('["\\ud800"]', 2, "lone surrogate"),
        ("['a']", 2, "a value is due"),
    ],
)
def test_broken_json_is_refused_with_its_place(text, column, said):
    error = refused(text, load_json)
    assert (error.code, error.line, error.column) == ("bad_json", 1, column)
    assert said in error.text


def as_text(value):
    """What our tree holds for a value of Python's own json module."""
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return value if value is None or isinstance(value, str) else json.dumps(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | readable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(readable, inner, max_size=4),
    max_leaves=12,
)


@given(json_values, st.sampled_from([None, 2]), st.booleans())
@settings(max_examples=100)
def test_json_is_read_as_pythons_own_module_reads_it(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert plain(load_json(text, "f")) == as_text(json.loads(text))


@given(st.text(alphabet='{}[]",:0123.eE+-truefalsn \\\n', max_size=12))
@settings(max_examples=100)
def test_json_is_accepted_exactly_where_pythons_module_accepts_it(text):
    def unique(pairs):
        if len(dict(pairs)) < len(pairs):
            raise ValueError
        return dict(pairs)

    def never(_word):
        raise ValueError

    try:
        json.loads(text, object_pairs_hook=unique, parse_constant=never)
    except ValueError:
        assert refused(text, load_json).line is not None
    else:
        assert load_json(text, "f")


def test_the_module_does_not_import_pyyaml_until_a_file_is_read():
    import subprocess
    import sys

    code = "import sys, kpi_cli.exports.strict_yaml; sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    assert strict_yaml.MAX_DEPTH == 64
