from __future__ import annotations

import math
import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from kpi_cli.errors import UsageError
from kpi_cli.models.abtest import (
    CONFIDENCE,
    Arm,
    Sample,
    ab_test,
    fisher,
    holm,
    newcombe,
    sample_ratio,
    sample_size,
    two_sided,
    welch,
    wilson,
)

arms = st.integers(1, 3000).flatmap(lambda n: st.builds(Arm, st.just("A"), st.integers(0, n), st.just(n)))
pairs = st.tuples(arms, arms).map(lambda two: (two[0], Arm("B", two[1].conversions, two[1].n)))

PUBLISHED = (Arm("A", 17489, 145274), Arm("B", 17264, 145310))


def binomial(n: int, rate: float) -> list[float]:
    return [math.comb(n, k) * rate**k * (1 - rate) ** (n - k) for k in range(n + 1)]


# Intervals


@pytest.mark.parametrize(
    ("successes", "n", "expected"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_wilson_gives_the_published_intervals(successes: int, n: int, expected: tuple[float, float]) -> None:
    """Newcombe 1998, Two-sided Confidence Intervals for the Single Proportion, table I, method 3."""
    assert wilson(successes, n) == pytest.approx(expected, abs=5e-5)


@settings(max_examples=60)
@given(arms, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_wilson_agrees_with_scipy(arm: Arm, confidence: float) -> None:
    expected = stats.binomtest(arm.conversions, arm.n).proportion_ci(confidence, method="wilson")
    assert wilson(arm.conversions, arm.n, confidence) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(arms)
def test_wilson_holds_the_rate_and_stays_within_zero_and_one(arm: Arm) -> None:
    interval = wilson(arm.conversions, arm.n)
    assert interval is not None
    assert 0 <= interval[0] <= arm.rate <= interval[1] <= 1


@given(arms)
def test_wilson_of_the_failures_mirrors_that_of_the_successes(arm: Arm) -> None:
    won, lost = wilson(arm.conversions, arm.n), wilson(arm.n - arm.conversions, arm.n)
    assert won is not None
    assert lost == pytest.approx((1 - won[1], 1 - won[0]), abs=1e-12)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (5, 0), (6, 5), (-1, 5)])
def test_there_is_no_interval_where_there_is_no_proportion(successes: int, n: int) -> None:
    assert wilson(successes, n) is None


@pytest.mark.parametrize("n", [10, 25, 50, 100])
def test_mean_coverage_of_wilson_is_within_two_points_of_nominal(n: int) -> None:
    intervals = [wilson(k, n) or (1, 0) for k in range(n + 1)]
    rates = [at / 200 for at in range(1, 200)]
    covered = [
        sum(p for p, (low, high) in zip(binomial(n, rate), intervals, strict=True) if low <= rate <= high)
        for rate in rates
    ]
    assert sum(covered) / len(covered) == pytest.approx(CONFIDENCE, abs=0.02)


def test_mean_coverage_of_newcombe_is_within_two_points_of_nominal() -> None:
    n, m = 15, 20
    intervals = [[newcombe(Arm("A", j, n), Arm("B", k, m)) for k in range(m + 1)] for j in range(n + 1)]
    rates = [0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95]
    covered = [
        sum(
            p * q
            for j, p in enumerate(binomial(n, control))
            for k, q in enumerate(binomial(m, arm))
            if intervals[j][k][0] <= arm - control <= intervals[j][k][1]
        )
        for control in rates
        for arm in rates
    ]
    assert sum(covered) / len(covered) == pytest.approx(CONFIDENCE, abs=0.02)


@pytest.mark.parametrize(
    ("arm", "control", "expected"),
    [((56, 70), (48, 80), (0.0524, 0.3339)), ((9, 10), (3, 10), (0.1705, 0.8090))],
)
def test_newcombe_gives_the_published_intervals(
    arm: tuple[int, int], control: tuple[int, int], expected: tuple[float, float]
) -> None:
    """Newcombe 1998, Interval Estimation for the Difference Between Independent Proportions, method 10."""
    assert newcombe(Arm("A", *control), Arm("B", *arm)) == pytest.approx(expected, abs=5e-5)


# No difference?


def test_the_published_landing_page_test() -> None:
    """metrics.md, A/B: rates .120386 and .118808, z −1.3109, p .1899."""
    control, arm = PUBLISHED
    z, p = two_sided(control, arm)
    assert (control.rate, arm.rate) == pytest.approx((0.120386, 0.118808), abs=5e-7)
    assert z == pytest.approx(-1.3109, abs=5e-5)
    assert p == pytest.approx(0.1899, abs=5e-5)


@settings(max_examples=60)
@given(pairs)
def test_z_and_p_agree_with_scipys_chi_square_or_fisher(pair: tuple[Arm, Arm]) -> None:
    table = [[arm.conversions, arm.n - arm.conversions] for arm in pair]
    z, p = two_sided(*pair)
    margins = [sum(column) for column in zip(*table, strict=True)]
    expected = min(margins) * min(arm.n for arm in pair) / sum(margins)
    if expected < 5:
        assert z is None
        assert p == pytest.approx(stats.fisher_exact(table).pvalue, rel=1e-6)
    else:
        assert z is not None
        chi2 = stats.chi2_contingency(table, correction=False)
        assert z * z == pytest.approx(chi2.statistic, rel=1e-9, abs=1e-12)
        assert p == pytest.approx(chi2.pvalue, rel=1e-9)


@settings(max_examples=60)
@given(st.integers(1, 25), st.integers(1, 25), st.data())
def test_fisher_equals_the_sum_over_all_tables(n: int, m: int, data: st.DataObject) -> None:
    j, k = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    ways = {at: math.comb(n, at) * math.comb(m, j + k - at) for at in range(n + 1) if 0 <= j + k - at <= m}
    expected = sum(way for way in ways.values() if way <= ways[j]) / sum(ways.values())
    assert fisher(Arm("A", j, n), Arm("B", k, m)) == pytest.approx(expected, rel=1e-9)


def test_fisher_of_the_lady_tasting_tea() -> None:
    """Fisher 1935: three of four cups told apart: two-sided 34/70."""
    assert fisher(Arm("A", 3, 4), Arm("B", 1, 4)) == pytest.approx(34 / 70)


def test_fisher_of_rare_conversions_among_millions_stays_finite() -> None:
    p = fisher(Arm("A", 0, 5_000_000), Arm("B", 9, 5_000_000))
    assert p == pytest.approx(2 * 0.5**9, rel=1e-5)


def test_nobody_or_everybody_converting_shows_no_difference() -> None:
    assert two_sided(Arm("A", 0, 50), Arm("B", 0, 70)) == (None, 1.0)
    assert two_sided(Arm("A", 50, 50), Arm("B", 70, 70)) == (None, 1.0)


# Sample ratio, Holm, sample size


def test_sample_ratio_of_the_published_mismatch() -> None:
    """Kohavi, Tang & Xu 2020, Trustworthy Online Controlled Experiments, chapter 3: p 1.8e-6."""
    assert sample_ratio([Arm("A", 0, 821_588), Arm("B", 0, 815_482)]) == pytest.approx(1.8e-6, rel=0.02)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(1, 9)), min_size=2, max_size=7))
