"""Amounts that people type into YAML, or keep as text in JSON, are read by the mark they show, or asked about."""

from __future__ import annotations

from typing import Any

import pytest


def costs(*amounts: str) -> str:
    return "".join(f"- {{month: 2026-10, category: tools, cost: {amount}}}\n" for amount in amounts)


@pytest.mark.parametrize(
    ("amounts", "right"),
    [(('"1 200,50"', '"10,25"'), 1210.75), (("1.200", "45.50"), 46.70), (("1.200.000", "45"), 1200045), (("45",), 45)],
)
def test_an_amount_in_yaml_is_read_by_the_mark_it_shows(amounts: tuple[str, ...], right: float, check: Any) -> None:
    [source] = check(("costs.yaml", costs(*amounts)))
    assert source.sum("cost") == right


def test_an_amount_in_yaml_that_can_be_two_numbers_is_asked_about(check: Any) -> None:
    [source] = check(("costs.yaml", costs("45", "1.200")), code=3)
    assert (source["error"]["code"], source["error"]["line"], source["error"]["column"]) == ("decimal_open", 2, 43)
    [source] = check(("costs.yaml", costs("45", "1.200")), options=("--decimal", ","))
    assert source.sum("cost") == 1245
    [source] = check(("costs.yaml", costs("45", "1.200")), options=("--decimal", "."))
    assert source.sum("cost") == 46.2


def test_a_number_of_json_is_one_and_a_text_is_asked_about(check: Any) -> None:
    rows = '[{"date": "2026-10-01", "campaign": "A", "cost": %s}, {"date": "2026-10-02", "campaign": "A", "cost": %s}]'
    [source] = check(("spend.json", rows % ("1.234", "2")))
    assert source.sum("cost") == 3.234
    [source] = check(("spend.json", rows % ('"1.234"', "2")), code=3)
    assert source["error"]["code"] == "decimal_open"
    [source] = check(("spend.json", rows % ('"1.234,50"', '"2,10"')))
    assert source.sum("cost") == 1236.60


def test_rates_in_yaml_have_three_decimals(check: Any) -> None:
    [source] = check(("rates.yaml", "- {date: 2026-10-01, currency: USD, rate: 1.085}\n"))
    assert (source["role"], source["error"]) == ("rates", None)


@pytest.mark.parametrize("name", ["spend.json", "spend.jsonl", "spend.ndjson"])
def test_json_of_a_record_a_line_is_a_list_of_them(name: str, check: Any) -> None:
    lines = (
        '{"date":"2026-10-01","campaign":"A","cost":50.10,"clicks":10}\n{"date":"2026-10-02","cost":40,"clicks":9}\n'
    )
    [source] = check((name, lines))
    assert (source.sum("cost"), source["rows"]["used"], source["period"]["end"]) == (90.1, 2, "2026-10-02")
    [source] = check((name, lines[:-2]), code=3)
    assert (source["error"]["code"], source["error"]["line"]) == ("bad_json", 2)
