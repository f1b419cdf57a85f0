"""Formulas of own metrics: exact arithmetic, nothing but arithmetic, and a reason where there is no value."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_cli.errors import InputError, did_you_mean
from kpi_cli.formula import MAX_DEPTH, MAX_LENGTH, check_cycles, check_names, parse

VALUES = {"a": 7, "b": Decimal("2.5"), "c": 0.1, "zero": 0, "none": None}


def refused(text: str) -> InputError:
    with pytest.raises(InputError) as caught:
        parse(text, "kpi.yml", 3, 10)
    return caught.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a + b × c", "7.25"),
        ("(a + b) × c", "0.95"),
        ("a − b − c", "4.4"),
        ("a - (b - c)", "4.6"),
        ("a ÷ b ÷ c", "28"),
        ("a / (b / c)", "0.28"),
        ("a * b / c", "175"),
        ("−a + b", "-4.5"),
        ("--a", "7"),
        ("a − −b", "9.5"),
        ("2 × −3", "-6"),
        (".5 * 1000.25", "500.125"),
        ("1 / 3", "0.3333333333333333333333333333"),
        ("zero / a", "0"),
        ("a\n  + b", "9.5"),
    ],
)
def test_the_usual_rules_of_arithmetic_hold(text, value):
    assert parse(text).evaluate(VALUES) == (Decimal(value), None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a / zero", "no_zero"),
        ("a / (b − b)", "no_denominator"),
        ("a / (zero + zero)", "no_denominator"),
        ("a / 0", "no_denominator"),
        ("a / (1/3*3 − 1)", "no_denominator"),
        ("a + none", "no_none"),
        ("a / none", "no_none"),
        ("none / zero", "no_none"),
        ("a + missing", "no_missing"),
    ],
)
def test_where_there_is_no_value_there_is_a_reason(text, reason):
    assert parse(text).evaluate(VALUES) == (None, reason)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")])
def test_nan_and_infinity_are_no_values(number):
    assert parse("a * 2").evaluate({"a": number}) == (None, "no_a")


@st.composite
def formulas(draw, depth=3):
    """A formula as text, and its value as a fraction, None when a denominator is zero."""
    if depth == 0 or draw(st.booleans()):
        name = draw(st.sampled_from(["a", "b", "zero"]))
        literal = draw(st.decimals(0, 1000, places=2))
        return draw(st.sampled_from([(name, Fraction(VALUES[name])), (str(literal), Fraction(literal))]))
    left, right = draw(formulas(depth=depth - 1)), draw(formulas(depth=depth - 1))
    sign = draw(st.sampled_from("+-−*×/÷"))
    space = draw(st.sampled_from(["", " ", "  "]))
    return f"({left[0]}){space}{sign}{space}({right[0]})", result(sign, left[1], right[1])


def result(sign, left, right):
    if left is None or right is None or (sign in "/÷" and right == 0):
        return None
    if sign in "*×":
        return left * right
    if sign in "/÷":
        return left / right
    return left + right if sign == "+" else left - right


@given(formulas())
@settings(max_examples=100)
def test_values_agree_with_fractions(drawn):
    text, exact = drawn
    value, reason = parse(text).evaluate(VALUES)
    if exact is None:
        assert value is None
        assert reason is not None
    else:
        assert reason is None
        assert abs(Fraction(value) - exact) <= abs(exact) / 10**27


@given(st.lists(st.sampled_from(["a", "b", "2", "(", ")", "+", "-", "*", "/"]), min_size=1, max_size=9))
@settings(max_examples=100)
def test_arithmetic_is_read_as_python_reads_it(parts):
    """Python's own grammar is the second reading; powers, calls and the like are refused here."""
    import ast
    import warnings

    text = " ".join(parts)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # “2 (a)”: Python warns that a number is called
            tree = ast.parse(text, mode="eval")
        arithmetic = not any(isinstance(node, ast.Call | ast.Tuple) for node in ast.walk(tree))
    except SyntaxError:
        arithmetic = False
    if not arithmetic:
        assert refused(text).code == "bad_formula"
        return
    names = {"a": Fraction(7), "b": Fraction(5, 2)}
    try:
        expected = by_ast(tree.body, names)
    except ZeroDivisionError:
        expected = None
    value, _ = parse(text).evaluate(VALUES)
    assert (value is None) == (expected is None)
    assert value is None or abs(Fraction(value) - expected) <= abs(expected) / 10**27


def by_ast(node, names):
    import ast

    if isinstance(node, ast.Name):
        return names[node.id]
    if isinstance(node, ast.Constant):
        return Fraction(node.value)
    if isinstance(node, ast.UnaryOp):
        return by_ast(node.operand, names) * (-1 if isinstance(node.op, ast.USub) else 1)
    sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}[type(node.op)]
    left, right = by_ast(node.left, names), by_ast(node.right, names)
    if sign == "/" and right == 0:
        raise ZeroDivisionError
    return result(sign, left, right)


