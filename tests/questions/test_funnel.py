from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from kpi_cli.ask import Ask
from kpi_cli.books import Books
from kpi_cli.commands.app import main
from kpi_cli.exports.tables import Store
from kpi_cli.following import followed
from kpi_cli.grouping import Grouping
from kpi_cli.models.abtest import Arm
from kpi_cli.period import Window, parse_duration
from kpi_cli.questions.funnel import Trial, by_hand, compare
from kpi_cli.render.page import Page
from kpi_cli.render.table import write_table
from kpi_cli.result import Result
from kpi_cli.safe import printable
from kpi_cli.steps import Steps
from kpi_cli.texts import LANGUAGE

Capture = pytest.CaptureFixture[str]
Kpi = Callable[..., dict[str, Any]]
LOG = """user,event,time,channel
c-0001,view,2026-10-01 09:00:00,Email
c-0001,lead,2026-10-01 09:05:00,Email
c-0001,buy,2026-10-03 10:00:00,Direct
c-0002,view,2026-10-02 10:00:00,Direct
c-0002,buy,2026-10-03 08:00:00,Direct
c-0003,lead,2026-10-04 12:00:00,Direct
c-0004,lead,2026-10-01 07:00:00,Organic Search
c-0004,view,2026-10-02 07:00:00,Organic Search
c-0005,view,2026-10-05 10:00:00,Organic Search
c-0005,lead,2026-10-05 10:00:00,Organic Search
c-0005,buy,2026-11-21 11:00:00,Organic Search
"""
STEPS = ("--steps", "view,lead,buy")


@pytest.fixture
def kpi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> Kpi:
    """`kpi funnel` in a folder of its own, its JSON read."""
    monkeypatch.chdir(tmp_path)

    def run(*argv: str) -> dict[str, Any]:
        code = main(["funnel", *argv, "--json"])
        printed = capsys.readouterr()
        return {"code": code, **json.loads(printed.out or printed.err.splitlines()[-1])}

    return run


def written(name: str, text: str) -> str:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, "utf-8")
    return name


def counts(answer: dict[str, Any], *group: str) -> list[float]:
    return [row["count"] for row in answer["rows"] if [row[by] for by in answer["by"]] == list(group)]


def codes(answer: dict[str, Any]) -> set[str]:
    return {note["code"] for note in answer["notes"]}


# ------------------------------------------------------------------------------------------- by hand


def test_stages_by_hand_have_rates_of_the_stage_before_and_of_the_first(kpi: Kpi) -> None:
    answer = kpi("--stage", "visits=5000", "--stage", "leads=400", "--stage", "customers=50")
    assert [row["step_rate"] for row in answer["rows"]] == [None, 0.08, 0.125]
    assert [row["overall_rate"] for row in answer["rows"]] == [1, 0.08, 0.01]
    assert [row["lost"] for row in answer["rows"]] == [None, 4600, 350]
    assert (answer["period"], answer["total"]["overall_rate"], answer["total"]["lost"]) == (None, 0.01, 4950)


@pytest.mark.usefixtures("kpi")
@pytest.mark.parametrize("form", ["table", "markdown", "html"])
def test_all_who_began_stand_at_100_percent_for_a_reader_as_in_json(form: str, capsys: Capture) -> None:
    assert main(["funnel", "--stage", "visits=5000", "--stage", "leads=40", "-f", form]) == 0
    printed = capsys.readouterr().out
    assert "100.00%" in printed
    assert "0.80%" in printed  # a whole beside it takes no decimal from the rates


def test_the_interval_of_a_stage_is_wilsons(kpi: Kpi) -> None:
    # 81 of 263: Newcombe 1998, Two-sided confidence intervals for the single proportion, table I.
    row = kpi("--stage", "visits=263", "--stage", "leads=81")["rows"][1]
    assert (round(row["step_rate_low"], 4), round(row["step_rate_high"], 4)) == (0.2553, 0.3662)


def test_the_leak_is_the_step_that_fewest_take_and_a_point_there_carries_to_the_end(kpi: Kpi) -> None:
    leak = kpi("--stage", "visits=5000", "--stage", "leads=400", "--stage", "customers=50")["leak"]
    assert (leak["from"], leak["to"], leak["lost"]) == ("visits", "leads", 4600)
    assert leak["point_gain"] == 6.25, "50 more leads, of whom one in eight becomes a customer"


def test_the_leak_is_looked_for_where_nobody_else_has_come_in(kpi: Kpi) -> None:
    leak = kpi(
        "--stage", "impressions=90000", "--stage", "clicks=900", "--stage", "visits=2000", "--stage", "buyers=40"
    )
    assert (leak["leak"]["from"], leak["leak"]["point_gain"]) == ("visits", 20)


def test_an_order_more_than_there_are_customers_is_nobody_lost(kpi: Kpi) -> None:
    stages = ("--stage", "visits=1000", "--stage", "orders=900", "--stage", "customers=450")
    assert kpi(*stages)["leak"]["to"] == "orders", "half of the orders are somebody's second one"
    assert kpi(*stages[2:])["leak"] is None


def test_where_others_come_in_at_last_the_leak_before_them_has_no_worth(kpi: Kpi) -> None:
    leak = kpi("--stage", "clicks=333", "--stage", "visits=350", "--stage", "leads=2", "--stage", "orders=5")["leak"]
    assert (leak["from"], leak["to"], leak["lost"]) == ("visits", "leads", 348)
    assert (leak["point_gain"], leak["point_revenue"]) == (None, None)


def test_a_step_that_nobody_takes_is_a_leak_without_a_worth(kpi: Kpi) -> None:
    leak = kpi("--stage", "visits=2000", "--stage", "leads=500", "--stage", "buyers=0")["leak"]
    assert (leak["to"], leak["step_rate"], leak["point_gain"]) == ("buyers", 0, None)


