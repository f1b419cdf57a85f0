"""What is added up where the data is, and the ledger of a table: the same as those of a file's rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any
from urllib.parse import quote

import pytest
from questions import ENGINES, QUESTIONS, ZONE, answer, assert_same, bare

import kpi_cli
from kpi_cli import _ask, customers
from kpi_cli.errors import KpiError
from kpi_cli.period import parse_duration
from kpi_cli.questions.ltv import ltv
from kpi_cli.questions.predicting import Wanted
from kpi_cli.result import Result
from kpi_cli.warehouse import log, relation, touches


@pytest.mark.parametrize("engine", ENGINES[1:])
@pytest.mark.parametrize("question", ["roi", "roi gross"])
def test_sums_made_where_the_data_is_are_those_of_its_rows(
    question: str,
    engine: str,
    request: pytest.FixtureRequest,
    files: Mapping[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = answer(question, files)
    monkeypatch.setattr(relation, "ROWS", 0)  # every table is a large one
    roles = {r: where for r, where in request.getfixturevalue(engine).items() if r in {"spend", "sales", "costs"}}
    result = QUESTIONS[question](tz=ZONE, roles=roles)
    found = result.to_dict()
    assert {s["checks"] for s in found["sources"]} == {"rows"}
    assert_same(bare(found), expected)


def _hold(asked: Mapping[str, Callable[..., Any]], expected: Mapping[str, Any], there: Mapping[str, Any]) -> None:
    """Each question of sales that are left where they are has the answer, the ledger and the notes of their rows."""
    for name, ask in asked.items():
        found = ask(tz=ZONE, roles=there).to_dict()
        assert {s["role"]: s["checks"] for s in found["sources"]}["sales"] == "rows", name
        assert _rows(found, "sales") == _rows(expected[name], "sales"), name
        assert _codes(found) == _codes(expected[name]), name
        assert_same(bare(found), bare(expected[name]), name)


FIRSTS: dict[str, Callable[..., Any]] = {
    "cac": lambda **o: kpi_cli.cac(by="channel", margin="0.6", **o),
    "cac by month and product": lambda **o: kpi_cli.cac(by="month,product", margin="0.1", gross=True, **o),
    "cac of a month": lambda **o: kpi_cli.cac(month="2026-10", compare="previous", allocate="customers", **o),
    "channels": lambda **o: kpi_cli.channels(**o),
    "ltv": lambda **o: kpi_cli.ltv(by="channel", margin="0.5", compare="previous", month="2026-10", **o),
    "ltv by week": lambda **o: kpi_cli.ltv(every="week", **o),
    "ltv by product and quarter": lambda **o: kpi_cli.ltv(by="product,quarter", gross=True, **o),
    "channels by campaign": lambda **o: kpi_cli.channels(by="campaign", from_="2026-09-11", to="2026-11-02", **o),
}


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_first_orders_found_where_the_sales_are_are_those_of_their_rows(
    engine: str, request: pytest.FixtureRequest, files: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {name: ask(tz=ZONE, roles=_trade(files)).to_dict() for name, ask in FIRSTS.items()}
    monkeypatch.setattr(relation, "ROWS", 0)  # every table is a large one
    _hold(FIRSTS, expected, _trade(request.getfixturevalue(engine)))


REPORTS: dict[str, Callable[..., Any]] = {
    "report": lambda **o: kpi_cli.report(month="2026-10", margin="0.5", **o),
    "report allocated": lambda **o: kpi_cli.report(from_="2026-09-05", to="2026-11-20", allocate="customers", **o),
    "report of an earlier time": lambda **o: kpi_cli.report(month="2026-09", gross=True, **o),
}


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_a_report_of_sales_left_where_they_are_is_that_of_their_rows(
    engine: str, request: pytest.FixtureRequest, files: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = ({role: roles[role] for role in files} for roles in (request.getfixturevalue(engine), files))
    expected = {name: ask(tz=ZONE, roles=here).to_dict() for name, ask in REPORTS.items()}
    monkeypatch.setattr(relation, "ROWS", 0)  # every table is a large one
    monkeypatch.setattr(log, "ROWS", 0)
    monkeypatch.setattr(touches, "ROWS", 0)
    _hold(REPORTS, expected, there)


STAGES: dict[str, Callable[..., Any]] = {
    "by channel": lambda **o: kpi_cli.funnel(by="channel", **o),
    "by month and product": lambda **o: kpi_cli.funnel(
        by="month,product", steps="orders,customers", from_="2026-09-05", to="2026-11-20", compare="previous", **o
    ),
    "of all": lambda **o: kpi_cli.funnel(steps="clicks,visits,orders,customers", **o),
    "of a week": lambda **o: kpi_cli.funnel(from_="2026-10-05", to="2026-10-11", every="day", **o),
}


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_stages_counted_where_the_sales_are_are_those_of_their_rows(
    engine: str, request: pytest.FixtureRequest, files: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = {name: ask(tz=ZONE, roles=_trade(files)).to_dict() for name, ask in STAGES.items()}
    monkeypatch.setattr(relation, "ROWS", 0)  # every table is a large one
    _hold(STAGES, expected, _trade(request.getfixturevalue(engine)))


def _queried(source: str, columns: str) -> str:
    """The address of a query for columns of a table; `{table}` in them is the table itself."""
    address, _, table = source.partition("?")
    named = table.removeprefix("table=") if table.startswith("table=") else f"parquet.`{table.removeprefix('path=')}`"
    return f"{address}?query={quote(f'SELECT {columns.format(table=named)} FROM {named}')}"


@pytest.mark.parametrize("engine", ["in_duckdb", "in_postgres", "in_spark"])
@pytest.mark.parametrize(("name", "is_called"), [("Grand total 2026", True), ("total-7", False)])
def test_a_row_that_is_called_a_total_is_asked_about_wherever_it_is(
    name: str, is_called: bool, engine: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relation, "ROWS", 0)  # every table is a large one
    named = f"CASE WHEN order_id = (SELECT max(order_id) FROM {{table}}) THEN '{name}' ELSE order_id END AS order_id"
    columns = f"created_at, {named}, email, amount, refunded, currency, status, channel"
    roles = {"sales": _queried(request.getfixturevalue(engine)["sales"], columns)}
    with pytest.raises(KpiError, match="can be the sum of other rows") if is_called else nullcontext():
        found = kpi_cli.funnel(steps="orders", tz=ZONE, roles=roles).to_dict()
        assert [s["checks"] for s in found["sources"]] == ["rows"]


@pytest.mark.parametrize("engine", ["in_duckdb", "in_postgres", "in_spark"])
def test_tax_taken_out_where_the_sales_are_is_that_of_their_rows(
    engine: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = "created_at, order_id, email, amount, refunded, currency, status, channel"
    roles = {"sales": _queried(request.getfixturevalue(engine)["sales"], columns)}
    here, there = (_worth_after_tax(roles, monkeypatch, rows) for rows in (1_000_000, 0))
    assert [s["checks"] for s in there["sources"]] == ["rows"]
    assert_same(bare(there), bare(here), engine)


def _worth_after_tax(roles: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch, rows: int) -> dict[str, Any]:
    monkeypatch.setattr(relation, "ROWS", rows)
    return kpi_cli.ltv(tz=ZONE, roles=roles, by="channel", vat="0.21").to_dict()


def _trade(roles: Mapping[str, Any]) -> dict[str, Any]:
    return {role: roles[role] for role in ("spend", "sales", "costs", "traffic")}


def _rows(answer: Mapping[str, Any], role: str) -> list[Any]:
    return [source["rows"] for source in answer["sources"] if source["role"] == role]


def _codes(answer: Mapping[str, Any]) -> set[str]:
    return {note["code"] for note in answer["notes"]}


LOGS: dict[str, Any] = {
    "in thirty days": {"within": "30d", "by": "country"},
    "in the window": {"from_": "2026-09-05", "to": "2026-10-10", "by": "channel"},
    "by week": {"within": "1d", "every": "week", "from_": "2026-09-14", "to": "2026-09-30", "compare": "previous"},
    "by day and country": {"by": "day,country"},
    "two steps, whoever": {"steps": "sign up,visit", "within": "12mo"},
    "one step": {"steps": "purchase", "by": "country,channel"},
    "days between": {"between": "visit", "steps": ()},
}


AHEAD = Wanted(parse_duration("12mo", "horizon"), parse_duration("3w", "holdout"), first_purchase=True)


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_histories_counted_where_the_sales_are_are_those_of_their_rows(
    engine: str, request: pytest.FixtureRequest, files: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = request.getfixturevalue(engine)["sales"]
    here, found = (_predicted(roles, monkeypatch, rows) for roles, rows in ((files["sales"], 1_000_000), (there, 0)))
    assert found[0].to_dict()["sources"][0]["checks"] == "rows"
    assert_same(bare(found[0].to_dict()), bare(here[0].to_dict()), engine)
    assert _codes(found[0].to_dict()) == _codes(here[0].to_dict())
    assert_same(found[1], here[1], engine)


def _predicted(sales: Any, monkeypatch: pytest.MonkeyPatch, rows: int) -> tuple[Result, list[list[Any]]]:
    """The answer of ltv with what is expected, and every customer's history."""
    monkeypatch.setattr(relation, "ROWS", rows)
    worth = ltv(_ask((), {"roles": {"sales": sales}, "tz": ZONE, "by": "channel"}), AHEAD)
    listed = [list(row) for block in customers.each_customer(worth.books, 50) for row in block]
    return worth.result, listed


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_people_followed_where_the_log_is_are_those_of_its_rows(
    engine: str, request: pytest.FixtureRequest, files: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"events": request.getfixturevalue(engine)["events"]}
    monkeypatch.setattr(log, "ROWS", 0)  # every log is a large one
    for name, options in LOGS.items():
        asked = {"steps": "visit,sign up,purchase", "tz": ZONE, **options}
        expected, found = (
            kpi_cli.funnel(roles=roles, **asked).to_dict() for roles in ({"events": files["events"]}, there)
        )
        assert {s["checks"] for s in found["sources"]} == {"rows"}, name
        assert _rows(found, "events") == _rows(expected, "events"), name
        assert _codes(found) == _codes(expected), name
        assert_same(bare(found), bare(expected), name)


