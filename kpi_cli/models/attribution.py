"""Attribution: how many conversions each channel of a path is credited with, by eight models.

Rule models (first, last, last_non_direct, linear, position, time_decay, shapley) share out each path's
conversions and value; markov shares out their totals by removal effect. Every sum is kept in whole
millionths, so credits add up exactly and the order of the paths never shows.

At scale, aggregate first: `by_position` takes touches counted by (channel, position, length), `attribute`
takes one `Path` per distinct path or set of channels, `markov_credits` takes transition counts.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from operator import mul
from typing import NamedTuple, cast

from msgspec import Struct, field

from kpi_cli.apportion import MILLION, apportion, settle
from kpi_cli.errors import UsageError
from kpi_cli.safe import folded, quoted

MODELS = ("first", "last", "last_non_direct", "linear", "position", "time_decay", "markov", "shapley")
ORDERLESS = frozenset({"linear", "time_decay", "shapley"})
"""Models by which touches of one moment may change places."""
HALF_LIFE = 7.0
DIRECT = frozenset({"direct", "(direct)", "(direct) / (none)"})
EXACT_CHANNELS = 32
"""Up to this many channels the Markov chain is solved in whole numbers, beyond in floating point."""

_WHOLE = 1 << 53


class Path(Struct, frozen=True):
    """One distinct path of touches, oldest first, and what came of it.

    Args:
        channels: the touches' channels, at least one.
        conversions: how often the path ended in one, ≥ 0, at most 6 decimals.
        non_conversions: how often it ended in none (null path), ≥ 0.
        value: what its conversions brought, currency units, any sign; None when the source states none.
        ages: days from each touch to the conversion, in the order of `channels`; time_decay needs them.
    """

    channels: tuple[str, ...]
    conversions: Decimal
    non_conversions: Decimal = Decimal(0)
    value: Decimal | None = None
    ages: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not self.channels:
            raise UsageError("empty_path", "a path has no touch", "leave out conversions before the first touch")
        if self.conversions < 0 or self.non_conversions < 0:
            raise UsageError("negative_count", "a path has a negative count", "state refunds in the value")


class Touch(NamedTuple):
    """Touches at one place of a path: how many conversions, and what value, the paths they are in brought."""

    channel: str
    position: int
    """1 is the first touch."""
    length: int
    conversions: Decimal
    value: Decimal | None = None


class Credit(Struct, frozen=True):
    """What one channel is credited with: conversions, and their value in currency units."""

    conversions: Decimal
    value: Decimal | None


def attribute(paths: Iterable[Path], model: str, half_life: float = HALF_LIFE) -> dict[str, Credit]:
    """Every channel's credit by one of `MODELS`, by name; credits sum exactly to the paths' conversions.

    - first, last, linear: the first touch, the last, all alike; last_non_direct: the last touch that is not
      Direct, or the last when all are.
    - position: .4 to the first, .4 to the last, .2 shared between; two touches split evenly.
    - time_decay: a touch weighs half as much for every `half_life` days before the last one.
    - markov: see `markov`. Value is shared as conversions are.
    - shapley: a coalition's worth is the conversions of the paths whose channels all lie in it, so a path's
      conversions are split evenly over its distinct channels. Null paths play no part.

    Args:
        half_life: days, > 0; time_decay only.

    Raises:
        UsageError: an unknown model, or time_decay without ages.

    Source: shapley: Zhao, Mahboobi & Bagheri 2018, Shapley Value Methods for Attribution Modeling in Online
    Advertising, the simplified formula; markov: Anderl et al. 2016, Mapping the Customer Journey.

    >>> credits = attribute([Path(("Email", "Direct"), Decimal(3))], "linear")
    >>> credits["Email"].conversions
    Decimal('1.500000')
    """
    if model == "markov":
        return markov_credits(transitions(paths))
    share = _share(model, half_life)
    return settled(_claims(paths, share))


def by_position(touches: Iterable[Touch], model: str) -> dict[str, Credit]:
    """The same as `attribute`, for first, last, linear and position, from touches counted by place.

    For last_non_direct, count the places after Direct is left out of each path that has another channel.

    >>> by_position([Touch("Email", 1, 2, Decimal(3)), Touch("Direct", 2, 2, Decimal(3))], "last")["Direct"]
    Credit(conversions=Decimal('3.000000'), value=None)
    """
    if model not in _BY_LENGTH:
        raise _unknown(model, tuple(_BY_LENGTH))
    rule = _BY_LENGTH[model]

    def claims() -> Iterator[Claim]:
        for channel, position, length, conversions, value in touches:
            parts, whole = rule(length)
            yield (
                channel,
                parts[position - 1],
                whole,
                _millionths(conversions),
                None if value is None else _millionths(value),
            )

    return settled(claims())


# Rules: how one path's conversions are split, as whole parts of a whole.

_Split = tuple[Sequence[int], int]


def _first(length: int) -> _Split:
    return [1] + [0] * (length - 1), 1


def _last(length: int) -> _Split:
    return [0] * (length - 1) + [1], 1


def _linear(length: int) -> _Split:
    return [1] * length, length


def _position(length: int) -> _Split:
    if length <= 2:
        return _linear(length)
    between = length - 2
    return [2 * between] + [1] * between + [2 * between], 5 * between


_BY_LENGTH: dict[str, Callable[[int], _Split]] = {
    "first": lru_cache(_first),
    "last": lru_cache(_last),
    "linear": lru_cache(_linear),
    "position": lru_cache(_position),
}


def _last_non_direct(path: Path) -> _Split:
    others = [at for at, channel in enumerate(path.channels) if not _is_direct(channel)]
    chosen = others[-1] if others else len(path.channels) - 1
    return [int(at == chosen) for at in range(len(path.channels))], 1


@lru_cache
def _is_direct(channel: str) -> bool:
    return folded(channel) in DIRECT


def _time_decay(path: Path, half_life: float) -> _Split:
    if path.ages is None or len(path.ages) != len(path.channels):
        raise no_touch_times()
    # Counted from the nearest touch, so that a long path's weights cannot all vanish.
    nearest = min(path.ages)
    weights = [2.0 ** ((nearest - age) / half_life) for age in path.ages]
    total = math.fsum(weights)
    parts = [int(weight / total * _WHOLE) for weight in weights]
    parts[-1] += _WHOLE - sum(parts)
    return parts, _WHOLE


def no_touch_times() -> UsageError:
    """The refusal of time_decay where touches have no time."""
    said = "time-decay needs the time of every touch"
    return UsageError("no_touch_times", said, "give touches with a time, or another model")


def check_half_life(half_life: float) -> None:
    """Raise UsageError for a half-life that is not more than 0 days."""
    if not half_life > 0:
        raise UsageError("bad_half_life", "a half-life must be more than 0 days", "give one such as 7d")


_Share = Callable[[Path], tuple[Sequence[str], _Split]]


def _share(model: str, half_life: float) -> _Share:
    """Which channels of a path share in it, and how."""
    check_half_life(half_life)
    if model in _BY_LENGTH:
        rule = _BY_LENGTH[model]
        return lambda path: (path.channels, rule(len(path.channels)))
    special: dict[str, _Share] = {
        "last_non_direct": lambda path: (path.channels, _last_non_direct(path)),
        "time_decay": lambda path: (path.channels, _time_decay(path, half_life)),
        "shapley": lambda path: (players := tuple(set(path.channels)), _linear(len(players))),
    }
    if model not in special:
        raise _unknown(model, MODELS)
    return special[model]


def _unknown(model: str, known: Sequence[str]) -> UsageError:
    return UsageError("unknown_model", f"no attribution model {quoted(model)}", f"choose one of {', '.join(known)}")


Claim = tuple[str, int, int, int, int | None]
"""A touch's channel, its part of which whole, and the conversions and value to take it of, in millionths."""