def test_an_empty_stage_gives_the_next_no_rate(kpi: Kpi) -> None:
    answer = kpi("--stage", "visits=0", "--stage", "leads=0")
    assert answer["rows"][1]["step_rate"] is None
    assert {"row": 1, "column": "step_rate", "reason": "empty_stage"} in answer["nulls"]


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=6))
@settings(max_examples=60, deadline=None)
def test_step_rates_multiply_to_the_overall_rate_and_losses_add_up(sizes: list[int]) -> None:
    result = by_hand([(f"stage {n}", Decimal(size)) for n, size in enumerate(sizes)])
    rate = 1.0
    for row in result.rows[1:]:
        rate *= float(row["step_rate"])  # type: ignore[arg-type]
        assert rate == pytest.approx(float(row["overall_rate"]))  # type: ignore[arg-type]
    assert sum(Decimal(str(row["lost"])) for row in result.rows[1:]) == sizes[0] - sizes[-1]
    assert result.total["lost"] == sizes[0] - sizes[-1]


# ------------------------------------------------------------------------------------------ arms


def test_a_test_of_two_arms_gives_the_published_figures(kpi: Kpi) -> None:
    # 17489 of 145274 against 17264 of 145310: z and p worked out by hand from the pooled rate.
    test = kpi("--a", "17489/145274", "--b", "17264/145310")["test"]
    assert [arm["rate"] for arm in test["variants"]] == [0.120386, 0.118808]
    assert (round(test["z"], 4), round(test["p"], 4)) == (-1.3109, 0.1899)
    assert test["difference"] == pytest.approx(-0.001578, abs=1e-6)


def test_swapping_the_arms_mirrors_the_test(kpi: Kpi) -> None:
    one, other = (kpi("--a", a, "--b", b)["test"] for a, b in (("400/5000", "470/5100"), ("470/5100", "400/5000")))
    assert (one["difference"], one["z"], one["p"]) == (-other["difference"], -other["z"], other["p"])
    assert (one["difference_low"], one["difference_high"]) == (-other["difference_high"], -other["difference_low"])
    assert (one["verdict"], other["verdict"]) == ("better", "worse")


def test_arms_that_are_too_small_are_told_how_many_more(kpi: Kpi) -> None:
    answer = kpi("--a", "4/50", "--b", "6/50", "--change", "2%")
    assert answer["test"]["verdict"] == "not_enough_data"
    assert "more visitors per arm for a change of 2.00 points at 80% power" in answer["test"]["text"]
    assert "peeking" in codes(answer)


def test_a_planned_split_is_what_the_ratio_is_held_against(kpi: Kpi) -> None:
    arms = ("--a", "900/9000", "--b", "100/1000")
    assert kpi(*arms)["test"]["verdict"] == "refused"
    assert kpi(*arms, "--split", "90/10")["test"]["srm_p"] == 1


@pytest.mark.parametrize(
    ("argv", "code", "exit_code"),
    [
        (("--a", "400/5000"), "one_arm", 2),
        (("--a", "600/500", "--b", "1/500"), "conversions_exceed_visitors", 2),
        (("--a", "0/0", "--b", "1/500"), "no_visitors", 2),
        (("--a", "400", "--b", "1/500"), "bad_arm", 2),
        (("--stage", "visits=1", "--stage", "Visits=2"), "stage_twice", 2),
        (("--stage", "visits=1"), "one_stage", 2),
        (("--stage", "visits=-1", "--stage", "leads=2"), "negative_count", 2),
        (("--stage", "visits"), "bad_stage", 2),
        (("--stage", "visits=2", "--stage", "leads=1", "--test"), "no_test", 2),
        (("--stage", "visits=2", "--stage", "leads=1", "--change", "1%"), "no_test", 2),
        (("--stage", "visits=1", "--stage", "leads=1", "log.csv"), "figures_and_files", 2),
        (("--stage", "visits=1", "--a", "1/2"), "two_calculators", 2),
        (("log.csv", *STEPS, "--within", "30"), "unclear_unit", 2),
        (("log.csv",), "no_steps", 2),
        (("log.csv", "--steps", "view,bye"), "unknown_event", 2),
        (("log.csv", "--steps", "view,view"), "stage_twice", 2),
        (("log.csv", *STEPS, "--by", "variant"), "unknown_dimension", 2),
        (("log.csv", *STEPS, "--test"), "no_variants", 2),
        (("log.csv", *STEPS, "--change", "1%"), "no_test", 2),
        (("visits.csv", "--within", "30d"), "no_log", 2),
        (("visits.csv", "--by", "variant", "--test"), "conversions_exceed_visitors", 3),
        (("visits.csv", "--steps", "visits,orders"), "no_stage", 5),
        (("visits.csv", "--steps", "visits,sales"), "unknown_stage", 2),
        (("spend.csv", "--month", "2026-11"), "no_row_in_period", 5),
    ],
)
def test_what_cannot_be_answered_is_refused(argv: Sequence[str], code: str, exit_code: int, kpi: Kpi) -> None:
    written("log.csv", LOG)
    written("visits.csv", "date,variant,visits,leads\n2026-10-01,A,10,3\n2026-10-01,B,10,30\n")
    written("spend.csv", "date,campaign,cost,impressions,clicks\n2026-10-01,spring,10,1000,50\n")
    answer = kpi(*argv)
    assert (answer["code"], answer["errors"][0]["code"]) == (exit_code, code)


def test_a_stage_by_hand_is_called_as_it_was_given(kpi: Kpi) -> None:
    [told] = [n for n in kpi("--stage", "a=10", "--stage", "b=20")["notes"] if n["code"] == "later_stage_larger"]
    assert "a → b" in told["text"]


# ------------------------------------------------------------------------------------- a log of events


