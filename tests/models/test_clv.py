from __future__ import annotations

import dataclasses
import math
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal, localcontext

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_cli.models.clv import (
    WEEKS_PER_MONTH,
    BgNbd,
    GammaGamma,
    History,
    customer_value,
    expected_purchases,
    expected_purchases_new,
    expected_value,
    fit_bg_nbd,
    fit_gamma_gamma,
    p_alive,
    p_x_in,
)

Array = npt.NDArray[np.float64]

CDNOW = BgNbd(0.243, 4.414, 0.793, 2.426)
"""Fader, Hardie & Lee 2005, table 2: CDNOW, 2,357 customers, 39 weeks."""
CDNOW_SPEND = GammaGamma(6.2499, 3.7438, 15.4434)
"""Fader & Hardie 2013: the 946 of them who bought again."""


# Customers with known parameters


@dataclasses.dataclass(frozen=True)
class Base:
    frequency: Array
    recency: Array
    age: Array
    later: Array  # purchases in the 39 weeks after

    @property
    def history(self) -> History:
        return History(self.frequency, self.recency, self.age)

    def fit(self) -> BgNbd:
        return fit_bg_nbd(*self.history, np.ones(len(self.age)))


def customers(seed: int, size: int, rates: Array, dropouts: Array) -> Base:
    """Customers won over 12 weeks and observed until week 39, then for 39 weeks more."""
    chance = np.random.default_rng(seed)
    age = 39 - chance.uniform(0, 12, size)
    frequency, recency, later, now = np.zeros((4, size))
    active = np.ones(size, bool)
    while active.any():
        now = now + chance.exponential(1 / rates)
        bought, afterwards = active & (now <= age), active & (now > age) & (now <= age + 39)
        frequency[bought] += 1
        recency[bought] = now[bought]
        later[afterwards] += 1
        active = (bought | afterwards) & (chance.random(size) >= dropouts)
    return Base(frequency, recency, age, later)


def simulated(seed: int, size: int = 4000, model: BgNbd = CDNOW) -> Base:
    chance = np.random.default_rng(seed)
    rates, dropouts = chance.gamma(model.r, 1 / model.alpha, size), chance.beta(model.a, model.b, size)
    return customers(seed + 1000, size, np.maximum(rates, 1e-9), dropouts)


def spent(seed: int, size: int = 3000, model: GammaGamma = CDNOW_SPEND) -> tuple[Array, Array]:
    """Numbers of purchases, and their means."""
    chance = np.random.default_rng(seed)
    x = chance.geometric(0.4, size).astype(float)
    rates = chance.gamma(model.q, 1 / model.v, size)
    return x, chance.gamma(model.p * x, 1 / (rates * x))


# Published values


@pytest.mark.parametrize(("weeks", "expected"), [(1, 0.0533), (3, 0.1509), (32, 1.0452), (78, 1.8605)])
def test_a_new_cdnow_customer_buys_what_the_paper_says(weeks: int, expected: float) -> None:
    """Fader, Hardie & Lee 2005, equation (9) at the CDNOW parameters."""
    assert expected_purchases_new(CDNOW, weeks) == pytest.approx(expected, abs=5e-5)


def test_a_cdnow_customer_buys_nothing_in_39_weeks_as_often_as_the_paper_says() -> None:
    """Fader, Hardie & Lee 2005, equation (8) at the CDNOW parameters."""
    assert p_x_in(CDNOW, 0, 39) == pytest.approx(0.5738, abs=5e-5)


def test_a_known_cdnow_customer_buys_what_the_paper_says() -> None:
    """Fader, Hardie & Lee 2005, equation (10): customer 0001, x = 2, t_x = 30.43, T = 38.86."""
    assert expected_purchases(CDNOW, 39, [2], [30.43], [38.86]) == pytest.approx(1.226, abs=5e-4)