def _claims(paths: Iterable[Path], share: _Share) -> Iterator[Claim]:
    for path in paths:
        channels, (parts, whole) = share(path)
        conversions = _millionths(path.conversions)
        value = None if path.value is None else _millionths(path.value)
        for channel, part in zip(channels, parts, strict=True):
            yield channel, part, whole, conversions, value


def settled(claims: Iterable[Claim]) -> dict[str, Credit]:
    """Claims on whole paths summed by channel and whole, in whole numbers, then rounded without losing a millionth."""
    counted: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    valued: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for channel, part, whole, conversions, value in claims:
        counted[channel][whole] += part * conversions
        if value is not None:
            valued[channel][whole] += part * value
    channels = sorted(counted)
    credits = settle([_summed(counted[channel]) for channel in channels])
    if not valued:
        return {channel: Credit(credit, None) for channel, credit in zip(channels, credits, strict=True)}
    values = settle([_summed(valued[channel]) for channel in channels])
    return {channel: Credit(*pair) for channel, *pair in zip(channels, credits, values, strict=True)}


def _millionths(amount: Decimal) -> int:
    return int(amount * MILLION)


def _summed(by_whole: dict[int, int]) -> Fraction:
    return sum((Fraction(parts, whole * MILLION) for whole, parts in by_whole.items()), Fraction(0))