def test_a_log_is_followed_in_order_whatever_the_order_of_its_rows(kpi: Kpi) -> None:
    head, *rows = LOG.splitlines()
    straight = kpi(written("log.csv", LOG), *STEPS)
    turned = kpi(written("log.csv", "\n".join([head, *reversed(rows)]) + "\n"), *STEPS)
    assert counts(straight) == [4, 2, 2]
    assert (turned["rows"], turned["leak"], turned["midway"]) == (
        straight["rows"],
        straight["leak"],
        straight["midway"],
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-10-01 09:00:00.250", "2026-10-01 09:00:00.750"),
        ("2026-10-01T09:00:00Z", "2026-10-01T09:00:01Z"),
        ("1 Oct 2026 9:05 am", "1 Oct 2026 1:05 pm"),
        ("2026-10-01 9h05", "2026-10-01 14h02"),
        ("31/10/2026 09:05", "31/10/2026 10:02"),
    ],
)
def test_moments_are_told_apart_however_they_are_written(before: str, after: str, kpi: Kpi) -> None:
    rows = f"c-0001,view,{before}\nc-0001,buy,{after}\nc-0002,buy,{before}\nc-0002,view,{after}\n"
    assert counts(kpi(written("log.csv", f"user,event,time\n{rows}"), "--steps", "view,buy")) == [2, 1]


def test_the_time_since_the_first_step_can_be_limited(kpi: Kpi) -> None:
    assert counts(kpi(written("log.csv", LOG), *STEPS, "--within", "30d")) == [4, 2, 1]


def test_the_first_step_decides_the_group(kpi: Kpi) -> None:
    answer = kpi(written("log.csv", LOG), *STEPS, "--by", "channel")
    assert counts(answer, "Email") == [1, 1, 1], "bought by way of Direct, came in by Email"
    assert counts(answer, "Direct") == [1, 0, 0]
    assert [stage["count"] for stage in answer["stages"]] == [4, 2, 2]


@pytest.mark.parametrize(
    ("dimension", "header"),
    [
        *(("channel", "channel"), ("source", "utm_source"), ("medium", "utm_medium"), ("campaign", "campaign")),
        *(("landing_page", "page"), ("variant", "variant"), ("course", "course"), ("product", "product")),
        *(("device", "device"), ("country", "country")),
    ],
)
def test_a_log_is_divided_by_what_its_first_step_says(dimension: str, header: str, kpi: Kpi) -> None:
    log = f"user,event,time,{header}\n" + "".join(
        f"c-000{n},{event},2026-10-0{day} 09:00,{told}\n"
        for n, event, day, told in [(1, "view", 1, "one"), (1, "buy", 2, "two"), (2, "view", 1, "two")]
    )
    answer = kpi(written("log.csv", log), "--steps", "view,buy", "--by", dimension)
    assert {group: counts(answer, group) for group in ("one", "two")} == {"one": [1, 1], "two": [1, 0]}


def test_who_comes_in_midway_is_counted_as_such(kpi: Kpi) -> None:
    answer = kpi(written("log.csv", LOG), *STEPS)
    assert answer["midway"] == [{"stage": "lead", "count": 1}]
    assert {"entered_midway", "step_before_first"} <= codes(answer)


def test_repeated_events_change_nothing(kpi: Kpi) -> None:
    head, *rows = LOG.splitlines()
    once = kpi(written("log.csv", LOG), *STEPS)
    assert kpi(written("log.csv", "\n".join([head, *rows, *rows]) + "\n"), *STEPS)["rows"] == once["rows"]


def test_rows_without_a_person_are_left_out_and_counted(kpi: Kpi) -> None:
    answer = kpi(written("log.csv", LOG + ",view,2026-10-02,Email\n"), *STEPS)
    assert counts(answer) == [4, 2, 2]
    assert [n["line"] for n in answer["notes"] if n["code"] == "unknown_cells"] == [13]


def test_the_log_is_asked_in_any_capitals_and_by_time(kpi: Kpi) -> None:
    answer = kpi(written("log.csv", LOG), "--steps", "View,BUY", "--by", "month", "--within", "30d")
    assert counts(answer, "2026-10") == [4, 2]


def test_people_who_came_in_shortly_before_the_end_are_told_of(kpi: Kpi) -> None:
    late = LOG + "c-0006,view,2026-11-20 10:00:00,Email\n"
    assert "time_not_over" in codes(kpi(written("log.csv", late), *STEPS, "--within", "30d"))


def test_the_median_time_between_days_with_an_event(kpi: Kpi) -> None:
    days = ["01", "02", "02", "05"]
    log = "user,event,time\n" + "".join(f"learner1@example.com,login,2026-10-{day} 08:00\n" for day in days)
    answer = kpi(written("log.csv", log), "--between", "login")
    assert answer["total"] == {"people": 1, "gaps": 2, "median_days": 2}, "a day later, then three"


Event = tuple[int, str, int]
EVENTS = st.lists(st.tuples(st.integers(0, 4), st.sampled_from("abc"), st.integers(0, 60)), min_size=1, max_size=40)


WINDOWS = st.tuples(st.integers(0, 12), st.integers(0, 31)).map(lambda days: (days[0], sum(days)))


@given(EVENTS, st.sampled_from([None, "3d", "20d"]), WINDOWS)
@settings(max_examples=100, deadline=None)
def test_following_people_agrees_with_walking_through_each_ones_events(
    log: list[Event], within: str | None, days: tuple[int, int]
) -> None:
    found = _followed(log, within, days)
    reached, midway, backwards = _walked(log, within, days)
    assert found.groups == {(): dict(zip("abc", reached, strict=True))}
    assert found.midway == {step: count for step, count in zip("abc", midway, strict=True) if count}
    assert found.backwards == backwards


def _followed(log: Iterable[Event], within: str | None, days: tuple[int, int]) -> Any:
    store = Store()
    store.ensure("events", "user", "event", "time")
    start = dt.datetime(2026, 10, 1)
    for user, event, hours in log:
        row = [f"c-{user}", event, start + dt.timedelta(hours=12 * hours)]
        store.con.execute(f'INSERT INTO {store.table("events")}("user", event, time) VALUES ($1, $2, $3)', row)
    books = Books(store, Ask(), Grouping())
    path = Steps(("a", "b", "c"), (("a",), ("b",), ("c",)), parse_duration(within) if within else None)
    return followed(books, path, Window(*(start.date() + dt.timedelta(days=n) for n in days)))


