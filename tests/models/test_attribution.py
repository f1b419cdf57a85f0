from __future__ import annotations

import itertools
import math
import random
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_cli.errors import UsageError
from kpi_cli.models import attribution
from kpi_cli.models.attribution import (
    MODELS,
    Path,
    Touch,
    Transitions,
    attribute,
    by_position,
    markov,
    markov_credits,
    transitions,
)

RULES = tuple(model for model in MODELS if model != "markov")


def path(steps: str, conversions: int = 1, non_conversions: int = 0, value: str | None = None) -> Path:
    channels = tuple(steps.split(" > "))
    ages = tuple(float(age) for age in reversed(range(len(channels))))
    return Path(
        channels,
        Decimal(conversions),
        Decimal(non_conversions),
        None if value is None else Decimal(value),
        ages,
    )


def conversions(paths: list[Path], model: str) -> dict[str, Decimal]:
    return {channel: credit.conversions for channel, credit in attribute(paths, model).items()}


CLOSED_FORM = [path("c1 > c2 > c3"), path("c1", 0, 1), path("c2 > c3", 0, 1)]

some_paths = st.lists(
    st.builds(
        lambda channels, won, lost, value, step: Path(
            tuple(channels), won, lost, value, tuple(step * at for at in reversed(range(len(channels))))
        ),
        st.lists(st.sampled_from(["Email", "Direct", "Paid Search", "Referral", "Display"]), min_size=1, max_size=6),
        st.decimals(0, 10**6, places=6),
        st.integers(0, 1000).map(Decimal),
        st.decimals(-(10**6), 10**9, places=6),
        st.floats(0, 5000),
    ),
    max_size=12,
)


# Promises of every model


@settings(max_examples=60)
@given(some_paths, st.sampled_from(MODELS))
def test_credits_sum_exactly_to_the_conversions_and_to_the_value(paths: list[Path], model: str) -> None:
    credits = attribute(paths, model).values()
    won = sum((path.conversions for path in paths), Decimal(0))
    assert sum((credit.conversions for credit in credits), Decimal(0)) == won
    if model != "markov" or won:
        assert sum((credit.value or 0 for credit in credits), Decimal(0)) == sum(p.value or 0 for p in paths)


@settings(max_examples=40)
@given(some_paths, st.sampled_from(MODELS), st.randoms(use_true_random=False))
def test_the_order_of_the_paths_never_shows(paths: list[Path], model: str, chance: random.Random) -> None:
    shuffled = list(paths)
    chance.shuffle(shuffled)
    assert attribute(shuffled, model) == attribute(paths, model)
    assert list(attribute(paths, model)) == sorted({channel for path in paths for channel in path.channels})


@pytest.mark.parametrize("model", MODELS)
def test_a_path_of_one_touch_credits_it_with_all(model: str) -> None:
    assert attribute([path("Email", 3, 2, "30.10")], model)["Email"] == (
        attribution.Credit(Decimal(3), Decimal("30.10"))
    )


@pytest.mark.parametrize("model", MODELS)
def test_without_conversions_every_credit_is_zero(model: str) -> None:
    assert conversions([path("Email > Direct", 0, 9)], model) == {"Direct": 0, "Email": 0}


@pytest.mark.parametrize("model", MODELS)
def test_a_source_that_states_no_value_gets_no_credited_value(model: str) -> None:
    assert {credit.value for credit in attribute([path("Email > Direct", 4)], model).values()} == {None}


def test_no_paths_give_no_credits() -> None:
    assert attribute([], "linear") == attribute([], "markov") == {}


# Rules, by hand


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("first", {"A": 10, "B": 0, "C": 0, "Direct": 0}),
        ("last", {"A": 0, "B": 0, "C": 0, "Direct": 10}),
        ("last_non_direct", {"A": 0, "B": 0, "C": 10, "Direct": 0}),
        ("linear", {"A": 4, "B": 2, "C": 2, "Direct": 2}),
        (
            "shapley",
            {"A": Decimal("2.5"), "B": Decimal("2.5"), "C": Decimal("2.5"), "Direct": Decimal("2.5")},
        ),
    ],
)
def test_rules_by_hand(model: str, expected: dict[str, Decimal]) -> None:
    assert conversions([path("A > A > B > C > Direct", 10)], model) == expected


def test_position_gives_forty_twenty_forty() -> None:
    """Google Analytics' position-based model: 40 % to the first and the last touch, 20 % between."""
    assert conversions([path("A > B > C > D", 10)], "position") == {"A": 4, "B": 1, "C": 1, "D": 4}


def test_position_splits_two_touches_evenly() -> None:
    assert conversions([path("A > B", 3)], "position") == {"A": Decimal("1.5"), "B": Decimal("1.5")}


