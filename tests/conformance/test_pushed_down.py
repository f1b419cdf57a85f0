"""What is added up where the data is, and the ledger of a table: the same as those of a file's rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from questions import ENGINES, QUESTIONS, ZONE, answer, assert_same, bare

import kpi_cli
from kpi_cli.warehouse import relation


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
