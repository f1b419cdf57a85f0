"""A/B tests: is one variant's conversion rate better than the control's, and do the data suffice to tell?

Arms are conversions / visitors, the first is the control, differences are arm − control. Rates are fractions.
Only `welch` needs SciPy; `wilson` is light enough to stand beside every rate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from statistics import NormalDist
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from kpi_cli.errors import UsageError
from kpi_cli.result import plain
from kpi_cli.safe import quoted

Verdict = Literal["better", "worse", "not_shown", "not_enough_data", "refused"]
CONFIDENCE = 0.95
SIGNIFICANCE = 0.05
POWER = 0.8
SRM_WARN = 0.01
SRM_REFUSE = 0.001


class Arm(Struct, frozen=True):
    """One variant of a test: `conversions` of `n` visitors, people both."""

    variant: str
    conversions: int
    n: int

    def __post_init__(self) -> None:
        name = quoted(self.variant)
        if self.n <= 0:
            raise UsageError("no_visitors", f"variant {name} has no visitors", "leave it out, or check the counts")
        if self.conversions < 0:
            raise UsageError("negative_count", f"variant {name} has negative conversions", "check the counts")
        if self.conversions > self.n:
            raise UsageError(
                "conversions_exceed_visitors",
                f"variant {name} has {self.conversions} conversions of {self.n} visitors",
                "give conversions/visitors, and count people, not events",
            )

    @property
    def rate(self) -> float:
        """Conversions / visitors."""
        return self.conversions / self.n


Interval = tuple[float, float]


def _quantile(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(successes: float, n: float, confidence: float = CONFIDENCE) -> Interval | None:
    """The score interval of a proportion.

    Args:
        successes: counted, 0 to n.
        n: out of how many.
        confidence: nominal coverage, between 0 and 1.

    Returns:
        (low, high), or None where there is no proportion: n is 0, or successes lie outside 0 to n.

    Source: Wilson 1927, Probable Inference, the Law of Succession, and Statistical Inference.

    >>> [round(end, 4) for end in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    if n <= 0 or not 0 <= successes <= n:
        return None
    z = _quantile(confidence)
    rate, spread = successes / n, z * z / n
    centre = (rate + spread / 2) / (1 + spread)
    half = z * math.sqrt(rate * (1 - rate) / n + spread / (4 * n)) / (1 + spread)
    # At the edges the ends are 0 and 1 exactly; floating point only comes near.
    return 0.0 if successes == 0 else centre - half, 1.0 if successes == n else centre + half


def newcombe(control: Arm, arm: Arm, confidence: float = CONFIDENCE) -> Interval:
    """The interval of the difference of two rates, arm − control, from their two score intervals.

    Source: Newcombe 1998, Interval Estimation for the Difference Between Independent Proportions, method 10.

    >>> [round(end, 4) for end in newcombe(Arm("A", 48, 80), Arm("B", 56, 70))]
    [0.0524, 0.3339]
    """
    from_low, from_high = _interval(control, confidence)
    to_low, to_high = _interval(arm, confidence)
    difference = arm.rate - control.rate
    down = math.hypot(arm.rate - to_low, from_high - control.rate)
    up = math.hypot(to_high - arm.rate, control.rate - from_low)
    return difference - down, difference + up


def _interval(arm: Arm, confidence: float = CONFIDENCE) -> Interval:
    interval = wilson(arm.conversions, arm.n, confidence)
    assert interval is not None  # an Arm is a proportion
    return interval


def two_sided(control: Arm, arm: Arm) -> tuple[float | None, float]:
    """z and two-sided p of no difference; Fisher's exact p, and no z, when an expected count is under 5.

    Source: the pooled z test, z² = Pearson's χ² without Yates' correction; the rule of five: Cochran 1954.

    >>> z, p = two_sided(Arm("A", 17489, 145274), Arm("B", 17264, 145310))
    >>> round(z, 4), round(p, 4)
    (-1.3109, 0.1899)
    """
    won, n = control.conversions + arm.conversions, control.n + arm.n
    if min(control.n, arm.n) * min(won, n - won) < 5 * n:
        return None, fisher(control, arm)
    pooled = won / n
    z = (arm.rate - control.rate) / math.sqrt(pooled * (1 - pooled) * (1 / control.n + 1 / arm.n))
    return z, math.erfc(abs(z) / math.sqrt(2))


def fisher(control: Arm, arm: Arm) -> float:
    """Fisher's exact two-sided p: every table, margins kept, that is no likelier than the one seen.

    Source: Fisher 1935, The Logic of Inductive Inference; the two-sided rule is that of R's fisher.test.

    >>> round(fisher(Arm("A", 3, 4), Arm("B", 1, 4)), 4)
    0.4857
    """
    won = control.conversions + arm.conversions
    lowest, highest = max(0, won - arm.n), min(control.n, won)
    mode = (control.n + 1) * (won + 1) // (control.n + arm.n + 2)

    def ratio(k: int) -> float:
        """How much likelier k + 1 conversions in the control are than k."""
        return (control.n - k) * (won - k) / ((k + 1) * (arm.n - won + k + 1))

    # From the likeliest table outwards, so that nothing overflows; what underflows is 0.
    weights = {mode: 1.0}
    for k in range(mode, highest):
        weights[k + 1] = weights[k] * ratio(k)
    for k in range(mode, lowest, -1):
        weights[k - 1] = weights[k] / ratio(k - 1)
    limit = weights[control.conversions] * (1 + 1e-7)
    return math.fsum(weight for weight in weights.values() if weight <= limit) / math.fsum(weights.values())


def sample_ratio(arms: Sequence[Arm], split: Sequence[float] | None = None) -> float:
    """p of the visitors having been split as planned; under .001 something other than chance split them.

    Args:
        arms: two or more.
        split: the planned shares, any scale; even when None.

    Source: Pearson's χ² of fit; Fabijan et al. 2019, Diagnosing Sample Ratio Mismatch in Online Experiments.

    >>> round(sample_ratio([Arm("A", 0, 821588), Arm("B", 0, 815482)]), 8)
    1.82e-06
    """
    shares = split or [1.0] * len(arms)
    if len(shares) != len(arms) or not all(0 < share < math.inf for share in shares):
        raise UsageError("bad_split", "the planned split does not fit the arms", "give one share above 0 per arm")
    visitors, whole = sum(arm.n for arm in arms), math.fsum(shares)
    expected = [visitors * share / whole for share in shares]
    chi2 = math.fsum((arm.n - due) ** 2 / due for arm, due in zip(arms, expected, strict=True))
    return _chi2_tail(chi2, len(arms) - 1)


def _chi2_tail(chi2: float, freedom: int) -> float:
    """P(χ² with whole degrees of freedom > chi2): Abramowitz & Stegun 26.4.4 and 26.4.5."""
    half = chi2 / 2
    if half == 0:
        return 1.0
    order, tail = (0.5, math.erfc(math.sqrt(half))) if freedom % 2 else (1.0, math.exp(-half))
    while order < freedom / 2:
        tail += math.exp(order * math.log(half) - half - math.lgamma(order + 1))
        order += 1
    return min(tail, 1.0)


def holm(p_values: Sequence[float]) -> list[float]:
    """p values adjusted for looking at several comparisons at once, in the order given.

    Source: Holm 1979, A Simple Sequentially Rejective Multiple Test Procedure.

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    adjusted = [0.0] * len(p_values)
    floor = 0.0
    for rank, at in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        floor = max(floor, min(1.0, (len(p_values) - rank) * p_values[at]))
        adjusted[at] = floor
    return adjusted


def sample_size(rate: float, change: float, power: float = POWER, confidence: float = CONFIDENCE) -> int:
    """Visitors each arm needs for a change of the rate to be shown, two-sided.

    Args:
        rate: the rate to change, 0 to 1.
        change: by how much, a fraction (.01 is one point), > 0; taken downwards where the rate would pass 1.
        power: the chance to show a change of that size.
        confidence: 1 − the chance to see one where there is none.

    Raises:
        UsageError: no rate between 0 and 1 is that far away.

    Source: Fleiss, Levin & Paik 2003, Statistical Methods for Rates and Proportions, chapter 4.

    >>> sample_size(0.5, 0.25, power=0.9)
    77
    """
    other = rate + change if rate + change <= 1 else rate - change
    if not (change > 0 and 0 <= rate <= 1 and 0 <= other <= 1):
        raise UsageError("bad_change", f"a rate of {rate:.4g} cannot change by {change:.4g}", "give points, as 0.01")
    mean = (rate + other) / 2
    chance = _quantile(confidence) * math.sqrt(2 * mean * (1 - mean))
    effect = NormalDist().inv_cdf(power) * math.sqrt(rate * (1 - rate) + other * (1 - other))
    return math.ceil(((chance + effect) / change) ** 2)


# Revenue per visitor


class Sample(NamedTuple):
    """A mean over `n` visitors, those who bought nothing included, and the sample variance (n − 1)."""

    n: int
    mean: float
    variance: float

    @classmethod
    def of_sums(cls, n: int, total: Decimal, squares: Decimal) -> Sample:
        """The sample from exact sums: of each visitor's revenue, and of its square; n ≥ 2.

        >>> Sample.of_sums(3, Decimal(6), Decimal(14))
        Sample(n=3, mean=2.0, variance=1.0)
        """
        mean = Fraction(total) / n
        return cls(n, float(mean), float((Fraction(squares) - mean * Fraction(total)) / (n - 1)))


class Welch(NamedTuple):
    """The difference of two means, arm − control, its 95 % interval, t, degrees of freedom, two-sided p."""

    difference: float
    difference_low: float
    difference_high: float
    t: float
    freedom: float
    p: float


def welch(control: Sample, arm: Sample) -> Welch | None:
    """Welch's t test, for means whose variances differ: revenue per visitor.

    Returns:
        The test, or None with nothing to judge by: fewer than two visitors in an arm, or no variance.

    Source: Welch 1947, The Generalization of “Student's” Problem when Several Different Population Variances
    Are Involved; degrees of freedom after Satterthwaite 1946.
    """
    if min(control.n, arm.n) < 2 or control.variance + arm.variance <= 0:
        return None
    from scipy.special import stdtr, stdtrit

    errors = [sample.variance / sample.n for sample in (control, arm)]
    error = math.sqrt(sum(errors))
    freedom = sum(errors) ** 2 / (errors[0] ** 2 / (control.n - 1) + errors[1] ** 2 / (arm.n - 1))
    difference = arm.mean - control.mean
    t = difference / error
    margin = float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * error
    p = 2 * float(stdtr(freedom, -abs(t)))
    return Welch(difference, difference - margin, difference + margin, t, freedom, p)


# The whole test


class Comparison(Struct, frozen=True):
    """One arm against the control.

    Args:
        control: the first arm of the test.
        arm: the other.
        z: pooled z statistic; None where Fisher's test was used.
        p: two-sided, adjusted (Holm) where there are several comparisons.
        change: the smallest change of the rate worth showing, a fraction.
        lacking: visitors each arm still needs to show that change at 80 % power.
        refused: the visitors were not split as planned, so nothing may be concluded.
        among: how many comparisons p is adjusted for.
    """

    control: Arm
    arm: Arm
    z: float | None
    p: float
    change: float
    lacking: int
    refused: bool
    among: int = 1

    @property
    def difference(self) -> float:
        """Rate of the arm − rate of the control."""
        return self.arm.rate - self.control.rate

    @property
    def interval(self) -> Interval:
        """The 95 % interval of the difference, not adjusted for other comparisons."""
        return newcombe(self.control, self.arm)

    @property
    def lift(self) -> float | None:
        """The difference as a share of the control's rate; None when nobody converted there."""
        return self.difference / self.control.rate if self.control.conversions else None

    @property
    def verdict(self) -> Verdict:
        """What may be said of the arm."""
        if self.refused:
            return "refused"
        if self.p < SIGNIFICANCE:
            return "better" if self.difference > 0 else "worse"
        return "not_enough_data" if self.lacking else "not_shown"

    def figures(self) -> dict[str, float | None]:
        """The figures of contract §6."""
        low, high = self.interval
        return {
            "difference": self.difference,
            "difference_low": low,
            "difference_high": high,
            "lift": self.lift,
            "z": self.z,
            "p": self.p,
        }


class AbTest(Struct, frozen=True):
    """A test read: its arms, the sample-ratio check, and every arm against the control."""

    arms: tuple[Arm, ...]
    srm_p: float
    comparisons: tuple[Comparison, ...]

    @property
    def deciding(self) -> Comparison:
        """The comparison that speaks for the test: the best arm that wins, else what is most open."""
        return max(self.comparisons, key=lambda each: (_SAYS_MOST.index(each.verdict), each.difference))

    @property
    def verdict(self) -> Verdict:
        """What may be said: better, worse, not_shown, not_enough_data, or refused when the split is off."""
        return self.deciding.verdict

    def text(self, lang: str = "en", of: Comparison | None = None) -> str:
        """The verdict in one plain sentence, `lang` en or fr; of the deciding comparison, or another."""
        each = of or self.deciding
        facts = _facts(each, lang)
        facts["split"] = " / ".join(_number(arm.n, 0, lang) for arm in self.arms)
        facts["srm"] = _p(self.srm_p, lang)
        warned = SRM_REFUSE <= self.srm_p < SRM_WARN
        doubt = _SPLIT_DOUBT[lang].format(**facts) if warned else ""
        return _SENTENCES[lang][each.verdict].format(**facts) + doubt + "."

    def to_dict(self, lang: str = "en") -> dict[str, Any]:
        """The `test` object of contract §6; with several comparisons the figures stand in `comparisons`."""
        figures = self.comparisons[0].figures()
        several = len(self.comparisons) > 1
        said: dict[str, Any] = plain(
            {
                "variants": [_variant(arm) for arm in self.arms],
                **(dict.fromkeys(figures) if several else figures),
                "srm_p": self.srm_p,
                "verdict": self.verdict,
                "text": self.text(lang),
                "comparisons": [self._compared(each, lang) for each in self.comparisons] if several else [],
            }
        )
        return said

    def _compared(self, each: Comparison, lang: str) -> dict[str, Any]:
        said = {"verdict": each.verdict, "text": self.text(lang, each)}
        return {"variant": each.arm.variant, **each.figures(), **said}


_SAYS_MOST: tuple[Verdict, ...] = ("worse", "not_shown", "not_enough_data", "better", "refused")


def _variant(arm: Arm) -> dict[str, Any]:
    low, high = _interval(arm)
    counts = {"variant": arm.variant, "n": arm.n, "conversions": arm.conversions}
    return {**counts, "rate": arm.rate, "rate_low": low, "rate_high": high}


def ab_test(arms: Sequence[Arm], change: float | None = None, split: Sequence[float] | None = None) -> AbTest:
    """Every arm against the first, the control, at 5 % two-sided over all comparisons (Holm).

    A difference that is not significant is `not_enough_data` while the arms are too small to show `change` at
    80 % power, `not_shown` after that.

    Args:
        arms: two or more, named differently.
        change: the smallest change of the rate worth showing, a fraction (.01 is one point); when None a
            tenth of the two arms' common rate, or one point where nobody converted.
        split: the planned shares of visitors, any scale; even when None.

    Raises:
        UsageError: one arm, two of one name, or a change or split that cannot be.

    >>> test = ab_test([Arm("A", 400, 5000), Arm("B", 470, 5000)])
    >>> test.verdict, round(test.comparisons[0].p, 4)
    ('better', 0.013)
    """
    if len(arms) < 2:
        raise UsageError("one_arm", "a test needs two arms or more", "give a control and a variant")
    if len({arm.variant for arm in arms}) < len(arms):
        raise UsageError("repeated_variant", "two arms have one name", "add them up, or name them apart")
    control, *others = arms
    srm_p = sample_ratio(arms, split)
    tests = [two_sided(control, arm) for arm in others]
    adjusted = holm([p for _, p in tests])
    compared = []
    for arm, (z, _), p in zip(others, tests, adjusted, strict=True):
        common = (control.conversions + arm.conversions) / (control.n + arm.n)
        worth = change if change is not None else common / 10 or 0.01
        needed = sample_size(common, worth, confidence=1 - SIGNIFICANCE / len(others))
        lacking = max(0, needed - min(control.n, arm.n))
        compared.append(Comparison(control, arm, z, p, worth, lacking, srm_p < SRM_REFUSE, len(others)))
    return AbTest(tuple(arms), srm_p, tuple(compared))


# Sentences

_SENTENCES: dict[str, dict[Verdict, str]] = {
    "en": {
        "better": "{arm} converts better than {control}: {rates}",
        "worse": "{arm} converts worse than {control}: {rates}",
        "not_shown": "No difference shown between {arm} and {control}: {rates}; "
        "a change of {change} points would probably have shown",
        "not_enough_data": "Not enough data to compare {arm} with {control} ({short}): "
        "about {lacking} more visitors per arm for a change of {change} points at 80% power",
        "refused": "No verdict: the visitors were not split as planned ({split}, p {srm}); "
        "find out why, then run the test again",
    },
    "fr": {
        "better": "{arm} convertit mieux que {control}\u00a0: {rates}",
        "worse": "{arm} convertit moins bien que {control}\u00a0: {rates}",
        "not_shown": "Aucune différence montrée entre {arm} et {control}\u00a0: {rates}\u202f; "
        "un écart de {change}\u00a0pt se serait sans doute vu",
        "not_enough_data": "Pas assez de données pour comparer {arm} à {control} ({short})\u00a0: "
        "il faut environ {lacking} visiteurs de plus par variante pour un écart de {change}\u00a0pt, "
        "avec une puissance de 80\u00a0%",
        "refused": "Pas de verdict\u00a0: les visiteurs n’ont pas été répartis comme prévu "
        "({split}, p\u00a0{srm})\u202f; cherchez pourquoi, puis refaites le test",
    },
}
_RATES = {
    "en": "{rate}% against {control_rate}%, {points} points (95% interval {low} to {high}){lift}, p {p}",
    "fr": "{rate}\u00a0% contre {control_rate}\u00a0%, soit {points}\u00a0pt "
    "(intervalle à 95\u00a0%\u00a0: {low} à {high}){lift}, p\u00a0{p}",
}
_SHORT = {
    "en": "{rate}% against {control_rate}%, p {p}",
    "fr": "{rate}\u00a0% contre {control_rate}\u00a0%, p\u00a0{p}",
}
_LIFT = {"en": ", a lift of {lift}%", "fr": ", {lift}\u00a0% en relatif"}
_ADJUSTED = {"en": " after {count} comparisons", "fr": " après {count} comparaisons"}
_SPLIT_DOUBT = {
    "en": " (but the split of visitors, {split}, is doubtful: p {srm})",
    "fr": " (mais la répartition des visiteurs, {split}, est douteuse\u00a0: p\u00a0{srm})",
}
_FRENCH = str.maketrans({",": "\u202f", ".": ","})


def _facts(each: Comparison, lang: str) -> dict[str, str]:
    """What the sentences mention, as they print it; points with enough decimals to show the change sought."""
    digits = max(2, 1 - math.floor(math.log10(100 * each.change)))
    low, high = each.interval

    def points(fraction: float, sign: str = "") -> str:
        return _number(100 * fraction, digits, lang, sign)

    adjusted = _ADJUSTED[lang].format(count=each.among) if each.among > 1 else ""
    found = {
        "rate": points(each.arm.rate),
        "control_rate": points(each.control.rate),
        "points": points(each.difference, "+"),
        "low": points(low, "+"),
        "high": points(high, "+"),
        "lift": "" if each.lift is None else _LIFT[lang].format(lift=_number(100 * each.lift, 1, lang, "+")),
        "p": _p(each.p, lang) + adjusted,
    }
    return {
        "arm": _name(each.arm, lang),
        "control": _name(each.control, lang),
        "rates": _RATES[lang].format(**found),
        "short": _SHORT[lang].format(**found),
        "change": points(each.change),
        "lacking": _number(_about(each.lacking), 0, lang),
    }


def _about(visitors: int) -> int:
    """Rounded up to two figures.

    >>> _about(4321), _about(7)
    (4400, 7)
    """
    step = int(f"1{'0' * (len(str(visitors)) - 2)}")
    return -(-visitors // step) * step


def _number(value: float, digits: int, lang: str, sign: str = "") -> str:
    text = f"{value:{sign},.{digits}f}".replace("-", "−")
    return text.translate(_FRENCH) if lang == "fr" else text


def _p(p: float, lang: str) -> str:
    return f"= {_number(p, 3, lang)}" if p >= 0.001 else f"< {_number(0.001, 3, lang)}"


def _name(arm: Arm, lang: str) -> str:
    name = quoted(arm.variant)
    return f"«\u00a0{name[1:-1]}\u00a0»" if lang == "fr" else name