def test_last_non_direct_credits_direct_only_when_there_is_nothing_else() -> None:
    assert conversions([path("direct > Direct", 2)], "last_non_direct") == {"Direct": 2, "direct": 0}
    assert conversions([path("Email > (direct) / (none)", 2)], "last_non_direct")["Email"] == 2


def test_time_decay_halves_in_seven_days() -> None:
    """Google Analytics help: with a 7-day half-life a click 8 days before gets half of one 1 day before."""
    far_and_near = Path(("far", "near"), Decimal(3), ages=(8.0, 1.0))
    assert conversions([far_and_near], "time_decay") == {"far": 1, "near": 2}


def test_time_decay_takes_another_half_life() -> None:
    credits = attribute([Path(("far", "near"), Decimal(5), ages=(2.0, 0.0))], "time_decay", half_life=1)
    assert {channel: credit.conversions for channel, credit in credits.items()} == {"far": 1, "near": 4}


def test_time_decay_of_touches_years_away_still_adds_up() -> None:
    ancient = Path(("A", "B"), Decimal(7), ages=(40_000.0, 40_000.0))
    assert conversions([ancient], "time_decay") == {"A": Decimal("3.5"), "B": Decimal("3.5")}


def test_time_decay_agrees_with_the_formula_on_a_long_path() -> None:
    ages = (30.5, 12.25, 6.0, 0.125)
    weights = [2 ** (-age / 7) for age in ages]
    credits = attribute([Path(("A", "B", "C", "D"), Decimal(1000), ages=ages)], "time_decay")
    for channel, weight in zip("ABCD", weights, strict=True):
        assert float(credits[channel].conversions) == pytest.approx(1000 * weight / sum(weights), abs=1e-6)


def test_value_follows_its_own_paths() -> None:
    credits = attribute([path("A", 1, value="100"), path("B > A", 1, value="-30.50")], "first")
    assert (credits["A"].value, credits["B"].value) == (Decimal(100), Decimal("-30.5"))


@settings(max_examples=40)
@given(some_paths, st.sampled_from(["first", "last", "linear", "position"]))
def test_touches_counted_by_place_give_the_same_credits(paths: list[Path], model: str) -> None:
    won: Counter[tuple[str, int, int]] = Counter()
    value: Counter[tuple[str, int, int]] = Counter()
    for each in paths:
        for at, channel in enumerate(each.channels, start=1):
            won[channel, at, len(each.channels)] += each.conversions  # type: ignore[assignment]
            value[channel, at, len(each.channels)] += each.value  # type: ignore[assignment,operator]
    touches = [Touch(*place, Decimal(won[place]), Decimal(value[place])) for place in won]
    assert by_position(touches, model) == attribute(paths, model)


# Shapley


def shapley_by_orders(paths: list[Path]) -> dict[str, Fraction]:
    """The definition: a channel's mean marginal worth over every order in which the channels may join."""
    players = sorted({channel for path in paths for channel in path.channels})

    def worth(coalition: set[str]) -> Fraction:
        return sum((Fraction(p.conversions) for p in paths if set(p.channels) <= coalition), Fraction(0))

    credit = dict.fromkeys(players, Fraction(0))
    for order in itertools.permutations(players):
        for at, player in enumerate(order):
            credit[player] += worth(set(order[: at + 1])) - worth(set(order[:at]))
    return {player: total / math.factorial(len(players)) for player, total in credit.items()}


@settings(max_examples=25)
@given(some_paths)
def test_shapley_equals_the_mean_over_all_orders(paths: list[Path]) -> None:
    expected = shapley_by_orders(paths)
    credits = conversions(paths, "shapley")
    assert credits.keys() == expected.keys()
    assert all(abs(Fraction(credits[name]) - expected[name]) <= Fraction(1, 10**6) for name in expected)


@settings(max_examples=25)
@given(some_paths)
def test_shapley_needs_only_the_set_of_channels(paths: list[Path]) -> None:
    as_sets = [Path(tuple(sorted(set(p.channels))), p.conversions, value=p.value) for p in paths]
    assert attribute(as_sets, "shapley") == attribute(paths, "shapley")


# Markov


def test_markov_closed_form() -> None:
    """metrics.md, Attribution: c1>c2>c3 converts, c1 and c2>c3 do not."""
    chain = markov(transitions(CLOSED_FORM))
    assert chain is not None
    assert chain.probability == Fraction(1, 3)
    assert chain.removal_effects == {"c1": Fraction(1, 2), "c2": 1, "c3": 1}
    credits = {name: credit.conversions for name, credit in markov_credits(transitions(CLOSED_FORM)).items()}
    assert credits == {"c1": Decimal("0.2"), "c2": Decimal("0.4"), "c3": Decimal("0.4")}