def _walked(log: Sequence[Event], within: str | None, days: tuple[int, int]) -> tuple[list[int], list[int], int]:
    """Each person's events one after another.

    How many got how far, how many never did the first step by the step they came in at, and how many did a later
    one before it.
    """
    first, last = 2 * days[0], 2 * days[1] + 1  # half days
    reached, midway, backwards = [0, 0, 0], [0, 0, 0], 0
    for person in {user for user, _, _ in log}:
        own = sorted((hours, event) for user, event, hours in log if user == person)
        begins = [h for h, event in own if event == "a" and first <= h <= last]
        others = [(h, event) for h, event in own if event != "a" and first <= h <= last]
        if not begins:
            if others:
                midway["abc".index(others[0][1])] += 1
            continue
        backwards += bool(others) and others[0][0] < begins[0]
        limit = begins[0] + 2 * int(within[:-1]) if within else last
        at: int | None = begins[0]
        for place, step in enumerate("abc"):
            at = min((h for h, event in own if at is not None and event == step and at <= h <= limit), default=None)
            reached[place] += at is not None
    return reached, midway, backwards


# ------------------------------------------------------------------------------------- counted exports

SPEND = "date,channel,campaign,cost,impressions,clicks\n2026-10-01,Paid Search,spring,10,1000,50\n"
VISITS = "date,channel,visits,leads\n2026-10-01,Paid Search,40,8\n2026-10-02,Email,100,5\n"
SALES = """date,order_id,customer_id,amount,currency,channel
2026-10-01,o-1,c-0001,100,EUR,Paid Search
2026-10-02,o-2,c-0001,50,EUR,Email
2026-10-02,o-3,c-0002,50,EUR,Email
"""


@pytest.fixture
def exports(kpi: Kpi) -> Sequence[str]:
    return written("spend.csv", SPEND), written("visits.csv", VISITS), written("sales.csv", SALES), "--currency", "EUR"


def test_stages_of_several_files_say_which_file_counts_them(kpi: Kpi, exports: Sequence[str]) -> None:
    answer = kpi(*exports)
    assert {stage["stage"]: (stage["count"], stage["files"]) for stage in answer["stages"]} == {
        "impressions": (1000, ["spend.csv"]),
        "clicks": (50, ["spend.csv"]),
        "visits": (40, ["visits.csv"]),
        "leads": (8, ["visits.csv"]),
        "orders": (1, ["sales.csv"]),
        "customers": (1, ["sales.csv"]),
    }, "the window is the day that all of them cover"
    assert "stage_sources" in codes(answer)


def test_a_later_stage_that_is_larger_is_a_note(kpi: Kpi, exports: Sequence[str]) -> None:
    answer = kpi(*exports[:2], "--from", "2026-10-01", "--to", "2026-10-02")
    assert "later_stage_larger" in codes(answer)
    visits = answer["rows"][2]
    assert (visits["step_rate"], visits["step_rate_low"]) == (2.8, None)


def test_counts_of_people_are_counted_for_the_total(kpi: Kpi, exports: Sequence[str]) -> None:
    answer = kpi(exports[2], "--by", "channel")
    assert (counts(answer, "Email"), counts(answer, "Paid Search")) == ([2, 2], [1, 1])
    assert answer["total"]["count"] == 2
    assert "not_additive" in codes(answer)


def test_a_group_begins_with_the_first_stage_it_has(kpi: Kpi, exports: Sequence[str]) -> None:
    answer = kpi(*exports, "--by", "channel", "--from", "2026-10-01", "--to", "2026-10-02")
    email = [row for row in answer["rows"] if row["channel"] == "Email"]
    assert [(row["stage"], row["overall_rate"]) for row in email][:2] == [("visits", 1), ("leads", 0.05)]


def test_a_stage_whose_file_does_not_know_the_dimension_is_left_out_with_a_note(
    kpi: Kpi, exports: Sequence[str]
) -> None:
    answer = kpi(*exports, "--by", "campaign")
    assert {row["stage"] for row in answer["rows"]} == {"impressions", "clicks"}
    assert "stage_without_dimension" in codes(answer)


def test_a_point_at_the_leak_is_worth_revenue(kpi: Kpi) -> None:
    visits = written("visits.csv", "date,visits,leads\n2026-10-01,2000,100\n")
    rows = "".join(f"2026-10-01,o-{n},c-{n},100,EUR\n" for n in range(20))
    leak = kpi(visits, written("sales.csv", "date,order_id,customer_id,amount,currency\n" + rows))["leak"]
    assert (leak["to"], leak["point_stage"]) == ("leads", "customers")
    assert (leak["point_gain"], leak["point_revenue"]) == (4, 400), "20 more leads, a fifth of whom buy for 100"


def test_sums_add_up_over_groups(kpi: Kpi, exports: Sequence[str]) -> None:
    answer = kpi(exports[1], "--by", "day")
    for stage in answer["stages"]:
        assert sum(row["count"] for row in answer["rows"] if row["stage"] == stage["stage"]) == stage["count"]


def test_the_period_before_stands_beside(kpi: Kpi) -> None:
    visits = written("visits.csv", "date,visits,leads\n2026-09-10,50,10\n2026-10-01,100,10\n2026-10-31,0,0\n")
    answer = kpi(visits, "--month", "2026-10", "--compare", "previous")
    assert [row["count"] for row in answer["previous"]["rows"]] == [50, 10]
    assert (answer["total"]["overall_rate"], answer["previous"]["total"]["overall_rate"]) == (0.1, 0.2)


def test_a_condition_on_a_rate_passes_over_the_first_stage(kpi: Kpi, exports: Sequence[str]) -> None:
    assert kpi(exports[1], "--fail-if", "step_rate < 1%")["code"] == 0
    assert kpi(exports[1], "--fail-if", "total.overall_rate < 20%")["code"] == 4


def test_a_test_by_variant_reads_its_arms_from_the_files(kpi: Kpi) -> None:
    head = "date,variant,visits,leads\n"
    visits = written("ab.csv", head + "2026-10-01,B,5100,470\n2026-10-01,A,3000,200\n2026-10-02,A,2000,200\n")
    answer = kpi(visits, "--by", "variant", "--test")
    by_hand = kpi("--a", "400/5000", "--b", "470/5100")
    assert answer["test"] == by_hand["test"]
    assert [row["variant"] for row in answer["rows"]] == ["A", "A", "B", "B"]


