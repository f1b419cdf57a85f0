"""`kpi channels --model`: touches and paths credited by each model; credits add up to the conversions."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from kpi_cli.commands.app import main
from kpi_cli.errors import UsageError
from kpi_cli.models import attribution as models

Ask = Callable[..., dict[str, Any]]

CLOSED_FORM = "path,conversions,non_conversions\nc1 > c2 > c3,1,0\nc1,0,1\nc2 > c3,0,1\n"
TOUCHES = """user,time,channel,conversion,value
learner1@example.com,2026-10-01 09:00,Paid Search,0,
learner1@example.com,2026-10-03 10:00,Email,0,
learner1@example.com,2026-10-08 09:00,Direct,1,149
learner2@example.com,2026-10-02 09:00,Organic Social,0,
learner2@example.com,2026-10-02 12:00,Paid Search,1,49
learner3@example.com,2026-10-04 12:00,Email,0,
"""


@pytest.fixture
def ask(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Write a touches file, run `kpi channels --model` on it, give its JSON."""
    monkeypatch.chdir(tmp_path)

    def run(model: str, touches: str, *options: str) -> dict[str, Any]:
        Path("touches.csv").write_text(touches, "utf-8")
        code = main(["channels", "touches.csv", "--model", model, "--currency", "EUR", *options, "--json"])
        out, err = capsys.readouterr()
        assert code == 0, err
        answer: dict[str, Any] = json.loads(out)
        return answer

    return run


def credited(answer: dict[str, Any], column: str = "credit") -> dict[str, float]:
    return {row["channel"]: row[column] for row in answer["rows"]}


# ----------------------------------------------------------------------------------- the models, by hand


@pytest.mark.parametrize("model", ["first", "last", "last-non-direct", "position", "markov", "all"])
def test_touches_whose_order_the_file_does_not_say_are_told(model: str, ask: Ask) -> None:
    """Three on the first day stand in two places that are chance; on the second, what converts comes last."""
    days = ["01,Email,0", "01,Paid Search,0", "01,Organic Search,0", "02,Email,0", "02,Direct,1"]
    touches = "user,date,channel,conversion\n" + "".join(f"u-1,2026-10-{day}\n" for day in days)
    (told,) = [n["text"] for n in ask(model, touches)["notes"] if n["code"] == "touches_tied"]
    assert told.startswith("2 touches have")


@pytest.mark.parametrize(
    ("model", "touches"),
    [
        ("linear", "user,date,channel,conversion\nu-1,2026-10-01,Email,0\nu-1,2026-10-01,Direct,1\n"),
        ("shapley", "user,date,channel,conversion\nu-1,2026-10-01,Email,0\nu-1,2026-10-01,Direct,1\n"),
        ("last", TOUCHES),
        ("last", CLOSED_FORM),
        ("last", "user,date,channel,conversion\nu-1,2026-10-01,Email,0\nu-1,2026-10-01,Email,1\n"),
        ("last", "user,date,channel,conversion\nu-1,2026-10-01,Email,1\nu-2,2026-10-01,Direct,1\n"),
    ],
)
def test_where_their_order_is_known_or_does_not_matter_nothing_is_told(model: str, touches: str, ask: Ask) -> None:
    assert "touches_tied" not in {note["code"] for note in ask(model, touches)["notes"]}


def test_markov_gives_the_closed_form(ask: Ask) -> None:
    # metrics.md: p = 1/3, removal effects .5 / 1 / 1, credits .2 / .4 / .4
    assert credited(ask("markov", CLOSED_FORM)) == {"c1": 0.2, "c2": 0.4, "c3": 0.4}


@pytest.mark.parametrize(
    ("model", "credits"),
    [
        ("first", {"Paid Search": 1, "Organic Social": 1}),
        ("last", {"Direct": 1, "Paid Search": 1}),
        ("last-non-direct", {"Email": 1, "Paid Search": 1}),
        ("linear", {"Paid Search": 0.833333, "Email": 0.333333, "Direct": 0.333333, "Organic Social": 0.5}),
        ("position", {"Paid Search": 0.9, "Email": 0.2, "Direct": 0.4, "Organic Social": 0.5}),
        ("shapley", {"Paid Search": 0.833333, "Email": 0.333333, "Direct": 0.333333, "Organic Social": 0.5}),
    ],
)
def test_a_rule_credits_the_touches_before_each_conversion(ask: Ask, model: str, credits: dict[str, float]) -> None:
    found = credited(ask(model, TOUCHES))
    assert {name: credit for name, credit in found.items() if credit} == pytest.approx(credits, abs=2e-6)


