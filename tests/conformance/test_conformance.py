"""The same figures everywhere: every question over the same tables, wherever they are, against hand-made CSV files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace
from questions import ENGINES, QUESTIONS, ZONE, answer, assert_same

import kpi_cli
from kpi_cli import _ask
from kpi_cli.opening import read_whole


@pytest.fixture(scope="module")
def expected(files: Mapping[str, Any]) -> dict[str, Any]:
    return {question: answer(question, files) for question in QUESTIONS}


@pytest.fixture(scope="module", params=ENGINES)
def placed(request: pytest.FixtureRequest, expected: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The tables in one engine, read once for all the questions; what is expected was read before, from files."""
    roles: Mapping[str, Any] = request.getfixturevalue(request.param)
    whole = read_whole(_ask((), {"roles": roles, "tz": ZONE})).read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kpi_cli, "_ask", lambda data, options: replace(_ask(data, options), read=whole))
        yield roles


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_has_one_answer_wherever_its_tables_are(
    question: str, placed: Mapping[str, Any], expected: dict[str, Any]
) -> None:
    assert_same(answer(question, placed), expected[question])