def chance_to_convert(paths: list[Path], removed: str | None = None) -> Fraction:
    """The definition, by elimination: what reaches a removed channel is lost; Fractions throughout."""
    out: dict[str, Counter[str]] = {"(start)": Counter()}
    for each in paths:
        for steps, times in ((("(won)",), each.conversions), (("(lost)",), each.non_conversions)):
            for here, there in itertools.pairwise(("(start)", *each.channels, *steps)):
                out.setdefault(here, Counter())[there] += times  # type: ignore[assignment]
    if removed:
        out.pop(removed)
    chances = {
        here: {there: Fraction(n) / Fraction(sum(to.values())) for there, n in to.items() if n}
        for here, to in out.items()
        if sum(to.values())
    }
    for gone in [state for state in chances if state != "(start)"]:
        onward = chances.pop(gone)
        stay = onward.pop(gone, Fraction(0))
        for to in chances.values():
            through = to.pop(gone, Fraction(0)) / (1 - stay)
            for there, chance in onward.items():
                to[there] = to.get(there, Fraction(0)) + through * chance
    return chances.get("(start)", {}).get("(won)", Fraction(0))


@settings(max_examples=60)
@given(some_paths)
def test_removal_effects_equal_those_of_removing_each_channel(paths: list[Path]) -> None:
    chain = markov(transitions(paths))
    whole = chance_to_convert(paths)
    if chain is None:
        assert whole == 0
        return
    assert chain.probability == whole
    for channel, effect in chain.removal_effects.items():
        travelled = any(channel in p.channels and p.conversions + p.non_conversions for p in paths)
        expected = 1 - chance_to_convert(paths, channel) / whole if travelled else 0
        assert effect == expected


@settings(max_examples=40)
@given(some_paths)
def test_first_order_probability_is_the_raw_conversion_rate(paths: list[Path]) -> None:
    won = sum(Fraction(p.conversions) for p in paths)
    ended = won + sum(Fraction(p.non_conversions) for p in paths)
    if won:
        assert chance_to_convert(paths) == won / ended


@settings(max_examples=40)
@given(some_paths)
def test_collapsing_repeats_leaves_removal_effects_unchanged(paths: list[Path]) -> None:
    collapsed = [
        Path(tuple(channel for channel, _ in itertools.groupby(p.channels)), p.conversions, p.non_conversions)
        for p in paths
    ]
    assert markov(transitions(collapsed)) == markov(transitions(paths))


def test_null_paths_change_markov_only_when_given() -> None:
    without = [path("c1 > c2", 2), path("c2 > c1", 2)]
    assert conversions(without, "markov") != conversions([*without, path("c1", 0, 8)], "markov")
    for model in RULES:
        assert conversions(without, model) == conversions([*without, path("c1", 0, 8)], model)


def test_a_channel_on_no_path_has_no_effect() -> None:
    counts = Transitions({"A": Decimal(2)}, {}, {"A": Decimal(2), "idle": Decimal(0)})
    assert markov_credits(counts)["idle"].conversions == 0


def test_many_channels_solved_in_floats_agree_with_whole_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(7)
    names = [f"channel {at}" for at in range(12)]
    paths = [path(" > ".join(chance.choices(names, k=4)), chance.randrange(50), 200) for _ in range(80)]
    exact = markov(transitions(paths))
    monkeypatch.setattr(attribution, "EXACT_CHANNELS", 0)
    floating = markov(transitions(paths))
    assert exact is not None
    assert floating is not None
    for name in names:
        assert float(floating.removal_effects[name]) == pytest.approx(float(exact.removal_effects[name]), rel=1e-9)


# Bad input


def test_counts_not_of_whole_paths_are_refused() -> None:
    with pytest.raises(UsageError, match="not those of whole paths"):
        markov(Transitions({"A": Decimal(2)}, {("A", "B"): Decimal(2)}, {"B": Decimal(1)}))


def test_a_path_without_touches_is_refused() -> None:
    with pytest.raises(UsageError, match="no touch"):
        Path((), Decimal(1))


@pytest.mark.parametrize(("won", "lost"), [(-1, 0), (0, -1)])
def test_negative_counts_are_refused(won: int, lost: int) -> None:
    with pytest.raises(UsageError, match="negative count"):
        Path(("A",), Decimal(won), Decimal(lost))


@pytest.mark.parametrize("ages", [None, (1.0,)])
def test_time_decay_without_times_is_refused_with_a_way_out(ages: tuple[float, ...] | None) -> None:
    with pytest.raises(UsageError, match="needs the time of every touch; give touches with a time"):
        attribute([Path(("A", "B"), Decimal(1), ages=ages)], "time_decay")


@pytest.mark.parametrize("half_life", [0.0, -7.0, math.nan])
def test_a_half_life_must_be_positive(half_life: float) -> None:
    with pytest.raises(UsageError, match="more than 0 days"):
        attribute([path("A > B")], "time_decay", half_life)


def test_an_unknown_model_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="no attribution model “u-shaped”; choose one of first, last"):
        attribute([path("A")], "u-shaped")
    with pytest.raises(UsageError, match="choose one of first, last, linear, position"):
        by_position([], "markov")
