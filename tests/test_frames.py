"""The library: questions asked of pandas frames, as a notebook asks them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import kpi_cli
from kpi_cli.errors import InputError, NoDataError, UsageError

SPEND = pd.DataFrame(
    {
        "date": pd.to_datetime(["2026-10-01", "2026-10-05"]),
        "platform": ["Google Ads", "Meta"],
        "channel": ["Paid Search", "Paid Social"],
        "cost": [300.5, 99.5],
        "leads": [10, 5],
    }
)
SALES = pd.DataFrame(
    {
        "date": [dt.date(2026, 10, 1), dt.date(2026, 10, 4), dt.date(2026, 10, 5)],
        "order_id": [1, 2, 3],
        "customer_id": ["c-0001", "c-0002", "c-0003"],
        "amount": [500.0, 120.1, 80],
        "channel": ["Paid Search", "Paid Social", "Paid Social"],
    }
)
TRAFFIC = pd.DataFrame(
    {
        "date": pd.date_range("2026-10-01", "2026-10-05", periods=2),
        "channel": pd.Series(["Paid Search", "Organic Search"], dtype="category"),
        "visits": [100, 300],
    }
)
TOUCHES = pd.DataFrame(
    {
        "user": ["c-0001", "c-0001", "c-0002"],
        "time": pd.to_datetime(["2026-10-01 09:00:00.25", "2026-10-01 09:00:00.75", "2026-10-02 11:00:00.00"]),
        "channel": ["Email", "Direct", "Email"],
        "conversion": [False, True, True],
        "value": [None, 100.0, 49.5],
    }
)


def test_cac_of_frames() -> None:
    found = kpi_cli.cac(SPEND, SALES, by="channel", currency="EUR", target=100).to_pandas().set_index("channel")
    assert found.loc["Paid Search", "cac"] == 300.5
    assert found.loc["Paid Social", "cac"] == 49.75
    assert found.loc["Paid Search", "over_target"] == 200.5


def test_files_and_frames_may_come_in_lists(tmp_path: Path) -> None:
    names = [str(tmp_path / "spend.csv"), tmp_path / "sales.csv"]
    SPEND.to_csv(names[0], index=False)
    SALES.to_csv(names[1], index=False)
    apart = kpi_cli.cac(SPEND, SALES, by="channel", currency="EUR").to_dict()
    for given in ([names], [[names[0]], SALES], [(SPEND,), [SALES]]):
        assert kpi_cli.cac(*given, by="channel", currency="EUR").to_dict()["rows"] == apart["rows"]


def test_channels_of_frames() -> None:
    result = kpi_cli.channels(TRAFFIC, SPEND, SALES, currency="EUR")
    assert result.to_dict()["total"]["organic_share"] == 0.75
    assert result.to_pandas().set_index("channel").loc["Paid Search", "conversion_rate"] == 0.01


def test_attribution_of_frames() -> None:
    found = kpi_cli.attribution(TOUCHES, model="last", currency="EUR").to_pandas().set_index("channel")
    assert found["credited_value"].to_dict() == {"Direct": 100.0, "Email": 49.5}
    assert len(kpi_cli.attribution(TOUCHES, currency="EUR").to_pandas().columns) == 10


def test_a_half_life_is_a_number_of_days_or_a_time_with_its_unit() -> None:
    in_days, in_weeks = (kpi_cli.attribution(TOUCHES, model="time-decay", half_life=time) for time in (14, "2w"))
    assert in_days.rows == in_weeks.rows
    with pytest.raises(UsageError, match="half_life"):
        kpi_cli.attribution(TOUCHES, model="time-decay", half_life="7")


def test_options_that_mean_nothing_are_refused() -> None:
    with pytest.raises(UsageError, match="allocate takes revenue, media, customers, even"):
        kpi_cli.cac(SPEND, SALES, currency="EUR", allocate="clicks")
    with pytest.raises(UsageError, match="target -5 is not 0 or more"):
        kpi_cli.cac(SPEND, SALES, currency="EUR", target=-5)


def test_a_moment_with_a_zone_keeps_its_own_day() -> None:
    midnight = TOUCHES.assign(time=pd.to_datetime(["2026-10-01 00:10"] * 3).tz_localize("Europe/Paris"))
    period = kpi_cli.attribution(midnight, model="linear", currency="EUR").period
    assert period is not None
    assert period.start == period.end == dt.date(2026, 10, 1)


def test_figures_are_numbers_in_the_frame_even_where_all_are_null() -> None:
    frame = kpi_cli.cac(SPEND, SALES, by="channel", currency="EUR").to_pandas()
    assert frame["cac_loaded"].dtype == float
    assert frame["cac_loaded"].isna().all()


def test_money_and_rates_are_floats_even_where_they_happen_to_be_whole() -> None:
    frame = kpi_cli.roi(SPEND.assign(Cost=[100, 200]), SALES, currency="EUR", by="channel").to_pandas()
    assert {str(frame[name].dtype) for name in ("revenue", "media_cost", "cost", "profit", "roi", "roas")} == {
        "float64"
    }


def test_a_frame_may_be_told_its_role() -> None:
    people = pd.DataFrame({"date": ["2026-10-01", "2026-10-05"], "email": ["a@example.com", "b@example.com"]})
    assert kpi_cli.cac(SPEND, currency="EUR", roles={"leads": people}).total["leads"] == 2


def test_what_is_wrong_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(UsageError, match="choose one of first, last, last-non-direct"):
        kpi_cli.attribution(TOUCHES, model="best")
    with pytest.raises(NoDataError, match="no file with touches"):
        kpi_cli.attribution(SPEND)
    with pytest.raises(InputError, match="frame 1: the columns"):
        kpi_cli.cac(pd.DataFrame({"a": [1]}))
    with pytest.raises(TypeError, match="did you mean “margin”"):
        kpi_cli.cac(SPEND, SALES, margn=0.8)  # type: ignore[call-arg]  # what is tested


def revenue(sales: pd.DataFrame, **options: str) -> object:
    return kpi_cli.roi(SPEND, sales, from_="2026-10-01", to="2026-10-05", **options).total["revenue"]


def test_cells_of_many_types_give_the_figures_of_plain_ones() -> None:
    odd = SALES.assign(
        date=pd.PeriodIndex(["2026-10-01", "2026-10-04", "2026-10-05"], freq="D"),
        amount=[Decimal("500.00"), np.float64(120.1), "80"],
        customer_id=SALES["customer_id"].astype("category"),
    )
    assert revenue(odd) == revenue(SALES) == Decimal("700.1")


def test_decimals_are_exact_wherever_they_stand_in_a_long_frame() -> None:
    many = 1500
    amounts = [Decimal("0.10")] * (many - 2) + [Decimal("0.1255"), Decimal("123456789012.12")]
    frame = pd.DataFrame({"date": ["2026-10-02"] * many, "order_id": range(many), "amount": amounts})
    assert revenue(frame) == sum(amounts)


@pytest.mark.parametrize("dtype", ["float16", "float32", "Float32", "float64"])
def test_an_amount_of_fewer_digits_is_the_shortest_number_that_it_stands_for(dtype: str) -> None:
    sold = pd.DataFrame({"date": "2026-10-05", "order_id": ["1", "2"], "amount": pd.Series([100.1, 0.25], dtype=dtype)})
    spent = pd.DataFrame({"date": ["2026-10-05"], "campaign": ["Brand"], "cost": pd.Series([7.7], dtype=dtype)})
    total = kpi_cli.roi(spent, sold, currency="EUR").total
    assert (total["revenue"], total["cost"]) == (Decimal("100.35"), Decimal("7.7"))


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (None, "no_records"),
        ([{"date": "2026-10-01"}], "no_records"),
        (SPEND["cost"], "no_records"),
        (pd.DataFrame(), "empty_file"),
        (pd.concat([SPEND, SPEND[["cost"]]], axis=1), "duplicate_header"),
        (SPEND.assign(cost=1j), "bad_number"),
        (SPEND.assign(cost=["1.234", "2.50"]), "decimal_open"),
        (SPEND.assign(cost=["1,234", "2,500"]), "decimal_open"),
    ],
)
def test_what_is_no_table_of_amounts_is_refused(frame: object, code: str) -> None:
    with pytest.raises(InputError) as refused:
        kpi_cli.roi(frame, SALES)
    assert refused.value.code == code


def test_a_text_among_numbers_is_read_as_the_user_says() -> None:
    assert revenue(SALES.assign(amount=["1.234", "2.50", "3"]), decimal=".") == Decimal("6.734")


def test_a_time_zone_that_is_none_is_refused_by_every_question() -> None:
    for question in (kpi_cli.roi, kpi_cli.check):
        with pytest.raises(UsageError, match="no time zone"):
            question(SPEND, SALES, tz="Mars/Olympus")
