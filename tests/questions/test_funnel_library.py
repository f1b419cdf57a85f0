"""kpi_cli.funnel and kpi_cli.ab_test as somebody with a notebook asks them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import kpi_cli
from kpi_cli.errors import KpiError, UsageError

VISITS = pd.DataFrame(
    {
        "date": pd.to_datetime(["2026-10-01", "2026-10-02"]),
        "channel": ["Email", "Direct"],
        "visits": [100, 200],
        "leads": [5, 8],
    }
)
LOG = pd.DataFrame(
    {
        "user": ["c-0001", "c-0001", "c-0002", "c-0002"],
        "event": ["view", "buy", "view", "buy"],
        "time": pd.to_datetime(["2026-10-01 09:00", "2026-10-03 10:00", "2026-10-02 10:00", "2026-12-02 10:00"]),
    }
)
LANDING = pd.DataFrame(
    {"date": ["2026-10-01"] * 2, "variant": ["New", "Old"], "visits": [5100, 5000], "leads": [470, 400]}
)


def counts(result: Any, *group: str) -> list[int]:
    frame = result.to_pandas()
    for name, value in zip(result.by, group, strict=True):
        frame = frame[frame[name] == value]
    return [int(count) for count in frame["count"]]


def test_a_frame_of_visits_is_counted_by_its_columns() -> None:
    result = kpi_cli.funnel(VISITS, by="channel")
    assert (counts(result, "Email"), counts(result, "Direct")) == ([100, 5], [200, 8])


@pytest.mark.parametrize("zone", [None, "Europe/Paris"])
def test_a_frame_of_events_is_followed_person_by_person(zone: str | None) -> None:
    log = LOG.assign(time=LOG["time"].dt.tz_localize(zone)) if zone else LOG
    steps = ["view", "buy"]
    assert counts(kpi_cli.funnel(log, steps=steps, tz=zone) if zone else kpi_cli.funnel(log, steps=steps)) == [2, 2]
    assert counts(kpi_cli.funnel(LOG, steps="view,buy", within="30d")) == [2, 1]


def test_days_between_log_ins() -> None:
    days = pd.DataFrame(
        {"user": "c-0001", "event": "login", "time": ["2026-10-01 08:00", "2026-10-02 08:00", "2026-10-05 08:00"]}
    )
    assert kpi_cli.funnel(days, between="login").total["median_days"] == Decimal(2)


def test_variants_of_a_frame_are_tested_like_arms_given_by_hand() -> None:
    named = kpi_cli.funnel(LANDING, by="variant", test={"control": "old"}).to_dict()["test"]
    assert named == kpi_cli.ab_test(Old=(400, 5000), New=(470, 5100))
    assert kpi_cli.funnel(LANDING, by="variant", test=True).to_dict()["test"]["verdict"] == "worse"
    assert kpi_cli.funnel(LANDING, by="variant").to_dict()["test"] is None


def test_arms_may_have_any_name_and_any_whole_number() -> None:
    plain = kpi_cli.ab_test({"old page": (400, 5000), "new page": (470, 5100)})
    sums = LANDING.sort_values("variant", ascending=False).set_index("variant")
    of_frame = kpi_cli.ab_test(
        {f"{name.lower()} page": (row["leads"], row["visits"]) for name, row in sums[["leads", "visits"]].iterrows()}
    )
    assert of_frame == plain
    assert kpi_cli.ab_test(a=(np.int64(400), 5000), b=(470, np.int32(5100)))["p"] == plain["p"]


def test_the_change_and_the_split_that_were_planned_are_heeded() -> None:
    arms = {"a": (900, 9000), "b": (100, 1000)}
    assert kpi_cli.ab_test(arms)["verdict"] == "refused"
    assert kpi_cli.ab_test(arms, split=(90, 10))["srm_p"] == 1
    assert kpi_cli.ab_test(arms, split=(90, 10), change=0.05)["verdict"] == "not_shown"


@pytest.mark.parametrize(
    ("arms", "code"),
    [
        ({"a": (6, 5), "b": (1, 2)}, "conversions_exceed_visitors"),
        ({"a": (0, 0), "b": (1, 2)}, "no_visitors"),
        ({"a": (1, 2)}, "one_arm"),
        ({"a": (1.5, 3), "b": (1, 2)}, "bad_arm"),
        ({"a": 400, "b": (1, 2)}, "bad_arm"),
    ],
)
def test_arms_that_cannot_be_are_refused(arms: dict[str, Any], code: str) -> None:
    with pytest.raises(UsageError) as found:
        kpi_cli.ab_test(arms)
    assert found.value.code == code


def test_a_frame_that_cannot_be_read_is_refused_with_its_row() -> None:
    with pytest.raises(KpiError) as found:
        kpi_cli.funnel(VISITS.assign(visits=["100", "many"]))
    assert (found.value.file, found.value.line) == ("frame 1", 2)
