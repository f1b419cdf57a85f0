"""What customers will buy and bring: BG/NBD for purchases, Gamma-Gamma for their value.

Time is in weeks. `frequency` is a customer's repeat purchase days, `recency` the weeks from the first to the
last purchase, `age` (T in the papers) the weeks from the first purchase to the end of the observation, `mean`
the mean value of a repeat purchase, currency units. Customers alike in these may stand as one row, `n` times.

    fit_bg_nbd(frequency, recency, age, n)  → BgNbd       expected_purchases, p_alive, p_x_in
    fit_gamma_gamma(frequency, mean, n)     → GammaGamma  expected_value
                                              both        customer_value

A fit always returns a model. When the data do not settle its parameters, `reason` says why (one of `Reason`)
and its predictions are not to be used. Neither the order of rows nor splitting them changes a digit.

Sources: Fader, Hardie & Lee 2005, “Counting Your Customers” the Easy Way: An Alternative to the Pareto/NBD
Model, Marketing Science 24(2); Fader & Hardie 2013, The Gamma-Gamma Model of Monetary Value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

from msgspec import Struct, field

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Array: TypeAlias = npt.NDArray[np.float64]
    Numbers: TypeAlias = npt.ArrayLike

WEEKS_PER_MONTH = 365.25 / 12 / 7  # 4.348

Reason = Literal[
    "no_customers",
    "one_customer",
    "no_time_observed",  # every first purchase is on the last day
    "no_repeat_purchases",
    "no_repeat_value",  # no repeat purchase with a positive mean
    "not_converged",
    "dropout_not_identified",  # a, b run to 0 or infinity
    "rate_not_identified",  # r, alpha run to 0 or infinity
    "spend_not_identified",  # p, q, v run to 0 or infinity
    "infinite_mean_value",  # q ≤ 1: the population has no mean
]
"""Why a model is not to be used."""


class Fitted(Struct, frozen=True, kw_only=True):
    """What a fit says of itself; a model given by its parameters alone counts as fitted.

    Args:
        log_likelihood: at the parameters; that of BG/NBD in weeks, of Gamma-Gamma in the data's currency.
        standard_errors: by parameter, from the observed information (delta method on the log scale);
            infinite where the data say nothing.
        identified: the data settle every parameter.
        converged: the maximum was reached.
        reason: why the model is not to be used, None when it is.
    """

    log_likelihood: float = math.nan
    standard_errors: Mapping[str, float] = field(default_factory=dict)
    identified: bool = True
    converged: bool = True
    reason: Reason | None = None


class BgNbd(Fitted, frozen=True):
    """Purchases at rate λ ~ Gamma(r, alpha) a week, and after each a dropout with p ~ Beta(a, b)."""

    r: float = math.nan
    alpha: float = math.nan
    a: float = math.nan
    b: float = math.nan


class GammaGamma(Fitted, frozen=True):
    """Purchase values ~ Gamma(p, ν), with ν ~ Gamma(q, v) over customers; v in currency units.

    `dropped` counts the customers without a positive repeat mean, on whom the model cannot be fitted.
    """

    p: float = math.nan
    q: float = math.nan
    v: float = math.nan
    dropped: int = 0


class History(NamedTuple):
    """What BG/NBD knows of each customer: repeat purchase days, and recency and age in weeks."""

    frequency: Numbers
    recency: Numbers
    age: Numbers


# BG/NBD


def fit_bg_nbd(frequency: Numbers, recency: Numbers, age: Numbers, n: Numbers) -> BgNbd:
    """BG/NBD by maximum likelihood.

    Args:
        frequency: repeat purchase days, ≥ 0.
        recency: weeks from the first to the last purchase, 0 where frequency is 0.
        age: weeks from the first purchase to the end of the observation, ≥ recency.
        n: customers of each row, ≥ 1.

    Source: Fader, Hardie & Lee 2005, equation (7).

    >>> fit_bg_nbd([0, 0], [0, 0], [30, 38], [20, 40]).reason
    'no_repeat_purchases'
    """
    columns, count = _collapsed(frequency, recency, age, n=n)
    reason = _unfit_for_bg_nbd(columns, count)
    if reason:
        return BgNbd(identified=False, converged=False, reason=reason)
    rate = _dot(count, columns[0]) / _dot(count, columns[2])
    starts = [(r, r / rate, a, b) for r, a, b in _BG_NBD_STARTS]
    best = _maximum(partial(_bg_nbd_log_likelihood, columns, count), starts)
    return BgNbd(*best.parameters, **best.said("r alpha a b", _why_not_bg_nbd(best)))


_BG_NBD_STARTS = ((1.0, 1.0, 3.0), (0.2, 0.5, 2.0), (5.0, 3.0, 30.0))  # r, a, b


def _unfit_for_bg_nbd(columns: list[Array], n: Array) -> Reason | None:
    frequency, _, age = columns
    if n.sum() < 2:
        return "one_customer" if n.sum() else "no_customers"
    if not age.any():
        return "no_time_observed"
    return None if frequency.any() else "no_repeat_purchases"


def _why_not_bg_nbd(best: _Maximum) -> Reason | None:
    if best.identified:
        return None if best.converged else "not_converged"
    rate, dropout = max(best.log_errors[:2]), max(best.log_errors[2:])
    return "dropout_not_identified" if dropout >= rate else "rate_not_identified"


def _bg_nbd_log_likelihood(columns: list[Array], n: Array, parameters: Array) -> tuple[float, Array]:
    """The log-likelihood and its gradient by parameter: Fader, Hardie & Lee 2005, equation (6)."""
    counted, of_counts = _of_counts(columns[0], n, parameters)
    timed, of_times = _of_times(columns, n, parameters)
    return counted + timed, of_counts + of_times


def _of_counts(frequency: Array, n: Array, parameters: Array) -> tuple[float, Array]:
    """ln A1 + ln A2 and their gradient: what depends on the number of purchases alone."""
    import numpy as np
    from scipy.special import betaln, gammaln, psi

    r, alpha, a, b = parameters
    x, of_x = _by_frequency(frequency, n)
    rate = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    dropout = psi(a + b) - psi(a + b + x)
    slopes = [
        psi(r + x) - psi(r) + np.log(alpha),
        r / alpha + 0 * x,
        dropout,
        dropout + psi(b + x) - psi(b),
    ]
    gradient = np.array([_dot(of_x, each) for each in slopes])
    return _dot(of_x, rate + betaln(a, b + x) - betaln(a, b)), gradient


def _of_times(columns: list[Array], n: Array, parameters: Array) -> tuple[float, Array]:
    """ln(A3 + A4) and its gradient: the customer is alive, or left after the last of x > 0 purchases."""
    import numpy as np
    from scipy.special import expit

    r, alpha, a, b = parameters
    total, slopes = 0.0, np.zeros(4)
    for x, recency, age, count in _blocks(*columns, n):
        log_age, log_recency = np.log(alpha + age), np.log(alpha + recency)
        before = b + np.maximum(x, 1) - 1
        alive = -(r + x) * log_age
        dropped = np.where(x > 0, np.log(a / before) - (r + x) * log_recency, -np.inf)
        gone = expit(dropped - alive)
        total += _dot(count, np.logaddexp(alive, dropped))
        slopes += [
            -_dot(count, log_age + gone * (log_recency - log_age)),
            -_dot(count, (r + x) * ((1 - gone) / (alpha + age) + gone / (alpha + recency))),
            _dot(count, gone) / a,
            -_dot(count, gone / before),
        ]
    return total, slopes


def p_alive(model: BgNbd, frequency: Numbers, recency: Numbers, age: Numbers) -> Array:
    """The chance that a customer has not dropped out by now; 1 for one without a repeat purchase.

    Source: Fader, Hardie & Lee 2008, Computing P(alive) Using the BG/NBD Model.

    >>> model = BgNbd(0.243, 4.414, 0.793, 2.426)
    >>> p_alive(model, [0, 2], [0, 30.43], [38.86, 38.86]).round(4).tolist()
    [1.0, 0.7266]
    """
    import numpy as np
    from scipy.special import expit

    x, recency, age = _floats(frequency, recency, age)
    stayed = np.log(model.b + np.maximum(x, 1) - 1) - np.log(model.a)
    silent = (model.r + x) * np.log((model.alpha + age) / (model.alpha + recency))
    return _array(np.where(x > 0, expit(stayed - silent), 1.0))


def expected_purchases_new(model: BgNbd, t: float) -> float:
    """Repeat purchases a new customer makes in the first `t` weeks.

    Source: Fader, Hardie & Lee 2005, equation (9).

    >>> round(expected_purchases_new(BgNbd(0.243, 4.414, 0.793, 2.426), 78), 4)
    1.8605
    """
    return float(_purchases_while_alive(model, {t: 1.0}, 0.0, 0.0)[0])


def expected_purchases(model: BgNbd, t: float, frequency: Numbers, recency: Numbers, age: Numbers) -> Array:
    """Purchases each customer makes in the next `t` weeks, given the history.

    Source: Fader, Hardie & Lee 2005, equation (10).

    >>> model = BgNbd(0.243, 4.414, 0.793, 2.426)
    >>> expected_purchases(model, 39, [2], [30.43], [38.86]).round(3).tolist()
    [1.226]
    """
    return p_alive(model, frequency, recency, age) * _purchases_while_alive(model, {t: 1.0}, frequency, age)


def _purchases_while_alive(model: BgNbd, factors: Mapping[float, float], frequency: Numbers, age: Numbers) -> Array:
    """Σ factor × purchases in the next t weeks, over `factors` by t, of customers alive now.

    Such a customer has λ ~ Gamma(r + x, alpha + T) and p ~ Beta(a, b + x), and makes (1 − exp(−λpt)) / p
    purchases: the mean over λ is in closed form, over p a sum. The hypergeometric function of equations (9)
    and (10) is the same mean, but cancels near a = 1 and overflows for large x.
    """
    import numpy as np

    (x, ages), where = _distinct(_floats(frequency, age))
    expected = np.full(len(x), math.nan)
    if not np.isfinite([model.r, model.alpha, model.a, model.b]).all():
        return expected[where]
    for rows in np.split(np.arange(len(x)), np.flatnonzero(np.diff(x)) + 1):
        p, weight = _beta_nodes(model.a, model.b + x[rows[0]])
        scaled = p / (model.alpha + ages[rows, None])
        purchases = np.zeros_like(scaled)
        for t, factor in factors.items():
            purchases -= factor * np.expm1(-(model.r + x[rows[0]]) * np.log1p(scaled * t))
        expected[rows] = (purchases / p * weight).sum(axis=1)
    return expected[where]


def _beta_nodes(a: float, b: float) -> tuple[Array, Array]:
    """Values of p, and weights that sum to 1, for a mean over Beta(a, b) of a function smooth in [0, 1].

    The trapezoidal rule in u = ln(p / (1 − p)): its error falls as exp(−π² / step) however a and b skew the
    density. Beyond the last nodes p is 0 or 1 for all that matters, and the density a geometric series.
    """
    import numpy as np
    from scipy.special import expit

    spread = math.sqrt(1 / a + 1 / b + 1 / a**2 + 1 / b**2)
    step = min(0.3, spread / 2)
    mode = math.log(a / b)
    low = max(mode - 8 * spread - 36 / a, min(mode, 0) - 50)
    high = min(mode + 8 * spread + 36 / b, max(mode, 0) + 50)
    u = np.arange(low, high + step, step)
    log_density = -a * np.logaddexp(0, -u) - b * np.logaddexp(0, u)
    weight = np.exp(log_density - log_density.max())
    weight[0] /= -math.expm1(-a * step)
    weight[-1] /= -math.expm1(-b * step)
    return expit(u), weight / weight.sum()


def p_x_in(model: BgNbd, x: int, t: float) -> float:
    """The chance that a new customer makes exactly `x` repeat purchases in `t` weeks.

    Source: Fader, Hardie & Lee 2005, equation (8); its sum is an incomplete beta function.

    >>> round(p_x_in(BgNbd(0.243, 4.414, 0.793, 2.426), 0, 39), 4)
    0.5738
    """
    from scipy.special import betainc, betaln, gammaln

    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    bought = t / (alpha + t)
    if x == 0 or t == 0:
        return float((1 - bought) ** r) if x == 0 else 0.0
    stays = betaln(a, b + x) - betaln(a, b)
    drops = betaln(a + 1, b + x - 1) - betaln(a, b)
    exactly = gammaln(r + x) - gammaln(r) - gammaln(x + 1) - r * math.log1p(t / alpha) + x * math.log(bought)
    return float(math.exp(stays + exactly) + math.exp(drops) * betainc(x, r, bought))


# Gamma-Gamma


def fit_gamma_gamma(frequency: Numbers, mean: Numbers, n: Numbers) -> GammaGamma:
    """Gamma-Gamma by maximum likelihood, on the customers with a positive repeat mean.

    Args:
        frequency: repeat purchases, ≥ 0.
        mean: their mean value, currency units.
        n: customers of each row, ≥ 1.

    Source: Fader & Hardie 2013, equation (1a).

    >>> model = fit_gamma_gamma([0, 2, 1], [0, 0, -5], [20, 3, 1])
    >>> model.reason, model.dropped
    ('no_repeat_value', 24)
    """
    (x, means), count = _collapsed(frequency, mean, n=n)
    positive = (x > 0) & (means > 0)
    dropped = round(count[~positive].sum())
    x, means, count = x[positive], means[positive], count[positive]
    customers = float(count.sum())
    if customers < 2:
        reason: Reason = "one_customer" if customers else "no_repeat_value"
        return GammaGamma(dropped=dropped, identified=False, converged=False, reason=reason)
    scale = _dot(count, means) / customers  # so that the size of the currency does not steer the search
    log_likelihood = partial(_gamma_gamma_log_likelihood, [x, means / scale], count)
    best = _maximum(log_likelihood, [(p, q, (q - 1) / p) for p, q in _GAMMA_GAMMA_STARTS])
    p, q, v = best.parameters
    best = _Maximum((p, q, v * scale), best.log_likelihood - customers * math.log(scale), *best[2:])
    said = best.said("p q v", _why_not_gamma_gamma(best))
    return GammaGamma(p, q, v * scale, dropped, **said)


_GAMMA_GAMMA_STARTS = ((4.0, 4.0), (1.0, 2.0), (20.0, 10.0))  # p, q


def _why_not_gamma_gamma(best: _Maximum) -> Reason | None:
    if not best.identified:
        return "spend_not_identified"
    if not best.converged:
        return "not_converged"
    return None if best.parameters[1] > 1 else "infinite_mean_value"


def _gamma_gamma_log_likelihood(columns: list[Array], n: Array, parameters: Array) -> tuple[float, Array]:
    """The log-likelihood and its gradient by parameter: Fader & Hardie 2013, equation (1a)."""
    import numpy as np
    from scipy.special import gammaln, psi

    p, q, v = parameters
    x, of_x = _by_frequency(columns[0], n)
    total = _dot(of_x, gammaln(p * x + q) - gammaln(p * x) - gammaln(q))
    shared = psi(p * x + q)
    slopes = np.array([_dot(of_x, x * (shared - psi(p * x))), _dot(of_x, shared - psi(q)), 0.0])
    for x, mean, count in _blocks(*columns, n):
        spent = x * mean
        known, unknown = np.log(spent / (v + spent)), -np.log1p(spent / v)
        total += _dot(count, p * x * known + q * unknown - np.log(mean))
        slopes += [
            _dot(count, x * known),
            _dot(count, unknown),
            _dot(count, (q * spent / v - p * x) / (v + spent)),
        ]
    return total, slopes


def expected_value(model: GammaGamma, frequency: Numbers, mean: Numbers) -> Array:
    """What a future purchase of each customer brings, currency units.

    A mean of the customer's and the population's, the former weighing more the more purchases it rests on;
    the population's alone where `frequency` or `mean` is not positive, NaN where that is infinite (q ≤ 1).

    Source: Fader & Hardie 2013, the conditional expectation of a customer's mean.

    >>> expected_value(GammaGamma(6.2499, 3.7438, 15.4434), [3], [35]).round(2).tolist()
    [35.02]
    """
    import numpy as np

    x, means = _floats(frequency, mean)
    x = np.where((x > 0) & (means > 0), x, 0)
    shape = model.p * x + model.q - 1
    means = np.where(x > 0, means, 0)
    return _array(model.p * (model.v + x * means) / np.where(shape > 0, shape, math.nan))


# Both


def customer_value(
    model: BgNbd, history: History, value: Numbers, horizon: float, monthly_discount: float = 0.0
) -> Array:
    """What each customer's purchases of the next `horizon` weeks are worth today, currency units.

    Purchases already made, the first among them, are not in it. Each month's are discounted from its end.

    Args:
        model: of the purchases.
        history: the customers.
        value: what a purchase of each brings, as `expected_value` gives it (times the margin, for profit).
        horizon: weeks; months are of 365.25 / 12 days.
        monthly_discount: a fraction (.01 is 1 % a month), > −1.

    Source: Fader, Hardie & Lee 2005, RFM and CLV, Journal of Marketing Research 42(4), with BG/NBD.

    >>> model, history = BgNbd(0.243, 4.414, 0.793, 2.426), History([2], [30.43], [38.86])
    >>> customer_value(model, history, [10.0], 39).round(2).tolist()
    [12.26]
    """
    months = math.ceil(horizon / WEEKS_PER_MONTH)
    ends = [min(month * WEEKS_PER_MONTH, horizon) for month in range(1, months + 1)]
    worth = [(1 + monthly_discount) ** (-end / WEEKS_PER_MONTH) for end in ends]
    # Σ worth × (bought by the end − bought before) = Σ (worth − next worth) × bought by the end
    steps = zip(ends, worth, [*worth, 0.0][1:], strict=True)
    factors = {end: now - later for end, now, later in steps if now != later}
    while_alive = _purchases_while_alive(model, factors, history.frequency, history.age)
    return p_alive(model, *history) * while_alive * _floats(value)[0]


# The search


class _Maximum(NamedTuple):
    """Where a likelihood is highest; `log_errors` are the standard errors of the parameters' logarithms.

    `identified`: each of these is known to within some factor, so none runs to 0 or infinity.
    """

    parameters: tuple[float, ...]
    log_likelihood: float
    log_errors: tuple[float, ...]
    converged: bool

    @property
    def identified(self) -> bool:
        return max(self.log_errors) < _LOOSEST

    def said(self, names: str, reason: Reason | None) -> dict[str, Any]:
        """The fields of `Fitted`, for parameters of these names."""
        log_errors = [error if error < _LOOSEST else math.inf for error in self.log_errors]
        errors = [value * error for value, error in zip(self.parameters, log_errors, strict=True)]
        return {
            "log_likelihood": self.log_likelihood,
            "standard_errors": dict(zip(names.split(), errors, strict=True)),
            "identified": self.identified,
            "converged": self.converged,
            "reason": reason,
        }


_Likelihood: TypeAlias = "Callable[[Array], tuple[float, Array]]"

_REACH = 10.0  # how far from its start the search may take a parameter's logarithm
_EDGE = 3.0  # where its tanh has all but ended: the parameter runs away
_LOOSEST = 3.0  # with this standard error (1.96 of them) it may be 350 times larger or smaller
_FLAT = 1e-9  # what is left to gain, in log-likelihood, at a maximum


def _maximum(log_likelihood: _Likelihood, starts: Sequence[tuple[float, ...]]) -> _Maximum:
    """The highest point found from the first start, or from all of them when that one will not do."""
    found: list[_Maximum] = []
    for start in starts:
        found.append(_climb(log_likelihood, start))
        if found[-1].identified and found[-1].converged:
            break
    return max(found, key=lambda each: each.log_likelihood)


def _climb(log_likelihood: _Likelihood, start: tuple[float, ...]) -> _Maximum:
    """Uphill over the parameters' logarithms: BFGS, then Newton steps to the very top.

    BFGS knows no bounds, so it moves along a tanh that ends `_REACH` from the start on either side.
    """
    import numpy as np
    from scipy.optimize import minimize

    def at(logs: Array) -> tuple[float, Array]:
        value, slopes = log_likelihood(np.exp(logs))
        return value, slopes * np.exp(logs)

    def downhill(way: Array) -> tuple[float, Array]:
        value, slopes = at(middle + _REACH * np.tanh(way))
        return -value / size, -slopes * _REACH * (1 - np.tanh(way) ** 2) / size

    middle = np.log(start)
    size = max(abs(at(middle)[0]), 1.0)
    way = minimize(downhill, 0 * middle, jac=True, method="BFGS", options={"gtol": 1e-7, "maxiter": 100}).x
    logs, left = middle + _REACH * np.tanh(way), math.inf
    for _ in range(5):
        curvatures, axes = np.linalg.eigh(_information(at, logs))
        curvatures = np.maximum(curvatures, 1e-9)
        errors = np.where(np.abs(way) > _EDGE, math.inf, np.sqrt((axes**2 / curvatures).sum(axis=1)))
        slopes = at(logs)[1]
        step = axes @ (axes.T @ slopes / curvatures)
        left = float(slopes @ step) / 2
        if left < _FLAT or errors.max() >= _LOOSEST or np.abs(step).max() > 1:
            break
        logs = logs + step
    return _Maximum(tuple(np.exp(logs).tolist()), at(logs)[0], tuple(errors.tolist()), left < _FLAT)


def _information(at: _Likelihood, logs: Array) -> Array:
    """The observed information: minus the Hessian, by central differences of the gradient."""
    import numpy as np

    width = 1e-4
    steps = np.eye(len(logs)) * width
    rows = np.array([(at(logs - step)[1] - at(logs + step)[1]) / (2 * width) for step in steps])
    information: Array = (rows + rows.T) / 2
    return information


# Rows


def _floats(*columns: Numbers) -> list[Array]:
    import numpy as np

    return [np.atleast_1d(np.asarray(column, float)) for column in columns]


def _array(values: Any) -> Array:
    import numpy as np

    return np.asarray(values, float)


def _distinct(columns: list[Array]) -> tuple[list[Array], npt.NDArray[np.intp]]:
    """The distinct rows, sorted by the first column, then the next; and which of them each row is."""
    import numpy as np

    order = np.lexsort(columns[::-1])
    ordered = [column[order] for column in columns]
    new = np.ones(len(order), bool)
    new[1:] = np.any([column[1:] != column[:-1] for column in ordered], axis=0)
    where = np.empty(len(order), np.intp)
    where[order] = np.cumsum(new) - 1
    return [column[new] for column in ordered], where


def _collapsed(*columns: Numbers, n: Numbers) -> tuple[list[Array], Array]:
    """The distinct rows in order, and how many customers each stands for."""
    import numpy as np

    distinct, where = _distinct(_floats(*columns))
    return distinct, _array(np.bincount(where, weights=_floats(n)[0], minlength=len(distinct[0])))


def _by_frequency(frequency: Array, n: Array) -> tuple[Array, Array]:
    """The frequencies there are, in sorted rows, and the customers of each."""
    import numpy as np

    x, first = np.unique(frequency, return_index=True)
    return x, _array(np.add.reduceat(n, first))


def _blocks(*columns: Array) -> Iterator[list[Array]]:
    """The rows in blocks that fit a processor's cache."""
    for start in range(0, len(columns[0]), _BLOCK):
        yield [column[start : start + _BLOCK] for column in columns]


_BLOCK = 1 << 15


def _dot(n: Array, values: Array) -> float:
    """Σ n × values; not `n @ values`, which BLAS adds up differently on another number of threads."""
    return float((n * values).sum())
