"""Names, rates and channels of kpi.yml, held against what is known elsewhere; every mistake is told, all at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from kpi_cli.config import Benchmark, Config, Goal
from kpi_cli.config.nodes import Gather, in_file
from kpi_cli.errors import InputError, Refusals, did_you_mean
from kpi_cli.safe import quoted

if TYPE_CHECKING:
    from kpi_cli.grouping import Grouping


def check_names(
    config: Config, builtin: Collection[str], open_to_own: Collection[str] = (), columns: Collection[str] = ()
) -> None:
    """Check the names in formulas, targets and benchmarks, once the built-in measures and metrics are known.

    Args:
        config: what was read.
        builtin: every built-in name.
        open_to_own: those of them that kpi.yml may define anew.
        columns: further names that answers use for dimensions and columns.

    Raises:
        Refusals: one error for each name that is unknown, or taken.
    """
    from kpi_cli.formula import check_names

    judged: list[Goal | Benchmark] = [*config.targets, *config.benchmarks]
    known = [*builtin, *(item.name for item in config.own)]
    gather = Gather()
    for item in config.own:
        if item.name in builtin and item.name not in open_to_own:
            said = f"{quoted(item.name)} is a built-in measure or metric already"
            gather.error(InputError("name_taken", said, "choose another name", None, item.line, item.column))
        elif item.name in columns:
            said = f"{quoted(item.name)} is what kpi calls a column of its own"
            gather.error(InputError("name_taken", said, "choose another name", None, item.line, item.column))
    for metric in config.metrics:
        gather.attempt(partial(check_names, metric.formula), known)
    for goal in judged:
        if goal.metric not in known:
            said = f"{quoted(goal.metric)} is no metric"
            fix = did_you_mean(goal.metric, known, "kpi explain lists the metrics")
            gather.error(InputError("unknown_name", said, fix, None, goal.line, goal.column))
    if gather.errors:
        raise Refusals(in_file(gather.errors, config.file))


def check_rates(judged: Iterable[Goal | Benchmark], limits: Mapping[str, Decimal], file: str | None) -> None:
    """Check that a bare number is no percentage whose sign was forgotten.

    Args:
        judged: targets and benchmarks.
        limits: for each figure that is a rate, the number beyond which it may be meant as a percentage.
        file: the kpi.yml.

    Raises:
        Refusals: one error for each number that can be read two ways.
    """
    gather = Gather()
    for one in judged:
        if one.bare_at and one.metric in limits and abs(one.value) > limits[one.metric]:
            said = f"{one.metric} “{one.value}” could be {one.value}% or {(one.value * 100).normalize():,f}%"
            gather.error(InputError("bad_rate", said, f"write it with its %, such as {one.value}%", None, *one.bare_at))
    if gather.errors:
        raise Refusals(in_file(gather.errors, file))


def check_channels(goals: Iterable[Goal], grouping: Grouping, file: str | None) -> None:
    """Check the channels of targets, or of budgets: a misspelt one would never be held to anything.

    Raises:
        Refusals: one error for each channel that nobody knows and that is one slip from a known one, and for each
            that stands twice, spelled two ways.
    """
    gather, spelled = Gather(), dict[str, str]()
    for channel, place in {goal.channel: goal.channel_at for goal in goals if goal.channel and goal.channel_at}.items():
        first = spelled.setdefault(grouping.canonical(str(channel)), str(channel))
        if meant := grouping.misspelt(str(channel)):
            said = f"{quoted(str(channel))} is no channel"
            fix = f"did you mean {quoted(meant)}? One of your own is named under strategies:"
            gather.error(InputError("unknown_name", said, fix, None, *place))
        elif first != channel:
            said = f"{quoted(str(channel))} is the channel {quoted(first)} again"
            gather.error(InputError("duplicate_key", said, "keep one of them", None, *place))
    if gather.errors:
        raise Refusals(in_file(gather.errors, file))