def test_a_known_cdnow_customer_spends_what_the_note_says() -> None:
    """Fader & Hardie 2013: three purchases of 35 on average."""
    assert expected_value(CDNOW_SPEND, [3], [35]) == pytest.approx(35.02, abs=5e-3)


# Expected purchases against the published formula


def hypergeometric(model: BgNbd, t: float, frequency: int, age: float) -> float:
    """Equation (10) without its denominator, (9) at x = T = 0, with 60 digits."""
    with localcontext() as context:
        context.prec = 60
        r, alpha, a, b, weeks, since = (
            Decimal(repr(value)) for value in (model.r, model.alpha, model.a, model.b, t, age)
        )
        r, b, alpha = r + frequency, b + frequency, alpha + since
        z, c = weeks / (alpha + weeks), a + b - 1
        term = total = Decimal(1)
        k = 0
        while abs(term) > abs(total) * Decimal(10) ** -50:
            term *= (r + k) * (b + k) / ((c + k) * (k + 1)) * z
            total += term
            k += 1
        return float(c / (a - 1) * (1 - (r * (1 - z).ln()).exp() * total))


shapes = st.floats(0.05, 20).map(lambda value: round(value, 3))


@settings(max_examples=40, deadline=None)
@given(
    st.builds(BgNbd, shapes, st.floats(1, 50), shapes.map(lambda a: a + 1e-7), shapes.map(lambda b: b + 1e-8)),
    st.floats(0.1, 60),
    st.integers(0, 120),
    st.floats(0, 100),
)
def test_expected_purchases_are_those_of_the_hypergeometric_formula(
    model: BgNbd, t: float, frequency: int, age: float
) -> None:
    while_alive = expected_purchases(model, t, [frequency], [age], [age]) / p_alive(model, [frequency], [age], [age])
    assert while_alive == pytest.approx(hypergeometric(model, t, frequency, age), rel=1e-10)


@pytest.mark.parametrize(
    ("model", "t", "frequency", "age"),
    [
        (BgNbd(0.243, 0.05, 0.793, 2.426), 52.0, 0, 0.0),  # z = .999
        (BgNbd(0.243, 4.414, 1.0000001, 2.426), 52.0, 3, 1.0),  # a next to its singularity
        (BgNbd(0.01, 4.414, 0.02, 0.03), 52.0, 0, 20.0),  # c below 0
        (BgNbd(0.243, 4.414, 0.793, 2.426), 104.0, 700, 104.0),  # 2F1 past the range of a float
        (BgNbd(0.243, 4.414, 300.5, 900.0), 52.0, 5, 10.0),
        (BgNbd(0.243, 4.414, 40.0, 0.05), 520.0, 0, 0.0),
    ],
)
def test_expected_purchases_hold_where_the_hypergeometric_function_is_hard(
    model: BgNbd, t: float, frequency: int, age: float
) -> None:
    known = [frequency], [age], [age]
    while_alive = expected_purchases(model, t, *known) / p_alive(model, *known)
    assert while_alive == pytest.approx(hypergeometric(model, t, frequency, age), rel=1e-10)


@settings(max_examples=20, deadline=None)
@given(st.builds(BgNbd, st.floats(0.1, 3), st.floats(3, 30), st.floats(0.2, 5), st.floats(0.2, 5)))
def test_the_chances_of_every_number_of_purchases_add_up_to_one_and_to_their_mean(model: BgNbd) -> None:
    chances = [p_x_in(model, x, 10) for x in range(400)]
    assert math.fsum(chances) == pytest.approx(1, abs=1e-9)
    mean = math.fsum(x * chance for x, chance in enumerate(chances))
    assert mean == pytest.approx(expected_purchases_new(model, 10), rel=1e-8)


