"""The A/B tests beside statsmodels, which the program itself never imports."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import (
    confint_proportions_2indep,
    power_proportions_2indep,
    proportion_confint,
    proportions_ztest,
    samplesize_proportions_2indep_onetail,
)
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from kpi_cli.models.abtest import Arm, Sample, holm, newcombe, sample_size, two_sided, welch, wilson

arms = st.integers(1, 5000).flatmap(lambda n: st.builds(Arm, st.just("A"), st.integers(0, n), st.just(n)))
rates = st.floats(0.01, 0.5)
changes = st.floats(0.002, 0.2)
revenues = st.lists(st.integers(0, 50_000), min_size=2, max_size=60)  # cents of each visitor


@settings(max_examples=100, deadline=None)
@given(arms, st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_the_interval_of_a_rate_is_statsmodels_wilson(arm: Arm, confidence: float) -> None:
    expected = proportion_confint(arm.conversions, arm.n, alpha=1 - confidence, method="wilson")
    assert wilson(arm.conversions, arm.n, confidence) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(arms, arms, st.sampled_from([0.9, 0.95, 0.99]))
def test_the_interval_of_a_difference_is_statsmodels_newcombe(a: Arm, b: Arm, confidence: float) -> None:
    expected = confint_proportions_2indep(
        b.conversions, b.n, a.conversions, a.n, method="newcomb", compare="diff", alpha=1 - confidence
    )
    assert newcombe(a, b, confidence) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(arms, arms)
def test_z_and_p_are_those_of_statsmodels_pooled_test(a: Arm, b: Arm) -> None:
    z, p = two_sided(a, b)
    assume(z is not None)
    expected = proportions_ztest([b.conversions, a.conversions], [b.n, a.n])
    assert (z, p) == pytest.approx(expected, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(rates, changes, st.sampled_from([0.8, 0.9]), st.sampled_from([0.95, 0.975]))
def test_the_visitors_needed_are_statsmodels_sample_size(
    rate: float, change: float, power: float, confidence: float
) -> None:
    expected = samplesize_proportions_2indep_onetail(change, rate, power, alpha=1 - confidence)
    assert 0 <= sample_size(rate, change, power, confidence) - expected < 1 + 1e-9 * expected


@settings(max_examples=60, deadline=None)
@given(rates, changes)
def test_so_many_visitors_have_the_power_asked_for_by_statsmodels(rate: float, change: float) -> None:
    n = sample_size(rate, change)
    assert power_proportions_2indep(change, rate, n, return_results=False) >= 0.8 - 1e-9
    assume(n > 3)
    assert power_proportions_2indep(change, rate, n - 2, return_results=False) < 0.8 + 1e-3


@settings(max_examples=60, deadline=None)
@given(revenues, revenues)
def test_revenue_per_visitor_is_tested_as_statsmodels_does(a: list[int], b: list[int]) -> None:
    assume(len(set(a)) > 1 and len(set(b)) > 1)
    found = welch(of_cents(a), of_cents(b))
    assert found is not None
    means = CompareMeans(DescrStatsW([cents / 100 for cents in b]), DescrStatsW([cents / 100 for cents in a]))
    t, p, freedom = means.ttest_ind(usevar="unequal")
    low, high = means.tconfint_diff(usevar="unequal")
    assert (found.t, found.p, found.freedom) == pytest.approx((t, p, freedom), rel=1e-9, abs=1e-12)
    assert (found.difference_low, found.difference_high) == pytest.approx((low, high), rel=1e-9, abs=1e-9)


def of_cents(cents: list[int]) -> Sample:
    spent = [Decimal(each) / 100 for each in cents]
    return Sample.of_sums(len(spent), sum(spent, Decimal(0)), sum((each * each for each in spent), Decimal(0)))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_several_comparisons_are_adjusted_as_statsmodels_does(p_values: list[float]) -> None:
    assert holm(p_values) == pytest.approx(list(multipletests(p_values, method="holm")[1]), abs=1e-12)


def test_the_program_never_imports_its_oracle() -> None:
    program = (
        "import sys; from kpi_cli.commands.app import main; "
        "main(['funnel', '--a', '400/5000', '--b', '470/5100']); "
        "sys.exit(any(name.split('.')[0] == 'statsmodels' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=False).returncode == 0