def test_sample_ratio_agrees_with_scipy_for_any_number_of_arms(drawn: list[tuple[int, int]]) -> None:
    counts, split = [n for n, _ in drawn], [float(share) for _, share in drawn]
    expected = [sum(counts) * share / sum(split) for share in split]
    p = sample_ratio([Arm(str(at), 0, n) for at, n in enumerate(counts)], split)
    assert p == pytest.approx(stats.chisquare(counts, expected).pvalue, rel=1e-7, abs=1e-300)


@pytest.mark.parametrize("split", [[1.0], [1.0, 0.0], [1.0, -1.0], [1.0, math.nan]])
def test_a_split_that_does_not_fit_is_refused(split: list[float]) -> None:
    with pytest.raises(UsageError, match="give one share above 0 per arm"):
        sample_ratio(PUBLISHED, split)


def test_holm_by_hand() -> None:
    """Ranked .005, .01, .03, .04 times 4, 3, 2, 1, never falling: .02, .03, .06, .06."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_never_lowers_a_p_value_nor_passes_bonferroni(p_values: list[float]) -> None:
    for p, adjusted in zip(p_values, holm(p_values), strict=True):
        assert p <= adjusted <= 1
        assert adjusted <= min(1.0, len(p_values) * max(p_values))


@pytest.mark.parametrize(
    ("rate", "change", "power", "expected"), [(0.5, 0.25, 0.9, 76.65294), (0.2, 0.05, 0.8, 1093.739)]
)
def test_sample_size_is_that_of_r(rate: float, change: float, power: float, expected: float) -> None:
    """R's power.prop.test(p1, p2, power); its help page gives the first as 76.7."""
    assert sample_size(rate, change, power) == math.ceil(expected)