@pytest.mark.parametrize("x", [1, 2, 7])
def test_the_chance_of_some_purchases_is_that_of_the_published_sum(x: int) -> None:
    """Fader, Hardie & Lee 2005, equation (8), summed term by term."""
    r, alpha, a, b = CDNOW.r, CDNOW.alpha, CDNOW.a, CDNOW.b

    def beta(first: float, second: float) -> float:
        return math.gamma(first) * math.gamma(second) / math.gamma(first + second)

    def exactly(j: int) -> float:
        rises = math.gamma(r + j) / math.gamma(r) / math.factorial(j)
        return rises * math.pow(alpha / (alpha + 39), r) * math.pow(39 / (alpha + 39), j)

    fewer = sum(exactly(j) for j in range(x))
    expected = beta(a, b + x) / beta(a, b) * exactly(x) + beta(a + 1, b + x - 1) / beta(a, b) * (1 - fewer)
    assert p_x_in(CDNOW, x, 39) == pytest.approx(expected, rel=1e-12)


def test_nothing_is_bought_in_no_time() -> None:
    assert expected_purchases_new(CDNOW, 0) == 0
    assert [p_x_in(CDNOW, x, 0) for x in range(3)] == [1, 0, 0]
    assert customer_value(CDNOW, History([2], [30], [38]), [10], 0).tolist() == [0]


# P(alive)


def test_p_alive_is_the_ratio_of_the_two_likelihoods() -> None:
    """Fader, Hardie & Lee 2008, by its own terms: alive ÷ (alive + dropped out)."""
    model, x, recency, age = CDNOW, 4, 10.0, 38.0
    alive = (model.alpha + age) ** -(model.r + x)
    dropped = model.a / (model.b + x - 1) * (model.alpha + recency) ** -(model.r + x)
    assert p_alive(model, [x], [recency], [age]) == pytest.approx(alive / (alive + dropped), rel=1e-12)


def test_a_customer_who_bought_once_is_alive_for_certain() -> None:
    assert p_alive(CDNOW, [0, 0], [0, 0], [0, 300]).tolist() == [1, 1]


@given(st.integers(1, 50), st.floats(0, 100), st.floats(0, 200), st.floats(0.1, 50))
def test_the_longer_the_silence_the_less_likely_alive(x: int, recency: float, silence: float, more: float) -> None:
    now, then = p_alive(CDNOW, [x, x], [recency] * 2, [recency + silence, recency + silence + more])
    assert 0 <= then < now < 1 or now < 1e-300


def test_what_is_predicted_comes_true() -> None:
    """Over the simulated 39 weeks after, in all and by customers of few and many purchases."""
    base = simulated(11, 8000)
    predicted = expected_purchases(CDNOW, 39, *base.history)
    for some in (base.frequency >= 0, base.frequency == 0, base.frequency == 1, base.frequency >= 4):
        noise = 4 * math.sqrt(base.later[some].var() * some.sum())
        assert predicted[some].sum() == pytest.approx(base.later[some].sum(), abs=noise)


# Fits


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("model", [CDNOW, BgNbd(0.9, 7.0, 1.4, 3.0)])
def test_known_purchase_parameters_are_recovered_within_4_standard_errors(model: BgNbd, seed: int) -> None:
    fitted = simulated(seed, model=model).fit()
    assert fitted.reason is None
    for name, error in fitted.standard_errors.items():
        assert getattr(fitted, name) == pytest.approx(getattr(model, name), abs=4 * error)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_known_spend_parameters_are_recovered_within_4_standard_errors(seed: int) -> None:
    x, mean = spent(seed)
    fitted = fit_gamma_gamma(x, mean, np.ones(len(x)))
    assert fitted.reason is None
    for name, error in fitted.standard_errors.items():
        assert getattr(fitted, name) == pytest.approx(getattr(CDNOW_SPEND, name), abs=4 * error)