def test_time_decay_halves_a_touch_for_every_half_life_before_the_conversion(ask: Ask) -> None:
    touches = """user,time,channel,conversion
learner1@example.com,2026-10-01 09:00,Email,0
learner1@example.com,2026-10-08 09:00,Paid Search,1
"""
    assert credited(ask("time-decay", touches)) == {"Paid Search": 0.666667, "Email": 0.333333}
    assert credited(ask("time-decay", touches, "--half-life", "1w")) == {"Paid Search": 0.666667, "Email": 0.333333}
    longer = credited(ask("time-decay", touches, "--half-life", "14d"))
    assert longer["Email"] == pytest.approx(0.5**0.5 / (1 + 0.5**0.5), abs=1e-6)


def test_the_value_goes_where_the_conversions_go(ask: Ask) -> None:
    answer = ask("last-non-direct", TOUCHES)
    assert credited(answer, "credited_value") == {"Email": 149, "Paid Search": 49, "Direct": 0, "Organic Social": 0}
    assert answer["total"] == {"credit": 2, "credited_value": 198}
    assert answer["currency"] == "EUR"


def test_touches_after_a_conversion_belong_to_the_next_one(ask: Ask) -> None:
    touches = """user,time,channel,conversion
learner1@example.com,2026-10-01,Email,1
learner1@example.com,2026-10-02,Paid Search,0
learner1@example.com,2026-10-03,Direct,1
"""
    assert credited(ask("first", touches)) == {"Email": 1, "Paid Search": 1, "Direct": 0}


def test_a_touch_may_be_named_by_its_utm(ask: Ask) -> None:
    touches = """user,time,utm_source,utm_medium,conversion
learner1@example.com,2026-10-01,google,cpc,0
learner1@example.com,2026-10-02,brevo,email,1
"""
    assert credited(ask("first", touches)) == {"Paid Search": 1, "Email": 0}


def test_the_name_of_a_model_is_written_with_dashes_and_taken_with_either(ask: Ask) -> None:
    assert ask("last_non_direct", TOUCHES) == ask("last-non-direct", TOUCHES)
    with pytest.raises(UsageError, match="time-decay needs the time"):
        models.attribute([models.Path(("Email",), Decimal(1))], "time_decay")


def test_all_models_stand_side_by_side_with_their_spread(ask: Ask) -> None:
    answer = ask("all", TOUCHES)
    names = [f"credit_{model}" for model in models.MODELS]
    assert [column["name"] for column in answer["columns"]] == ["channel", *names, "credit_spread"]
    assert all(answer["total"][name] == 2 for name in names)
    email = next(row for row in answer["rows"] if row["channel"] == "Email")
    assert email["credit_spread"] == 1  # 0 by the first touch, 1 by the last that is not Direct
    assert "credit_moves" in {note["code"] for note in answer["notes"]}


def test_written_paths_have_no_times_so_time_decay_is_null_among_all(ask: Ask) -> None:
    answer = ask("all", CLOSED_FORM)
    assert answer["total"]["credit_time_decay"] is None
    assert {n["reason"] for n in answer["nulls"] if n["column"] == "credit_time_decay"} == {"no_touch_times"}


# ------------------------------------------------------------------------------------------ invariants


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paths=st.lists(
        st.tuples(
            st.lists(st.sampled_from(["Email", "Direct", "Paid Search", "Referral"]), min_size=1, max_size=5),
            st.integers(0, 3),
            st.integers(0, 2),
        ),
        min_size=1,
        max_size=8,
    ).filter(lambda paths: any(conversions for _, conversions, _ in paths)),
    model=st.sampled_from([m for m in models.MODELS if m != "time_decay"]),
)
def test_sums_taken_in_the_database_credit_as_the_model_does_on_single_paths(
    tmp_path_factory: pytest.TempPathFactory, paths: list[tuple[list[str], int, int]], model: str
) -> None:
    from kpi_cli.ask import Ask as Question
    from kpi_cli.ask import Files
    from kpi_cli.questions.attribution import attribution

    file = tmp_path_factory.mktemp("paths") / "paths.csv"
    lines = [f"{' > '.join(steps)},{yes},{no}" for steps, yes, no in paths]
    file.write_text("path,conversions,non_conversions\n" + "\n".join(lines) + "\n")
    result = attribution(Question(Files(((str(file), None),))), model)
    found = {row["channel"]: row["credit"] for row in result.rows if row["credit"]}
    single = [models.Path(tuple(steps), Decimal(yes), Decimal(no)) for steps, yes, no in paths]
    wanted = {channel: credit.conversions for channel, credit in models.attribute(single, model).items()}
    assert found == {channel: credit for channel, credit in wanted.items() if credit}
    assert result.total["credit"] == sum(yes for _, yes, _ in paths)