@pytest.mark.parametrize(("rate", "change"), [(0.1, 0.02), (0.98, 0.05), (0.5, 0.1)])
def test_a_sample_of_the_size_asked_for_has_that_power(rate: float, change: float) -> None:
    """Independent: the chance, under normal approximation, that the pooled z passes 1.96 at that size."""
    n = sample_size(rate, change)
    other = rate + change if rate + change <= 1 else rate - change
    mean = (rate + other) / 2
    reach = change - stats.norm.ppf(0.975) * math.sqrt(2 * mean * (1 - mean) / n)
    power = stats.norm.cdf(reach / math.sqrt((rate * (1 - rate) + other * (1 - other)) / n))
    assert 0.8 <= power < 0.81


@pytest.mark.parametrize(("rate", "change"), [(0.1, 0.0), (0.1, -0.1), (0.5, 0.6), (1.2, 0.1), (0.1, math.nan)])
def test_a_change_that_cannot_be_is_refused(rate: float, change: float) -> None:
    with pytest.raises(UsageError, match="cannot change by"):
        sample_size(rate, change)


# Revenue per visitor

SLEEP_1 = ["0.7", "-1.6", "-0.2", "-1.2", "-0.1", "3.4", "3.7", "0.8", "0.0", "2.0"]
SLEEP_2 = ["1.9", "0.8", "1.1", "0.1", "-0.1", "4.4", "5.5", "1.6", "4.6", "3.4"]


def of_values(values: list[str]) -> Sample:
    exact = [Decimal(value) for value in values]
    return Sample.of_sums(len(exact), sum(exact, Decimal(0)), sum((x * x for x in exact), Decimal(0)))


def test_welch_of_students_sleep_data() -> None:
    """R's t.test(extra ~ group, data = sleep): t −1.8608, df 17.776, p .07939, −3.3654832 to .2054832."""
    test = welch(of_values(SLEEP_1), of_values(SLEEP_2))
    assert test is not None
    assert test.t == pytest.approx(1.8608, abs=5e-5)
    assert test.freedom == pytest.approx(17.776, abs=5e-4)
    assert test.p == pytest.approx(0.07939, abs=5e-6)
    assert (test.difference_low, test.difference_high) == pytest.approx((-0.2054832, 3.3654832), abs=5e-8)


def test_sums_of_cents_in_the_billions_lose_nothing() -> None:
    sample = of_values(["1000000000.01", "1000000000.02", "1000000000.03"])
    assert sample.variance == pytest.approx(0.0001, rel=1e-12)


@pytest.mark.parametrize("sample", [Sample(1, 5.0, 0.0), Sample(9, 5.0, 0.0)], ids=["one visitor", "no variance"])
def test_welch_is_empty_where_there_is_nothing_to_judge_by(sample: Sample) -> None:
    assert welch(sample, Sample(9, 4.0, 0.0)) is None


@given(
    st.tuples(st.integers(2, 10**6), st.floats(-1e6, 1e6), st.floats(0.01, 1e6)),
    st.tuples(st.integers(2, 10**6), st.floats(-1e6, 1e6), st.floats(0.01, 1e6)),
)
def test_swapping_arms_mirrors_welch(a: tuple[int, float, float], b: tuple[int, float, float]) -> None:
    there, back = welch(Sample(*a), Sample(*b)), welch(Sample(*b), Sample(*a))
    assert there is not None
    assert back is not None
    assert (back.difference, back.t, back.p) == pytest.approx((-there.difference, -there.t, there.p))
    assert (back.difference_low, back.difference_high) == pytest.approx((-there.difference_high, -there.difference_low))


# The whole test