def bg_nbd_log_likelihood(parameters: Array, base: Base) -> float:
    """Fader, Hardie & Lee 2005, equation (6), one customer at a time."""
    r, alpha, a, b = parameters
    total = 0.0
    for x, recency, age in zip(base.frequency, base.recency, base.age, strict=True):
        a1 = math.lgamma(r + x) - math.lgamma(r) + r * math.log(alpha)
        a2 = math.lgamma(a + b) + math.lgamma(b + x) - math.lgamma(b) - math.lgamma(a + b + x)
        a3 = (alpha + age) ** -(r + x)
        a4 = a / (b + x - 1) * (alpha + recency) ** -(r + x) if x else 0.0
        total += a1 + a2 + math.log(a3 + a4)
    return total


def gamma_gamma_log_likelihood(parameters: Array, spends: tuple[Array, Array]) -> float:
    """Fader & Hardie 2013, equation (1a), one customer at a time."""
    p, q, v = parameters
    total = 0.0
    for x, mean in zip(*spends, strict=True):
        total += math.lgamma(p * x + q) - math.lgamma(p * x) - math.lgamma(q) + q * math.log(v)
        total += (p * x - 1) * math.log(mean) + p * x * math.log(x) - (p * x + q) * math.log(x * mean + v)
    return total


def fitted_and_published(which: str) -> tuple[BgNbd | GammaGamma, Callable[[Array], float]]:
    """A fitted model, and the log-likelihood of its data as published."""
    if which == "bg_nbd":
        base = simulated(4, 600)
        return base.fit(), lambda parameters: bg_nbd_log_likelihood(parameters, base)
    spends = spent(4, 600)
    model = fit_gamma_gamma(*spends, np.ones(600))
    return model, lambda parameters: gamma_gamma_log_likelihood(parameters, spends)


@pytest.mark.parametrize("which", ["bg_nbd", "gamma_gamma"])
def test_a_fit_stands_on_the_top_of_the_published_likelihood(which: str) -> None:
    model, published = fitted_and_published(which)
    best = np.array([getattr(model, name) for name in model.standard_errors])
    assert model.log_likelihood == pytest.approx(published(best), rel=1e-11)
    for aside in np.eye(len(best)) * 1e-3:
        assert published(best * (1 + aside)) < model.log_likelihood
        assert published(best * (1 - aside)) < model.log_likelihood


@pytest.mark.parametrize("which", ["bg_nbd", "gamma_gamma"])
def test_standard_errors_are_those_of_the_curvature_of_the_published_likelihood(which: str) -> None:
    model, published = fitted_and_published(which)
    best = np.array([getattr(model, name) for name in model.standard_errors])
    steps = np.diag(best * 1e-3)
    hessian = [
        [
            published(best + i + j) - published(best + i - j) - published(best - i + j) + published(best - i - j)
            for j in steps
        ]
        for i in steps
    ]
    expected = np.sqrt(np.diag(np.linalg.inv(-np.array(hessian) / np.outer(best, best) / 4e-6)))
    assert list(model.standard_errors.values()) == pytest.approx(expected, rel=1e-3)


def test_neither_the_order_of_rows_nor_splitting_them_changes_a_digit() -> None:
    base = simulated(5, 500)
    chance = np.random.default_rng(0)
    rows = np.round(np.column_stack([*base.history, np.ones(500)]) * 7) / 7
    rows[:, 3] = 2
    halves = np.concatenate([rows, rows])
    halves[:, 3] = 1
    chance.shuffle(halves)
    whole, split = fit_bg_nbd(*rows.T), fit_bg_nbd(*halves.T)
    assert whole == split
    order = chance.permutation(500)
    forwards = expected_purchases(whole, 52, *rows[:, :3].T)
    assert expected_purchases(whole, 52, *rows[order, :3].T).tolist() == forwards[order].tolist()


def test_neither_the_order_of_spends_nor_splitting_them_changes_a_digit() -> None:
    x, mean = spent(5, 500)
    order = np.random.default_rng(0).permutation(1000)
    halves = np.tile(x, 2)[order], np.tile(mean, 2)[order], np.ones(1000)
    assert fit_gamma_gamma(x, mean, np.full(500, 2)) == fit_gamma_gamma(*halves)