touch = st.tuples(
    st.sampled_from(["learner1", "learner2", "learner3"]),
    st.sampled_from(["Email", "Direct", "Paid Search", "Referral", ""]),
    st.booleans(),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(touches=st.lists(touch, min_size=1, max_size=14), model=st.sampled_from(models.MODELS))
@example(touches=[("learner1", "Email", False), ("learner2", "Email", True)], model="time_decay")
def test_touches_credit_as_the_paths_they_make_up(
    tmp_path_factory: pytest.TempPathFactory, touches: list[tuple[str, str, bool]], model: str
) -> None:
    import kpi_cli

    timed = [
        (user, dt.datetime(2026, 10, 1) + dt.timedelta(hours=7 * at), *rest) for at, (user, *rest) in enumerate(touches)
    ]
    single = paths_by_hand(timed)
    assume(any(path.conversions for path in single))
    file = tmp_path_factory.mktemp("touches") / "touches.csv"
    lines = [f"{user},{time:%Y-%m-%d %H:%M},{channel},{int(won)}" for user, time, channel, won in timed]
    file.write_text("user,time,channel,conversion\n" + "\n".join(lines) + "\n")
    found = kpi_cli.attribution(file, model=model, currency="EUR")
    wanted = {channel: credit.conversions for channel, credit in models.attribute(single, model).items()}
    for row in found.rows:
        assert abs(row["credit"] - wanted.get(row["channel"], 0)) <= Decimal("0.000001")
    assert found.total["credit"] == sum(path.conversions for path in single)


def paths_by_hand(touches: list[tuple[Any, ...]]) -> list[models.Path]:
    """Each person's touches up to a conversion, and those after the last one as a null path."""
    found = []
    for person in sorted({user for user, *_ in touches}):
        channels: list[str] = []
        times: list[dt.datetime] = []
        for _, time, channel, won in [one for one in touches if one[0] == person]:
            if channel:
                channels.append(channel)
                times.append(time)
            if won and channels:
                ages = tuple((time - then) / dt.timedelta(days=1) for then in times)
                found.append(models.Path(tuple(channels), Decimal(1), ages=ages))
            if won:
                channels, times = [], []
        if channels:
            ages = tuple((times[-1] - then) / dt.timedelta(days=1) for then in times)
            found.append(models.Path(tuple(channels), Decimal(0), Decimal(1), ages=ages))
    return found


def test_paths_spelled_alike_are_one(ask: Ask) -> None:
    paths = "path,conversions,value\nEmail > Direct,1,10\n Email>Direct ,2,20\nEmail > Direct,1,10\n"
    assert ask("linear", paths)["total"] == {"credit": 4, "credited_value": 40}


@pytest.mark.parametrize("model", ["first", "time-decay", "markov", "shapley"])
def test_the_order_of_the_rows_does_not_matter(ask: Ask, model: str) -> None:
    head, *rows = TOUCHES.splitlines()
    assert ask(model, TOUCHES)["rows"] == ask(model, "\n".join([head, *reversed(rows)]) + "\n")["rows"]


def test_only_conversions_of_the_period_count_with_the_touches_before_it(ask: Ask) -> None:
    answer = ask("first", TOUCHES, "--from", "2026-10-05", "--to", "2026-10-31")
    assert {name: credit for name, credit in credited(answer).items() if credit} == {"Paid Search": 1}
    assert "outside_window" in {note["code"] for note in answer["notes"]}


# ---------------------------------------------------------------------------------------------- bad input


def test_a_conversion_before_the_first_touch_is_credited_to_nobody_and_it_is_said(ask: Ask) -> None:
    answer = ask("last", TOUCHES + "learner4@example.com,2026-10-05 12:00,,1,290\n")
    assert answer["total"] == {"credit": 2, "credited_value": 198}
    said = next(note["text"] for note in answer["notes"] if note["code"] == "conversions_without_touch")
    assert said == "1 conversion before any touch is credited to no channel"


@pytest.mark.parametrize(
    ("touches", "total"),
    [
        (TOUCHES + "learner4@example.com,2026-10-05 12:00,Email,0,70\n", {"credit": 2, "credited_value": 198}),
        ("path,conversions,non_conversions,value\nEmail,2,0,30\nDirect,0,5,70\n", {"credit": 2, "credited_value": 30}),
    ],
)
def test_a_value_where_nobody_converted_is_credited_to_nobody_and_it_is_said(
    ask: Ask, touches: str, total: dict[str, float]
) -> None:
    for model in ("last", "markov"):
        answer = ask(model, touches)
        assert answer["total"] == total
        said = [note["text"] for note in answer["notes"] if note["code"] == "value_without_conversion"]
        assert said == ["1 row states a value and no conversion: €70.00 is credited to no channel"]


def test_touches_that_stand_twice_are_kept_and_said_and_dropped_when_asked(ask: Ask) -> None:
    again = TOUCHES + TOUCHES.splitlines()[3] + "\n"
    kept, dropped, plain = ask("last", again), ask("last", again, "--dedupe"), ask("last", TOUCHES)
    assert (kept["total"]["credit"], dropped["total"]) == (3, plain["total"])
    said = [(note["file"], note["line"]) for note in kept["notes"] if note["code"] == "duplicates_kept"]
    assert said == [("touches.csv", 8)]


def test_touches_that_two_files_hold_are_said(ask: Ask) -> None:
    Path("copy.csv").write_text(TOUCHES, "utf-8")
    assert "duplicates_kept" in {note["code"] for note in ask("last", TOUCHES, "copy.csv")["notes"]}
    assert ask("last", TOUCHES, "copy.csv", "--dedupe")["total"] == ask("last", TOUCHES)["total"]


def test_a_refund_is_a_negative_value(ask: Ask) -> None:
    answer = ask("last", TOUCHES + "learner5@example.com,2026-10-06 12:00,Email,1,-20\n")
    assert answer["total"] == {"credit": 3, "credited_value": 178}


@pytest.mark.parametrize(
    ("touches", "said"),
    [
        (
            "user,time,channel,conversion\nlearner1@example.com,,Email,1\n",
            "touches.csv:2: a touch without a time has no place in a path",
        ),
        (
            "user,time,channel,conversion\nlearner1@example.com,2026-10-01,Email,1\n,2026-10-02,Email,1\n",
            "touches.csv:3: a touch without a person is on no path",
        ),
        ("path,conversions,non_conversions\nEmail,-1,0\n", "touches.csv:2: a count below 0"),
        ("path,conversions,non_conversions\nEmail > > Direct,1,0\n", "touches.csv:2: an empty step in the path"),
        ("path,conversions\nEmail -> Direct,1\n", "touches.csv:2: steps of a path are parted by > alone"),
        ("path,conversions\nEmail → Direct,1\n", "touches.csv:2: steps of a path are parted by > alone"),
        ("path,conversions,non_conversions\nEmail,0,3\n", "touches.csv: no touch leads to a conversion"),
    ],
)
def test_a_touch_that_no_model_can_count_is_refused_with_its_line(
    ask: Ask, capsys: pytest.CaptureFixture[str], touches: str, said: str
) -> None:
    Path("touches.csv").write_text(touches, "utf-8")
    assert main(["channels", "--touches", "touches.csv", "--model", "last", "--json"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"kpi: error: {said}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "best"], "no attribution model “best”"),
        (["--model", "last", "--by", "campaign"], "attribution is by channel"),
        (["--model", "last", "--every", "month"], "attribution is by channel"),
        (["--model", "time-decay", "--half-life", "7"], "--half-life"),
        (["--model", "time-decay"], "time"),
    ],
)
def test_a_question_that_attribution_does_not_answer_is_refused(
    ask: Ask, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    Path("paths.csv").write_text(CLOSED_FORM, "utf-8")
    assert main(["channels", "paths.csv", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_no_touches_is_no_data(ask: Ask, capsys: pytest.CaptureFixture[str]) -> None:
    Path("visits.csv").write_text("date,channel,visits\n2026-10-01,Email,3\n", "utf-8")
    assert main(["channels", "visits.csv", "--model", "last"]) == 5
    assert "no file with touches" in capsys.readouterr().err