@settings(max_examples=60)
@given(pairs)
def test_swapping_arms_mirrors_the_test(pair: tuple[Arm, Arm]) -> None:
    there, back = ab_test(pair).comparisons[0], ab_test(pair[::-1]).comparisons[0]
    assert back.difference == -there.difference
    assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]))
    assert (back.z is None) == (there.z is None)
    assert back.z == pytest.approx(-there.z if there.z is not None else None)
    assert back.p == pytest.approx(there.p, rel=1e-6)
    assume(abs(there.p - 0.05) > 1e-6)
    mirrored = {"better": "worse", "worse": "better"}
    assert back.verdict == mirrored.get(there.verdict, there.verdict)


def test_the_published_test_in_the_contracts_shape() -> None:
    test = ab_test(PUBLISHED).to_dict()
    assert list(test) == [
        "variants",
        "difference",
        "difference_low",
        "difference_high",
        "lift",
        "z",
        "p",
        "srm_p",
        "verdict",
        "text",
        "comparisons",
    ]
    assert [list(variant) for variant in test["variants"]] == [
        ["variant", "n", "conversions", "rate", "rate_low", "rate_high"]
    ] * 2
    assert test["difference"] == pytest.approx(0.118808 - 0.120386, abs=1e-6)
    assert test["lift"] == pytest.approx(0.118808 / 0.120386 - 1, abs=1e-5)
    assert test["verdict"] == "not_shown"
    assert test["comparisons"] == []


def test_several_arms_are_each_compared_with_the_control() -> None:
    test = ab_test([Arm("A", 400, 5000), Arm("B", 460, 5000), Arm("C", 470, 5000)]).to_dict()
    alone = [two_sided(Arm("A", 400, 5000), Arm("B", n, 5000))[1] for n in (460, 470)]
    assert [each["variant"] for each in test["comparisons"]] == ["B", "C"]
    assert [each["p"] for each in test["comparisons"]] == pytest.approx([alone[0], 2 * alone[1]], abs=1e-6)
    assert {test[name] for name in ("difference", "difference_low", "difference_high", "lift", "z", "p")} == {None}


def test_an_arm_that_wins_alone_may_not_win_among_several() -> None:
    control, winner = Arm("A", 400, 5000), Arm("B", 458, 5000)
    others = [Arm(name, 400, 5000) for name in "CDEF"]
    assert ab_test([control, winner]).verdict == "better"
    assert ab_test([control, winner, *others]).verdict != "better"


def test_several_arms_are_spoken_for_by_the_best_that_wins() -> None:
    test = ab_test([Arm("A", 400, 5000), Arm("B", 250, 5000), Arm("C", 520, 5000), Arm("D", 500, 5000)])
    assert test.verdict == "better"
    assert test.deciding.arm.variant == "C"


@pytest.mark.parametrize(
    ("control", "arm", "verdict"),
    [
        ((400, 5000), (470, 5000), "better"),
        ((470, 5000), (400, 5000), "worse"),
        ((40, 500), (47, 510), "not_enough_data"),
        ((17489, 145274), (17264, 145310), "not_shown"),
        ((400, 5000), (470, 5600), "refused"),
    ],
)
def test_every_verdict_has_its_case(control: tuple[int, int], arm: tuple[int, int], verdict: str) -> None:
    assert ab_test([Arm("A", *control), Arm("B", *arm)]).verdict == verdict


def test_a_planned_uneven_split_is_not_a_mismatch() -> None:
    uneven = [Arm("A", 900, 9000), Arm("B", 130, 1000)]
    assert ab_test(uneven).verdict == "refused"
    assert ab_test(uneven, split=[90, 10]).verdict == "better"


def test_the_change_worth_showing_decides_whether_the_data_suffice() -> None:
    pair = [Arm("A", 400, 5000), Arm("B", 410, 5000)]
    assert ab_test(pair, change=0.02).verdict == "not_shown"
    assert ab_test(pair, change=0.01).verdict == "not_enough_data"
    assert ab_test(pair, change=0.01).comparisons[0].lacking == sample_size(0.081, 0.01) - 5000


def test_lift_is_empty_when_nobody_converts_in_the_control() -> None:
    assert ab_test([Arm("A", 0, 500), Arm("B", 9, 500)]).to_dict()["lift"] is None


# Sentences