@pytest.mark.parametrize("scale", [1e-3, 655.957, 1e7])
def test_another_currency_scales_values_and_nothing_else(scale: float) -> None:
    x, mean = spent(6, 500)
    one, other = fit_gamma_gamma(x, mean, np.ones(500)), fit_gamma_gamma(x, mean * scale, np.ones(500))
    assert (other.p, other.q, other.v) == pytest.approx((one.p, one.q, one.v * scale), rel=1e-6)
    assert other.log_likelihood == pytest.approx(one.log_likelihood - 500 * math.log(scale), rel=1e-9)
    assert expected_value(other, x, mean * scale) == pytest.approx(expected_value(one, x, mean) * scale)


# Value


def test_a_customer_is_expected_to_spend_between_the_own_mean_and_everybodys() -> None:
    population = CDNOW_SPEND.p * CDNOW_SPEND.v / (CDNOW_SPEND.q - 1)
    few, many = expected_value(CDNOW_SPEND, [1, 50], [100, 100])
    assert population < few < many < 100


@pytest.mark.parametrize(("frequency", "mean"), [(0, 0), (0, 12), (3, 0), (3, -5)])
def test_without_a_positive_repeat_mean_a_customer_is_taken_for_an_average_one(frequency: int, mean: float) -> None:
    population = CDNOW_SPEND.p * CDNOW_SPEND.v / (CDNOW_SPEND.q - 1)
    assert expected_value(CDNOW_SPEND, [frequency], [mean]) == pytest.approx(population)


def test_a_population_without_a_mean_has_none() -> None:
    model = GammaGamma(2, 0.9, 15)
    assert np.isnan(expected_value(model, [0, 3], [0, 10])).tolist() == [True, False]


def test_undiscounted_value_is_expected_purchases_times_expected_value() -> None:
    base = simulated(7, 200)
    worth = np.linspace(5, 50, 200)
    expected = expected_purchases(CDNOW, 30, *base.history) * worth
    assert customer_value(CDNOW, base.history, worth, 30) == pytest.approx(expected, rel=1e-12)


def test_each_month_is_discounted_from_its_end_the_last_part_of_one_from_its_own() -> None:
    history = History([2], [30.43], [38.86])
    first, second, end = (
        expected_purchases(CDNOW, weeks, *history)[0] for weeks in (WEEKS_PER_MONTH, 2 * WEEKS_PER_MONTH, 10)
    )
    expected = first / 1.02 + (second - first) / 1.02**2 + (end - second) / 1.02 ** (10 / WEEKS_PER_MONTH)
    assert customer_value(CDNOW, history, [10], 10, 0.02) == pytest.approx(10 * expected, rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 0.2), st.floats(0.001, 0.2), st.floats(1, 120), st.integers(0, 30))
def test_value_falls_as_the_discount_rises(discount: float, more: float, horizon: float, x: int) -> None:
    history = History([x], [20.0 if x else 0.0], [30.0])
    less, least = (customer_value(CDNOW, history, [10], horizon, each)[0] for each in (discount, discount + more))
    assert 0 < least < less


# Bad input: a model that says why it is none, never an exception, never a warning


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "no_customers"),
        ([(2, 10, 30, 1)], "one_customer"),
        ([(0, 0, 30, 1)], "one_customer"),
        ([(0, 0, 30, 10), (0, 0, 38, 12)], "no_repeat_purchases"),
        ([(0, 0, 0, 500)], "no_time_observed"),
    ],
)
def test_too_little_to_fit_purchases_on_is_said(rows: list[tuple[float, ...]], reason: str) -> None:
    model = fit_bg_nbd(*np.array(rows, float).reshape(-1, 4).T)
    assert (model.reason, model.identified, model.converged) == (reason, False, False)
    assert math.isnan(expected_purchases_new(model, 52))
    assert np.isnan(expected_purchases(model, 52, [0, 2], [0, 10], [30, 30])).all()
    assert math.isnan(p_x_in(model, 1, 52))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([], "no_repeat_value"),
        ([(0, 0, 30)], "no_repeat_value"),
        ([(2, 0, 3), (1, -4.5, 2)], "no_repeat_value"),
        ([(2, 20, 1), (0, 0, 5)], "one_customer"),
        ([(2, 20, 5)], "spend_not_identified"),
        ([(1, 20, 5), (2, 20, 5)], "spend_not_identified"),
    ],
)
def test_too_little_to_fit_spends_on_is_said(rows: list[tuple[float, ...]], reason: str) -> None:
    model = fit_gamma_gamma(*np.array(rows, float).reshape(-1, 3).T)
    assert (model.reason, model.identified) == (reason, False)
    assert model.dropped == sum(n for x, mean, n in rows if x <= 0 or mean <= 0)