CREDITS: dict[str, dict[str, Any]] = {
    "every model": {},
    "every model, in a window": {"from_": "2026-09-10", "to": "2026-10-20"},
    "time decay": {"model": "time-decay", "half_life": 1.5},
    "markov": {"model": "markov", "month": "2026-10"},
    "position": {"model": "position"},
}


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_paths_made_where_the_touches_are_are_those_of_their_rows(
    engine: str, request: pytest.FixtureRequest, files: Mapping[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = {"touches": request.getfixturevalue(engine)["touches"]}
    monkeypatch.setattr(touches, "ROWS", 0)  # every table of them is a large one
    for name, options in CREDITS.items():
        expected, found = (
            kpi_cli.attribution(roles=roles, tz=ZONE, **options).to_dict()
            for roles in ({"touches": files["touches"]}, there)
        )
        assert {s["checks"] for s in found["sources"]} == {"rows"}, name
        assert _rows(found, "touches") == _rows(expected, "touches"), name
        assert _codes(found) == _codes(expected) - {"duplicates_kept"}, name  # not looked for in so many rows
        assert_same(bare(found), bare(expected), name)


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_the_ledger_of_a_table_is_that_of_its_file(
    engine: str, request: pytest.FixtureRequest, files: Mapping[str, Any]
) -> None:
    kept = ("role", "format", "period", "grain", "rows", "sums", "currency", "checks")
    roles = request.getfixturevalue(engine)
    here, there = (
        {s["role"]: {k: s[k] for k in kept} for s in kpi_cli.check(tz=ZONE, roles=where).to_dict()["sources"]}
        for where in (files, roles)
    )
    assert_same(there, here)
