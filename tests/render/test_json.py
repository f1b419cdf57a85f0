import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_cli.render.json_ import write_json
from kpi_cli.render.page import Page
from kpi_cli.result import CheckResult, Column, Result, Row

MONEY = Column("cost", "Cost", "money", "lower")


def read(answer: Result | CheckResult) -> Any:
    return json.loads(write_json(answer, Page()), parse_float=Decimal)


def test_the_contract_keys_stand_in_order_and_none_is_absent(by_channel: Result) -> None:
    keys = "schema question by currency period columns rows total previous nulls notes sources config"
    assert list(read(by_channel)) == keys.split()
    assert read(by_channel)["period"] == {
        "start": "2026-10-01",
        "end": "2026-10-31",
        "days": 31,
        "days_with_data": 31,
    }


def test_json_is_indented_by_two_and_ends_with_a_line_break() -> None:
    text = write_json(Result("roi", [MONEY], [], {"cost": Decimal("7000.10")}), Page()).decode()
    assert text.startswith('{\n  "schema": 1,\n  "question": "roi",\n  "by": [],\n')
    assert '\n  "total": {\n    "cost": 7000.1\n  },\n' in text
    assert text.endswith('\n  "config": null\n}\n')


def test_the_layout_is_that_of_the_standard_library(by_channel: Result, checked: CheckResult) -> None:
    for answer in (by_channel, checked):
        text = write_json(answer, Page()).decode()
        assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


@settings(max_examples=100)
@given(st.decimals("-999999999999.999999", "999999999999.999999", places=6))
def test_money_keeps_every_digit_and_no_more_than_six_decimals(amount: Decimal) -> None:
    result = Result("roi", [MONEY], [], {"cost": amount})
    text = write_json(result, Page()).decode().split('"cost": ')[1].split("\n")[0]
    assert Decimal(text) == amount
    assert "e" not in text.lower()
    assert len(text.partition(".")[2]) <= 6


def test_rates_are_rounded_half_even_to_six_decimals() -> None:
    total: Row = {
        "roi": Decimal(3) / 7,
        "low": Decimal("0.0000005"),
        "high": Decimal("0.0000015"),
        "seen": 0.1,
    }
    read_back = read(Result("roi", [], [], total))["total"]
    assert read_back == {
        "roi": Decimal("0.428571"),
        "low": 0,
        "high": Decimal("0.000002"),
        "seen": Decimal("0.1"),
    }


def test_there_is_no_nan_and_no_infinity() -> None:
    total: Row = {"a": float("nan"), "b": float("inf"), "c": Decimal("-Infinity"), "d": None}
    assert read(Result("roi", [], [], total))["total"] == {"a": None, "b": None, "c": None, "d": None}


def test_hostile_text_is_escaped_and_e_mail_addresses_are_hidden() -> None:
    name = "a\x1b]8;;x\x07 \u202e \x9b é learner17@example.com \ud800"
    text = write_json(Result("roi", [], [{"campaign": name}], {}, by=["campaign"]), Page()).decode()
    assert not set(text) & set("\x1b\x07\u202e\x9b")
    assert "learner17" not in text
    assert json.loads(text)["rows"][0]["campaign"] == r"a\x1b]8;;x\x07 \u202e \x9b é ‹hidden› \ud800"


def test_the_language_of_the_page_changes_no_byte(by_channel: Result) -> None:
    assert write_json(by_channel, Page(lang="fr")) == write_json(by_channel, Page(lang="en"))


def test_a_check_is_printed_as_the_contract_has_it(checked: CheckResult) -> None:
    answer = read(checked)
    assert list(answer) == ["schema", "question", "notes", "sources"]
    assert answer["question"] == "check"
    assert answer["sources"][0]["control"][0]["stated"] == Decimal("1164.09")
    assert answer["sources"][1]["error"]["code"] == "bad_date"


def test_the_plain_dict_of_a_result_is_json_for_the_standard_library(by_channel: Result) -> None:
    assert json.loads(json.dumps(by_channel.to_dict()))["rows"][0]["profit"] == 4066.3