def test_several_variants_are_compared_with_the_first(kpi: Kpi) -> None:
    rows = "".join(f"2026-10-01,{v},5000,{n}\n" for v, n in (("A", 400), ("B", 470), ("C", 410)))
    test = kpi(written("ab.csv", "date,variant,visits,leads\n" + rows), "--by", "variant", "--test")["test"]
    assert [each["variant"] for each in test["comparisons"]] == ["B", "C"]


def test_the_control_can_be_named(kpi: Kpi) -> None:
    rows = "2026-10-01,New,5100,470\n2026-10-01,Old,5000,400\n"
    ab = written("ab.csv", "date,variant,visits,leads\n" + rows)
    by_name = kpi(ab, "--by", "variant", "--test")["test"]
    named = kpi(ab, "--by", "variant", "--test", "--control", "old")["test"]
    assert [arm["variant"] for arm in named["variants"]] == ["Old", "New"]
    assert (by_name["verdict"], named["verdict"]) == ("worse", "better")


@pytest.mark.parametrize(
    "rows", ["2026-10-01,A,500,40\n", "2026-10-01,A,500,40\n2026-10-01,B,0,0\n", "2026-10-01,,500,40\n"]
)
def test_one_arm_with_visitors_is_no_test(rows: str, kpi: Kpi) -> None:
    answer = kpi(written("ab.csv", "date,variant,visits,leads\n" + rows), "--by", "variant", "--test")
    assert (answer["code"], answer["errors"][0]["code"], answer["errors"][0]["file"]) == (3, "one_arm", "ab.csv")


def test_visitors_of_no_variant_are_left_out_of_the_test_with_a_note(kpi: Kpi) -> None:
    rows = "2026-10-01,A,5000,400\n2026-10-01,B,5100,470\n2026-10-01,,700,90\n"
    answer = kpi(written("ab.csv", "date,variant,visits,leads\n" + rows), "--by", "variant", "--test")
    assert [arm["variant"] for arm in answer["test"]["variants"]] == ["A", "B"]
    assert "arms_left_out" in codes(answer)


def test_revenue_per_visitor_of_several_variants_is_adjusted_like_their_rates(kpi: Kpi) -> None:
    spent = {"A": [100.0, 40.0, 40.0], "B": [90.0, 120.0, 140.0, 160.0], "C": [90.0, 120.0, 40.0, 60.0]}
    visits = written("ab.csv", "date,variant,visits\n" + "".join(f"2026-10-01,{v},50\n" for v in spent))
    orders = [(v, n, x) for v, found in spent.items() for n, x in enumerate(found)]
    rows = "".join(f"2026-10-01,o-{v}{n},c-{v}{n},{x},EUR,{v}\n" for v, n, x in orders)
    sales = written("sales.csv", "date,order_id,customer_id,amount,currency,variant\n" + rows)
    found = kpi(visits, sales, "--by", "variant", "--test")["test"]["revenue_per_visitor"]
    arms = {v: spent[v] + [0.0] * (50 - len(spent[v])) for v in spent}
    b, c = (stats.ttest_ind(arms[v], arms["A"], equal_var=False).pvalue for v in "BC")
    assert b < c
    assert [each["p"] for each in found] == pytest.approx([2 * b, max(2 * b, c)], abs=1e-6)


def test_revenue_per_visitor_is_tested_as_scipy_does(kpi: Kpi) -> None:
    spent = {"A": [100.0, 40.0, 40.0], "B": [90.0, 120.0, 40.0, 60.0]}
    visits = written("ab.csv", "date,variant,visits\n2026-10-01,A,50\n2026-10-01,B,60\n")
    orders = [(v, n, x) for v, found in spent.items() for n, x in enumerate(found)]
    rows = "".join(f"2026-10-01,o-{v}{n},c-{v}{n},{x},EUR,{v}\n" for v, n, x in orders)
    sales = written("sales.csv", "date,order_id,customer_id,amount,currency,variant\n" + rows)
    found = kpi(visits, sales, "--by", "variant", "--test")["test"]["revenue_per_visitor"][0]
    arms = {v: spent[v] + [0.0] * (n - len(spent[v])) for v, n in (("A", 50), ("B", 60))}
    expected = stats.ttest_ind(arms["B"], arms["A"], equal_var=False)
    assert found["p"] == pytest.approx(expected.pvalue, abs=1e-6)
    assert (found["control"], found["value"]) == (3.6, pytest.approx(310 / 60, abs=1e-6))


def test_a_course_is_followed_from_enrolment_to_its_end(kpi: Kpi) -> None:
    progress = "course,email,enrolled_at,started_at,progress,completed_at\n" + "".join(
        f"light,learner{n}@example.com,2026-10-0{n},{began},{share},{done}\n"
        for n, (began, share, done) in enumerate(
            [
                ("", "0%", ""),
                ("2026-10-05", "10%", ""),
                ("2026-10-05", "50%", ""),
                ("2026-10-05", "100%", "2026-10-20"),
            ],
            1,
        )
    )
    answer = kpi(written("progress.csv", progress), "--by", "course")
    assert [(row["stage"], row["count"]) for row in answer["rows"]] == [
        ("enrolled", 4),
        ("started", 3),
        ("half", 2),
        ("completed", 1),
    ]