@pytest.mark.parametrize(
    ("text", "column", "fix"),
    [
        ("a.b", 11, "plain names"),
        ("a.__class__", 11, "plain names"),
        ("a ** b", 13, "powers are not known"),
        ("a ^ 2", 12, "powers are not known"),
        ("sum(a)", 13, "functions are not known"),
        ("__import__('os')", 20, "functions are not known"),
        ("lambda: 1", 16, "use + − × ÷"),
        ("a[0]", 11, "use + − × ÷"),
        ("a; b", 11, "use + − × ÷"),
        ("a // b", 13, "complete the formula"),
        ("a % b", 12, "divide by 100"),
        ("0,5 * a", 11, "decimals with a dot"),
        ("1e3", 11, "operator"),
        ("1_000", 11, "operator"),
        ("1.2.3", 13, "operator"),
        ("a b", 12, "operator"),
        ("(a + b", 16, "brackets"),
        ("a + b)", 15, "brackets"),
        ("()", 11, "complete"),
        ("a +", 13, "complete"),
        ("", 10, "complete"),
        ("٣ * a", 10, "use + − × ÷"),
        ("a" * (MAX_LENGTH + 1), 10, "two metrics"),
        ("(" * (MAX_DEPTH + 1) + "a", 10 + MAX_DEPTH, "two metrics"),
    ],
)
def test_all_else_is_refused_at_its_column(text, column, fix):
    error = refused(text)
    assert (error.code, error.file, error.line, error.column) == ("bad_formula", "kpi.yml", 3, column)
    assert fix in error.fix


@given(st.text(max_size=40) | st.text(alphabet="ab1.+-*/()×÷− ", max_size=40))
@settings(max_examples=100)
def test_any_text_is_read_or_refused(text):
    try:
        formula = parse(text)
        value, reason = formula.evaluate(dict.fromkeys(formula.names, 1))
    except InputError as error:
        value, reason = None, error.code
    assert (value is None) != (reason is None)


def test_brackets_up_to_the_limit_and_long_chains_are_read():
    assert parse("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH).evaluate({"a": 1}) == (Decimal(1), None)
    assert parse("+".join(["1"] * 400)).evaluate({}) == (Decimal(400), None)
    assert parse("-" * 901 + "1").evaluate({}) == (Decimal(-1), None)


def test_names_are_listed_once_with_their_column():
    formula = parse("coût ÷ (leads + leads)", "kpi.yml", 4, 20)
    assert dict(formula.names) == {"coût": 20, "leads": 28}


def test_an_unknown_name_is_refused_with_a_suggestion():
    with pytest.raises(InputError) as caught:
        check_names(parse("engagements / impresions", "kpi.yml", 4, 20), ["engagements", "impressions"])
    assert str(caught.value) == (
        "kpi.yml:4:34: the formula uses “impresions”, which is no measure or metric; did you mean “impressions”?"
    )


def test_known_names_pass():
    formula = parse("a / b")
    check_names(formula, {"a", "b"})
    assert list(formula.names) == ["a", "b"]


def test_metrics_are_ordered_so_that_each_can_be_computed():
    formulas = {"c": parse("a + b"), "b": parse("a * 2"), "a": parse("cost / leads")}
    assert check_cycles(formulas) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("formulas", "circle"),
    [
        ({"a": "a + 1"}, "a → a"),
        ({"a": "b", "b": "c", "c": "2 * a"}, "a → b → c → a"),
        ({"x": "a", "a": "b", "b": "a"}, "a → b → a"),
    ],
)
def test_a_circle_is_refused_naming_it(formulas, circle):
    with pytest.raises(InputError) as caught:
        check_cycles({name: parse(text, "kpi.yml", 5, 8) for name, text in formulas.items()})
    assert caught.value.code == "circular_metric"
    assert caught.value.line == 5
    turns = circle.split(" → ")[:-1]
    rotations = [" → ".join(turns[n:] + turns[: n + 1]) for n in range(len(turns))]
    assert any(f"“{rotation}”" in caught.value.text for rotation in rotations)


def test_a_long_chain_of_metrics_is_no_circle():
    chain = {f"m{n}": parse(f"m{n + 1}") for n in range(3000)}
    assert check_cycles(chain)[-1] == "m0"


def test_a_suggestion_is_near_else_the_short_list_is_shown():
    assert did_you_mean("MARGN", ["margin", "vat"]) == "did you mean “margin”?"
    assert did_you_mean("zzz", ["margin", "vat"]) == "known: “margin”, “vat”"
    assert "margin" not in did_you_mean("zzz", [f"margin_{n}" for n in range(50)])
