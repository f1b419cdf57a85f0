"""`kpi funnel`: stages and where people are lost, from files, a log of events, or figures; and A/B tests."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kpi_cli.commands.options import Common, KpiCommand, asked, by_hand, figure, shared
from kpi_cli.errors import UsageError

if TYPE_CHECKING:
    from kpi_cli.models.abtest import Arm
    from kpi_cli.questions.funnel import Trial
    from kpi_cli.result import Result


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("funnel", cls=KpiCommand)(funnel)


def _own(*names: str, text: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=text, show_default=False, metavar=metavar)


@shared
def funnel(
    files: Annotated[list[str] | None, typer.Argument(help="Exports; kpi.yml's sources when none is given.")] = None,
    steps: Annotated[
        str | None, _own("--steps", text="Stages or events in order, such as view,lead,buy.", metavar="A,B,…")
    ] = None,
    within: Annotated[
        str | None, _own("--within", text="Time from a person's first step to the last, such as 30d.")
    ] = None,
    between: Annotated[
        str | None, _own("--between", text="Median days between two of this event.", metavar="EVENT")
    ] = None,
    test: Annotated[bool, _own("--test", text="Test the groups of --by variant: last stage of first.")] = False,
    change: Annotated[
        str | None,
        _own("--change", text="Test: the smallest change worth showing, such as 1%.", metavar="POINTS"),
    ] = None,
    split: Annotated[
        str | None,
        _own("--split", text="Test: the planned split, such as 90/10; even without.", metavar="A/B"),
    ] = None,
    control: Annotated[
        str | None,
        _own("--control", text="Test: the variant others are held against.", metavar="NAME"),
    ] = None,
    stage: Annotated[
        list[str] | None,
        _own("--stage", text="Calculator: a stage and its count, repeated.", metavar="NAME=N"),
    ] = None,
    a: Annotated[str | None, _own("--a", text="Calculator: the control.", metavar="WON/VISITORS")] = None,
    b: Annotated[str | None, _own("--b", text="Calculator: the variant.", metavar="WON/VISITORS")] = None,
    *,
    common: Common,
) -> int:
    """Where people are lost, and whether the new page is better.

    kpi funnel --stage visits=5000 --stage leads=400 --stage customers=50
    """
    from kpi_cli.commands.answering import deliver
    from kpi_cli.period import parse_duration
    from kpi_cli.questions.funnel import Wanted, days_between, no_cost
    from kpi_cli.questions.funnel import funnel as question

    trial = _trial(change, split, control)
    if stage or a is not None or b is not None:
        if files or steps or within or between or control:
            raise UsageError("figures_and_files", "figures and files cannot be asked together", "leave one of them out")
        if stage and (test or change or split):
            raise UsageError("no_test", "stages are no arms of a test", "say --a and --b, such as --a 400/5000")
        no_cost(by_hand(None, common))
        return deliver(_calculated(stage or [], (a, b), trial), common)
    if (change or split or control) and not test:
        raise UsageError("no_test", "--change, --split and --control belong to a test", "add --test")
    ask = asked(files, common)
    if between is not None:
        if steps or within or test:
            raise UsageError("between_alone", "--between is a question of its own", "leave the other options out")
        return deliver(days_between(ask, between), common)
    wanted = Wanted(
        steps=tuple(part.strip() for part in (steps or "").split(",") if part.strip()),
        within=parse_duration(within, "--within") if within else None,
        trial=trial if test else None,
    )
    return deliver(question(ask, wanted), common)


def _trial(change: str | None, split: str | None, control: str | None) -> Trial:
    from kpi_cli.period import parse_rate
    from kpi_cli.questions.funnel import Trial

    shares = [figure(part.strip(), "--split") for part in split.split("/")] if split else []
    worth = parse_rate(change, "--change") if change else None
    return Trial(
        None if worth is None else float(worth),
        tuple(float(share) for share in shares if share is not None) or None,
        control,
    )


def _calculated(stages: Sequence[str], arms: tuple[str | None, str | None], trial: Trial) -> Result:
    from kpi_cli.questions.funnel import by_hand, compare

    a, b = arms
    if stages and (a or b):
        raise UsageError("two_calculators", "--stage and --a are two questions", "ask one at a time")
    if stages:
        return by_hand([_stage(text) for text in stages])
    if a is None or b is None:
        raise UsageError("one_arm", "a test needs two arms", "give both --a and --b, such as 400/5000")
    return compare([_arm("A", a), _arm("B", b)], trial)


def _stage(text: str) -> tuple[str, Decimal]:
    name, equals, count = text.partition("=")
    value = figure(count.strip(), "--stage") if equals else None
    if value is None or not name.strip():
        raise UsageError("bad_stage", f"--stage “{text}” is no stage", "write it like visits=5000")
    return name.strip(), value


def _arm(name: str, text: str) -> Arm:
    from kpi_cli.models.abtest import Arm

    won, slash, visitors = (part.strip() for part in text.partition("/"))
    if not (slash and won.isdecimal() and visitors.isdecimal()):
        raise UsageError("bad_arm", f"--{name.lower()} “{text}” is no arm", "write conversions/visitors: 400/5000")
    return Arm(name, int(won), int(visitors))