def test_one_dropout_chance_for_all_is_not_identified() -> None:
    """a and b run to infinity."""
    rates = np.random.default_rng(0).gamma(0.243, 1 / 4.414, 2357)
    model = customers(0, 2357, rates, np.full(2357, 0.25)).fit()
    assert model.reason == "dropout_not_identified"
    assert not model.identified
    assert model.a > 1000
    assert math.isinf(model.standard_errors["a"])


def test_customers_who_never_drop_out_are_not_identified() -> None:
    rates = np.random.default_rng(1).gamma(0.9, 1 / 7, 1000)
    model = customers(1, 1000, rates, np.zeros(1000)).fit()
    assert (model.reason, model.identified) == ("dropout_not_identified", False)


def test_one_rate_for_all_is_not_identified() -> None:
    """r and alpha run to infinity."""
    dropouts = np.random.default_rng(0).beta(0.8, 2.4, 2357)
    model = customers(0, 2357, np.full(2357, 0.05), dropouts).fit()
    assert (model.reason, model.identified) == ("rate_not_identified", False)


def test_spends_so_wild_that_they_have_no_mean_are_said() -> None:
    model = fit_gamma_gamma(*spent(8, 4000, GammaGamma(3, 0.7, 10)), np.ones(4000))
    assert (model.reason, model.identified, model.converged) == ("infinite_mean_value", True, True)
    assert model.q < 1


histories = st.tuples(
    st.integers(0, 300),
    st.floats(0, 1),
    st.integers(0, 4000).map(lambda days: days / 7),
    st.integers(1, 10**6),
).map(lambda row: (row[0], row[1] * row[2] if row[0] else 0.0, row[2], row[3]))
spends = st.tuples(st.integers(0, 300), st.floats(-10, 1e9), st.integers(1, 10**6))


@settings(max_examples=25, deadline=None)
@given(st.lists(histories, max_size=6))
def test_any_history_gives_a_model_that_can_be_used_or_says_why_not(rows: list[tuple[float, ...]]) -> None:
    columns = np.array(rows, float).reshape(-1, 4).T
    model = fit_bg_nbd(*columns)
    assert (model.reason is None) == (model.identified and model.converged)
    if model.reason is None:
        assert all(0 < error < math.inf for error in model.standard_errors.values())
        assert (expected_purchases(model, 52, *columns[:3]) >= 0).all()


@settings(max_examples=25, deadline=None)
@given(st.lists(spends, max_size=6))
def test_any_spends_give_a_model_that_can_be_used_or_says_why_not(rows: list[tuple[float, ...]]) -> None:
    columns = np.array(rows, float).reshape(-1, 3).T
    model = fit_gamma_gamma(*columns)
    assert (model.reason is None) == (model.identified and model.converged and model.q > 1)
    if model.reason is None:
        assert all(0 < error < math.inf for error in model.standard_errors.values())
        assert (expected_value(model, *columns[:2]) > 0).all()


def test_neither_numpy_nor_scipy_is_imported_with_the_module() -> None:
    code = "import sys, kpi_cli.models.clv; print({'numpy', 'scipy', 'pandas'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n"