MOODLE = """"",ID number,Email address,Lesson 1,"",Quiz,"",Course complete
Ana One,s-01,learner1@example.com,Completed,"Monday, 5 October 2026, 10:00 AM",Completed,"6 October 2026, 10:00 AM",
Bob Two,s-02,learner2@example.com,Completed,"Monday, 5 October 2026, 10:00 AM",Not completed,,
Cat Three,s-03,learner3@example.com,Not completed,,Not completed,,
"""
OPEN_EDX = """Student ID,Email,Username,Grade,Homework 1: Intro,Homework (Avg),Enrollment Track,Enrollment Status
1,learner1@example.com,learner1,1.0,1.0,1.0,audit,enrolled
2,learner2@example.com,learner2,0.0,Not Attempted,Not Attempted,audit,enrolled
3,learner3@example.com,learner3,0.35,0.7,0.35,audit,enrolled
4,learner4@example.com,learner4,0.9,0.9,0.9,audit,unenrolled
"""
THINKIFIC = """Student First Name,Student Last Name,Email,Course Name,% Viewed,% Completed,Started At,Completed At
Ana,One,learner1@example.com,Light,100,100,2026-10-01,2026-10-20
Bob,Two,learner2@example.com,Light,60,50,2026-10-02,
Cat,Three,learner3@example.com,Light,0,0,,
Dan,Four,learner4@example.com,Portrait,1,1,2026-10-05,
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (MOODLE, {"enrolled": 3, "started": 2, "half": 2, "completed": 1}),
        (OPEN_EDX, {"enrolled": 3, "started": 2, "completed": 1}),
        (THINKIFIC, {"enrolled": 4, "started": 3, "half": 2, "completed": 1}),
    ],
    ids=["moodle", "open_edx", "thinkific"],
)
def test_each_platforms_progress_is_followed(text: str, expected: dict[str, int], kpi: Kpi) -> None:
    answer = kpi(written("light.csv", text))
    assert {row["stage"]: row["count"] for row in answer["rows"]} == expected


def test_a_file_that_names_no_course_stands_for_one(kpi: Kpi) -> None:
    answer = kpi(written("light.csv", MOODLE), written("portrait.csv", MOODLE), "--by", "course")
    assert counts(answer, "light") == counts(answer, "portrait") == [3, 2, 2, 1]
    assert "course_from_file" in codes(answer)


def test_half_way_is_not_counted_where_one_file_does_not_know_it(kpi: Kpi) -> None:
    answer = kpi(written("light.csv", THINKIFIC), written("portrait.csv", OPEN_EDX))
    assert {row["stage"]: row["count"] for row in answer["rows"]} == {"enrolled": 7, "started": 5, "completed": 2}
    assert "half_unknown" in codes(answer)


FRACTIONS = "course,email,enrolled_at,progress\n" + "".join(
    f"Light,learner{n}@example.com,2026-10-01,{share}\n" for n, share in enumerate(["0", "0.5", "1"])
)


def test_progress_that_may_be_a_fraction_or_a_percent_is_asked(kpi: Kpi) -> None:
    answer = kpi(written("progress.csv", FRACTIONS))
    assert (answer["code"], answer["errors"][0]["code"], answer["errors"][0]["line"]) == (3, "progress_open", 3)
    told = kpi("progress.csv", "--map", "progress.progress_fraction=progress")
    assert counts(told) == [3, 2, 2, 1]
    assert counts(kpi(written("progress.csv", FRACTIONS.replace("0.5", "0.5%")))) == [3, 2, 0, 0]


def test_of_two_ways_to_count_a_stage_the_one_that_all_rows_state_is_taken(kpi: Kpi) -> None:
    posts = "date,network,impressions,reach,engagements\n2026-10-01,Instagram,1000,800,50\n"
    assert stage_counts(kpi(written("posts.csv", posts))) == {"reach": 800, "engagements": 50}
    answer = kpi(written("posts.csv", posts + "2026-10-02,LinkedIn,500,,20\n"))
    assert stage_counts(answer) == {"impressions": 1500, "engagements": 70}
    assert answer["engagement_rate"] == {"of": "impressions", "rate": 0.046667}


def test_a_file_that_does_not_state_a_stage_the_others_count_is_told_of(kpi: Kpi) -> None:
    one = written("one.csv", "date,platform,cost,impressions,clicks\n2026-10-01,google_ads,10,1000,10\n")
    two = written("two.csv", "date,platform,cost,clicks\n2026-10-01,linkedin_ads,10,100\n")
    assert "stage_not_stated" not in codes(kpi(one, "--currency", "EUR"))
    answer = kpi(one, two, "--currency", "EUR")
    [told] = [n["text"] for n in answer["notes"] if n["code"] == "stage_not_stated"]
    assert told.startswith("Impressions: not stated in all rows of two.csv")


def test_orders_without_a_customer_are_told_of(kpi: Kpi) -> None:
    sales = "date,order_id,customer_id,amount,currency\n2026-10-01,o-1,c-0001,10,EUR\n2026-10-01,o-2,,10,EUR\n"
    answer = kpi(written("sales.csv", sales))
    assert stage_counts(answer) == {"orders": 2, "customers": 1}
    assert "stage_not_stated" in codes(answer)


def test_orders_that_say_no_channel_are_left_out_of_channels_rather_than_none_of_each(kpi: Kpi) -> None:
    visits = written("visits.csv", "date,channel,visits,leads\n2026-10-01,Email,100,10\n2026-10-01,Direct,50,5\n")
    sales = "date,order_id,customer_id,amount,currency{}\n2026-10-01,o-1,c-0001,10,EUR{}\n"
    answer = kpi(visits, written("sales.csv", sales.format("", "")), "--by", "channel")
    assert {row["stage"] for row in answer["rows"]} == {"visits", "leads"}
    [told] = [n["text"] for n in answer["notes"] if n["code"] == "stage_without_dimension"]
    assert told.startswith("orders, customers cannot be shown by channel")
    answer = kpi(visits, written("sales.csv", sales.format(",channel", ",Email")), "--by", "channel")
    assert (counts(answer, "Email"), counts(answer, "Direct")) == ([100, 10, 1, 1], [50, 5, 0, 0])


def test_leads_of_a_file_without_pages_are_left_out_of_the_pages_of_another(kpi: Kpi) -> None:
    one = written("channels.csv", "date,channel,visits,leads\n2026-10-01,Email,100,10\n2026-10-01,Direct,50,5\n")
    two = written("pages.csv", "date,landing_page,visits\n2026-10-01,/a,90\n2026-10-01,/b,60\n")
    answer = kpi(one, two, "--by", "landing_page")
    assert {(row["landing_page"], row["stage"]): row["count"] for row in answer["rows"]} == {
        ("/a", "visits"): 90,
        ("/b", "visits"): 60,
    }
    assert "stage_without_dimension" in codes(answer)


def stage_counts(answer: Any) -> dict[str, int]:
    return {row["stage"]: row["count"] for row in answer["rows"]}


def test_a_mailing_is_followed_to_its_orders(kpi: Kpi) -> None:
    mail = written("mail.csv", "date,title,delivered,opened,clicked,orders\n2026-10-05,News,1000,400,80,5\n")
    assert counts(kpi(mail)) == [1000, 400, 80, 5]


def test_social_posts_have_an_engagement_rate_and_say_of_what(kpi: Kpi) -> None:
    posts = written("posts.csv", "date,network,reach,engagements,clicks\n2026-10-01,Instagram,1000,80,10\n")
    answer = kpi(posts, "--by", "network")
    assert counts(answer, "Instagram") == [1000, 80, 10]
    assert answer["engagement_rate"] == {"of": "reach", "rate": 0.08}


def test_time_on_page_is_weighed_by_visits(kpi: Kpi) -> None:
    visits = "date,entry_page,visitors,visits,visit_duration\n2026-10-01,/a,10,10,30\n2026-10-01,/b,30,30,70\n"
    assert kpi(written("plausible.csv", visits))["seconds_on_page"] == 60


def test_time_on_page_is_told_by_page(kpi: Kpi) -> None:
    visits = "date,entry_page,visitors,visits,visit_duration\n2026-10-01,/a,10,10,30\n2026-10-01,/b,30,30,70\n"
    answer = kpi(written("plausible.csv", visits), "--by", "landing_page")
    assert {each["landing_page"]: each["seconds"] for each in answer["seconds_by_group"]} == {"/a": 30, "/b": 70}


def test_people_counted_row_by_row_are_not_added_in_silence(kpi: Kpi) -> None:
    head = "date,network,reach,engagements\n2026-10-01,Instagram,1000,80\n"
    assert "people_added" not in codes(kpi(written("one.csv", head)))
    assert "people_added" in codes(kpi(written("two.csv", head + "2026-10-02,Instagram,900,70\n")))


@pytest.fixture
def search(kpi: Kpi) -> Sequence[str]:
    days = "Date,Clicks,Impressions,CTR,Position\n2026-10-01,10,200,5%,4.2\n2026-10-02,12,210,5.7%,4.1\n"
    queries = "Top queries,Clicks,Impressions,CTR,Position\ncours photo,8,90,8.9%,2.1\nportrait,3,80,3.8%,5\n"
    return written("search/Dates.csv", days), written("search/Queries.csv", queries)


def test_search_totals_come_from_the_days_not_from_the_cut_queries(kpi: Kpi, search: Sequence[str]) -> None:
    assert counts(kpi(*search)) == [410, 22]


def test_a_query_has_its_share_of_all_clicks(kpi: Kpi, search: Sequence[str]) -> None:
    answer = kpi(*search, "--by", "query")
    shares = {(row["query"], row["stage"]): row["share"] for row in answer["rows"]}
    assert shares["cours photo", "clicks"] == pytest.approx(8 / 22, abs=1e-6)
    assert [stage["count"] for stage in answer["stages"]] == [410, 22]
    assert "share_of_total" in codes(answer)


def test_queries_cannot_be_put_in_a_shorter_period_than_their_own(kpi: Kpi, search: Sequence[str]) -> None:
    answer = kpi(*search, "--by", "query", "--from", "2026-10-01", "--to", "2026-10-01")
    assert (answer["code"], answer["errors"][0]["code"]) == (3, "range_crosses_edge")


def test_queries_are_not_spread_over_months_in_silence(kpi: Kpi, search: Sequence[str]) -> None:
    days = Path("search/Dates.csv").read_text("utf-8").replace("2026-10-01", "2026-09-30")
    written("search/Dates.csv", days)
    answer = kpi(*search, "--by", "query,month")
    assert (answer["code"], answer["errors"][0]["file"]) == (3, "search/Queries.csv")
    assert "prorated" in codes(kpi(*search, "--by", "query,month", "--prorate"))


def test_queries_alone_have_no_total(kpi: Kpi, search: Sequence[str]) -> None:
    assert kpi(search[1])["code"] == 5
    answer = kpi(search[1], "--by", "query")
    assert counts(answer, "cours photo") == [90, 8]
    assert (answer["total"]["count"], answer["total"]["step_rate"], answer["leak"]) == (None, None, None)
    assert {"row": None, "column": "count", "reason": "no_table_by_day"} in answer["nulls"]
    assert "no_table_by_day" in codes(answer)


def test_a_cut_list_is_not_taken_for_another(kpi: Kpi, search: Sequence[str]) -> None:
    pages = "Top pages,Clicks,Impressions,CTR,Position\nhttps://school.example/,7,70,10%,2\n"
    answer = kpi(search[1], written("search/Pages.csv", pages), "--by", "page")
    assert counts(answer, "https://school.example/") == [70, 7]
    refused = kpi(*search, "search/Pages.csv", "--by", "page,query")
    assert (refused["code"], refused["errors"][0]["code"]) == (2, "unknown_dimension")


def test_a_whole_search_download_is_fit_for_strict(kpi: Kpi, search: Sequence[str]) -> None:
    assert kpi(*search, "--strict")["code"] == 0


# ------------------------------------------------------------------------------- what is read, what not

BROKEN = "date,campaign,cost,impressions,clicks\n2026-10-01,spring,abc,1000,50\n"
MAIL = "date,title,delivered,opened,clicked,orders\n2026-10-05,News,1000,400,80,5\n"


@pytest.mark.parametrize(
    "argv", [("log.csv", *STEPS), ("mail.csv", "--steps", "delivered,opened"), ("mail.csv", "--by", "title")]
)
def test_a_broken_file_that_the_answer_does_not_draw_on_is_a_note(argv: Sequence[str], kpi: Kpi) -> None:
    written("log.csv", LOG)
    written("mail.csv", MAIL)
    answer = kpi(*argv, written("broken.csv", BROKEN))
    assert answer["code"] == 0
    assert [note["file"] for note in answer["notes"] if note["code"] == "unused_file"] == ["broken.csv"]


def test_a_broken_file_that_the_answer_draws_on_refuses_it(kpi: Kpi) -> None:
    answer = kpi(written("broken.csv", BROKEN), written("mail.csv", MAIL))
    assert (answer["code"], answer["errors"][0]["file"]) == (3, "broken.csv")


def test_what_the_earlier_period_lacks_is_told(kpi: Kpi) -> None:
    visits = written("visits.csv", "date,visits,leads\n2026-09-20,50,10\n2026-10-01,100,10\n2026-10-31,5,0\n")
    partly = kpi(visits, "--month", "2026-10", "--compare", "previous")
    assert partly["previous"]["rows"][0]["count"] == 50
    nothing = kpi(visits, "--month", "2026-09", "--compare", "previous")
    assert nothing["previous"] is None
    assert all("previous_incomplete" in codes(answer) for answer in (partly, nothing))


def test_days_between_are_compared_with_the_period_before(kpi: Kpi) -> None:
    days = ["09-01", "09-11", "10-01", "10-05"]
    log = "user,event,time\n" + "".join(f"c-0001,login,2026-{day} 08:00\n" for day in days)
    answer = kpi(written("log.csv", log), "--between", "login", "--month", "2026-10", "--compare", "previous")
    assert (answer["total"]["median_days"], answer["previous"]["total"]["median_days"]) == (4, 10)


def test_where_everybody_goes_on_there_is_no_leak(kpi: Kpi) -> None:
    assert kpi("--stage", "visits=50", "--stage", "leads=50")["leak"] is None
    near = kpi("--stage", "visits=1000", "--stage", "leads=999")["leak"]
    assert (near["lost"], near["point_gain"]) == (1, None), "nobody can gain a point on 99.9 %"


# ------------------------------------------------------------------------------------------ on a screen


def drawn(result: Result, page: Page) -> list[str]:
    """The lines of the stages, without title, headings and foot."""
    names = [str(row["stage"])[:7] for row in result.rows]
    return [line for line in write_table(result, page).decode().splitlines() if line.startswith(tuple(names))]


@pytest.mark.parametrize(
    ("width", "figures"),
    [
        (20, ("51,234", "412", "7")),
        (40, ("51,234", "412  0.80%", "7  1.70%")),
        (60, ("51,234", "412  0.80%", "7  1.70%")),
        (80, ("51,234                   100.0%", "412      0.80%         0.80%  50,822", "7      1.70%         0.01%     405")),
        (120, ("51,234                   100.0%", "50,822    0.73–0.89%", "405    0.83–3.47%")),
        (200, ("51,234                   100.0%", "50,822    0.73–0.89%", "405    0.83–3.47%")),
    ],
)
def test_the_bars_fit_the_terminal_and_keep_every_count(width: int, figures: Sequence[str]) -> None:
    result = by_hand([("visits to us", Decimal(51234)), ("leads", Decimal(412)), ("customers", Decimal(7))])
    assert all(len(line) <= width for line in write_table(result, Page(width=width)).decode().splitlines())
    found = drawn(result, Page(width=width))
    assert all(line.endswith(said) for line, said in zip(found, figures, strict=True))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_figures_that_have_no_room_beside_the_bars_are_named(width: int) -> None:
    result = by_hand([("visits", Decimal(5000)), ("leads", Decimal(400))])
    text = write_table(result, Page(width=width)).decode()
    assert ("Step low" in text) == (width < 120)
    assert ("95% interval" in text) == (width == 120)


def test_a_longer_bar_is_a_larger_stage() -> None:
    result = by_hand([("visits", Decimal(1000)), ("leads", Decimal(500)), ("customers", Decimal(1))])
    bars = [line.count("█") + line.count("▌") / 2 for line in drawn(result, Page(width=80))]
    assert bars[0] == pytest.approx(2 * bars[1], abs=0.5)
    assert bars[2] == 0.5, "half a cell for whatever is there"


def test_a_terminal_without_unicode_gets_bars_of_ascii() -> None:
    result = by_hand([("visits", Decimal(1000)), ("leads", Decimal(500)), ("customers", Decimal(1))])
    assert write_table(result, Page(width=120, ascii=True)).isascii()
    assert [line.count("#") for line in drawn(result, Page(width=80, ascii=True))][2] == 1


def test_what_is_tested_by_hand_is_called_in_the_readers_language() -> None:
    page, token = Page(width=80, lang="fr"), LANGUAGE.set("fr")
    try:
        text = write_table(compare([Arm("A", 400, 5000), Arm("B", 470, 5100)], Trial()), page).decode()
    finally:
        LANGUAGE.reset(token)
    assert "Visiteurs" in text
    assert "visitors" not in text


def test_a_pipe_has_a_table_without_bars(kpi: Kpi, capsys: Capture) -> None:
    main(["funnel", written("log.csv", LOG), *STEPS])
    out = capsys.readouterr().out
    assert "█" not in out
    assert "Biggest leak: view → lead" in out


@pytest.mark.parametrize("steps", [(), ("--steps", "vieww,buy"), ("--steps", "nothing"), ("--by", "event")])
@pytest.mark.parametrize("how", [(), ("--json",)])
def test_an_error_names_no_address_and_sends_no_escape(
    steps: Sequence[str], how: Sequence[str], kpi: Kpi, capsys: Capture
) -> None:
    rows = "learner17@example.com,\x1b[31mview,2026-10-01 09:00\nc-0002,learner18@example.com,2026-10-01 10:00\n"
    assert main(["funnel", written("log.csv", "user,event,time\n" + rows), *steps, *how]) == 2
    err = capsys.readouterr().err
    assert "\x1b" not in err
    assert "@example" not in err


def test_hostile_names_are_shown_as_escapes(kpi: Kpi, capsys: Capture) -> None:
    name = "\x1b[31mred"
    main(["funnel", "--stage", f"{name}=10", "--stage", "leads=5"])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert printable(name) in out