# Markov


class Transitions(Struct, frozen=True):
    """How often paths went from where to where, counted over whole paths.

    Args:
        starts: channel → paths that begin there, converting or not.
        moves: (channel, next channel) → times; a channel to itself is allowed and changes nothing.
        conversions: channel → paths that convert from there.
        losses: channel → paths that end there without converting (null paths).
        value: what all conversions brought, currency units; None when not stated.

    All counts ≥ 0, at most 6 decimals.
    """

    starts: Mapping[str, Decimal]
    moves: Mapping[tuple[str, str], Decimal]
    conversions: Mapping[str, Decimal]
    losses: Mapping[str, Decimal] = field(default_factory=dict)
    value: Decimal | None = None

    def channels(self) -> list[str]:
        """Every channel met, sorted by name."""
        ends = {channel for move in self.moves for channel in move}
        return sorted(ends.union(self.starts, self.conversions, self.losses))


def transitions(paths: Iterable[Path]) -> Transitions:
    """The transition counts of the paths, null paths included.

    >>> transitions([Path(("Email", "Direct"), Decimal(1), Decimal(2))]).moves
    {('Email', 'Direct'): Decimal('3')}
    """
    starts: defaultdict[str, Decimal] = defaultdict(Decimal)
    conversions: defaultdict[str, Decimal] = defaultdict(Decimal)
    losses: defaultdict[str, Decimal] = defaultdict(Decimal)
    moves: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    value: Decimal | None = None
    for path in paths:
        times = path.conversions + path.non_conversions
        starts[path.channels[0]] += times
        conversions[path.channels[-1]] += path.conversions
        losses[path.channels[-1]] += path.non_conversions
        for move in pairwise(path.channels):
            moves[move] += times
        if path.value is not None:
            value = (value or Decimal(0)) + path.value
    return Transitions(dict(starts), dict(moves), dict(conversions), dict(losses), value)


class Chain(NamedTuple):
    """A solved first-order chain."""

    probability: Fraction
    """That a path converts: the raw conversion rate of the paths counted."""
    removal_effects: dict[str, Fraction]
    """Channel → the share of conversions lost when every path that reaches it is lost, 0 to 1."""


def markov(counts: Transitions) -> Chain | None:
    """The first-order Markov chain of the transitions, solved exactly, not simulated.

    Let A hold each channel's departures on its diagonal, less the moves between channels, and r the
    conversions by channel. Then A⁻¹ r is the chance to convert from each channel and 1 / (A⁻¹)cc the number
    of paths that reach c, so c's removal effect is (A⁻¹ r)c / ((A⁻¹)cc · Σr). A repeat (c > c) cancels in A.

    Returns:
        The chain, or None without conversions: no effect can be told. A channel on no path has effect 0.

    Raises:
        UsageError: counts not of whole paths: a channel is left more or less often than it is reached.

    Source: Anderl, Becker, von Wangenheim & Schumann 2016, Mapping the Customer Journey (first order); the
    closed form follows from Kemeny & Snell 1960, Finite Markov Chains, chapter III.

    >>> loop = [Path(("A", "B"), Decimal(1)), Path(("A",), Decimal(0), Decimal(1))]
    >>> markov(transitions(loop)).removal_effects
    {'A': Fraction(1, 1), 'B': Fraction(1, 1)}
    """
    _check_balance(counts)
    converted = sum(map(_millionths, counts.conversions.values()))
    if not converted:
        return None
    channels = _reached(counts)
    converts = [_millionths(counts.conversions.get(channel, Decimal(0))) for channel in channels]
    effects = dict.fromkeys(counts.channels(), Fraction(0))
    for at, row in enumerate(_inverse(_departures(counts, channels))):
        chance = sum(map(mul, row, converts))
        effects[channels[at]] = Fraction(chance) / (Fraction(row[at]) * converted)
    started = sum(map(_millionths, counts.starts.values()))
    return Chain(Fraction(converted, started), effects)