@pytest.mark.parametrize(
    ("control", "arm", "said"),
    [
        (
            (400, 5000),
            (470, 5000),
            "“B” converts better than “A”: 9.40% against 8.00%, +1.40 points (95% interval +0.30 to +2.51), "
            "a lift of +17.5%, p = 0.013.",
        ),
        (
            (40, 500),
            (48, 500),
            "Not enough data to compare “B” with “A” (9.60% against 8.00%, p = 0.372): "
            "about 17,000 more visitors per arm for a change of 0.88 points at 80% power.",
        ),
        (
            (400, 5000),
            (470, 5600),
            "No verdict: the visitors were not split as planned (5,000 / 5,600, p < 0.001); "
            "find out why, then run the test again.",
        ),
    ],
)
def test_a_verdict_is_one_plain_sentence(control: tuple[int, int], arm: tuple[int, int], said: str) -> None:
    assert ab_test([Arm("A", *control), Arm("B", *arm)]).text() == said


def test_a_verdict_is_said_in_french() -> None:
    said = ab_test([Arm("A", 470, 5000), Arm("B", 400, 5000)]).text("fr").replace("\u202f", " ").replace("\u00a0", " ")
    assert said == (
        "« B » convertit moins bien que « A » : 8,00 % contre 9,40 %, soit −1,40 pt "
        "(intervalle à 95 % : −2,51 à −0,30), −14,9 % en relatif, p = 0,013."
    )


def test_a_doubtful_split_is_said_beside_the_verdict() -> None:
    test = ab_test([Arm("A", 400, 5000), Arm("B", 520, 5290)])
    assert test.verdict == "better"
    assert test.text().endswith("(but the split of visitors, 5,000 / 5,290, is doubtful: p = 0.004).")


def test_what_p_is_adjusted_for_is_said() -> None:
    test = ab_test([Arm("A", 400, 5000), Arm("B", 470, 5000), Arm("C", 410, 5000)])
    assert test.text().endswith("p = 0.026 after 2 comparisons."), "twice the .013 of B alone"


def test_a_lift_on_nothing_is_not_said() -> None:
    assert "lift" not in ab_test([Arm("A", 0, 500), Arm("B", 19, 500)]).text()


def test_small_rates_are_said_with_enough_decimals() -> None:
    test = ab_test([Arm("A", 40, 100_000), Arm("B", 46, 100_000)])
    assert "a change of 0.0043 points" in test.text()


@settings(max_examples=40)
@given(pairs, st.sampled_from(["en", "fr"]))
def test_every_sentence_is_whole(pair: tuple[Arm, Arm], lang: str) -> None:
    said = ab_test(pair).text(lang)
    assert said.endswith(".")
    assert not set("{}\n") & set(said)
    assert "nan" not in said


def test_a_hostile_variant_name_is_said_harmless() -> None:
    said = ab_test([Arm("A", 400, 5000), Arm("\x1b[31mB learner17@example.com", 470, 5000)]).text()
    assert "\x1b" not in said
    assert "learner17" not in said


# Bad input


@pytest.mark.parametrize(
    ("conversions", "n", "message"),
    [
        (6, 5, "“B” has 6 conversions of 5 visitors; give conversions/visitors"),
        (0, 0, "“B” has no visitors; leave it out"),
        (-1, 5, "“B” has negative conversions; check"),
    ],
)
def test_an_arm_that_cannot_be_is_refused_with_a_way_out(conversions: int, n: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Arm("B", conversions, n)


def test_one_arm_is_refused() -> None:
    with pytest.raises(UsageError, match="needs two arms or more; give a control and a variant"):
        ab_test([PUBLISHED[0]])


def test_two_arms_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="add them up, or name them apart"):
        ab_test([PUBLISHED[0], PUBLISHED[0]])


def test_intervals_and_tests_of_rates_need_neither_scipy_nor_numpy() -> None:
    program = (
        "import sys; from kpi_cli.models.abtest import Arm, ab_test; "
        "ab_test([Arm('A', 4, 500), Arm('B', 1, 510), Arm('C', 2, 505)]).to_dict(); "
        "from kpi_cli.models import attribution as a; from decimal import Decimal; "
        "a.attribute([a.Path(('A', 'B'), Decimal(1))], 'markov'); "
        "print(sorted({'scipy', 'numpy', 'pandas', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