def markov_credits(counts: Transitions) -> dict[str, Credit]:
    """Conversions, and value when it is stated, shared out by removal effect; the parts sum exactly."""
    channels = counts.channels()
    chain = markov(counts)
    effects = [chain.removal_effects[channel] for channel in channels] if chain else []
    conversions = _by_effect(sum(counts.conversions.values(), Decimal(0)), effects, channels)
    if counts.value is None:
        return {channel: Credit(count, None) for channel, count in conversions.items()}
    values = _by_effect(counts.value, effects, channels)
    return {channel: Credit(count, values[channel]) for channel, count in conversions.items()}


def _by_effect(total: Decimal, effects: list[Fraction], channels: list[str]) -> dict[str, Decimal]:
    parts = apportion(total, effects) or [Decimal(0)] * len(channels)
    return dict(zip(channels, parts, strict=True))


def _check_balance(counts: Transitions) -> None:
    """Whole paths leave a channel exactly as often as they reach it."""
    surplus: defaultdict[str, Decimal] = defaultdict(Decimal)
    for ends, sign in ((counts.starts, 1), (counts.conversions, -1), (counts.losses, -1)):
        for channel, times in ends.items():
            surplus[channel] += sign * times
    for (here, there), times in counts.moves.items():
        surplus[here] -= times
        surplus[there] += times
    if any(surplus.values()):
        raise UsageError(
            "unbalanced_transitions",
            "the transition counts are not those of whole paths",
            "count every step of a path",
        )


def _reached(counts: Transitions) -> list[str]:
    """The channels that some path goes through, sorted by name."""
    onward: defaultdict[str, set[str]] = defaultdict(set)
    for (here, there), times in counts.moves.items():
        if times:
            onward[here].add(there)
    waiting = [channel for channel, times in counts.starts.items() if times]
    seen = set(waiting)
    while waiting:
        new = onward[waiting.pop()] - seen
        seen |= new
        waiting.extend(new)
    return sorted(seen)


def _departures(counts: Transitions, channels: list[str]) -> list[list[int]]:
    """Departures on the diagonal, less the moves between channels; reduced to small whole numbers."""
    place = {channel: at for at, channel in enumerate(channels)}
    matrix = [[0] * len(channels) for _ in channels]
    for ends in (counts.conversions, counts.losses):
        for channel in place.keys() & ends.keys():
            matrix[place[channel]][place[channel]] += _millionths(ends[channel])
    for (here, there), times in counts.moves.items():
        if here != there and here in place and there in place:
            matrix[place[here]][place[here]] += _millionths(times)
            matrix[place[here]][place[there]] -= _millionths(times)
    divisor = math.gcd(*(count for row in matrix for count in row))
    return [[count // divisor for count in row] for row in matrix]


def _inverse(matrix: list[list[int]]) -> Sequence[Sequence[int | float]]:
    """The inverse up to a common factor: in whole numbers (Bareiss 1968), beyond `EXACT_CHANNELS` in floats.

    Departures outweigh moves in every row, so no pivot is 0 and none needs to be sought.
    """
    size = len(matrix)
    if size > EXACT_CHANNELS:
        import numpy as np

        return cast("list[list[float]]", np.linalg.inv(np.array(matrix, dtype=float)).tolist())
    rows = [row + [int(at == other) for other in range(size)] for at, row in enumerate(matrix)]
    previous = 1
    for at in range(size):
        pivot_row = rows[at]
        pivot = pivot_row[at]
        for other, row in enumerate(rows):
            if other != at:
                factor = row[at]
                rows[other] = [
                    (pivot * mine - factor * theirs) // previous for mine, theirs in zip(row, pivot_row, strict=True)
                ]
        previous = pivot
    return [row[size:] for row in rows]
