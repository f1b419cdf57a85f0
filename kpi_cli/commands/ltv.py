"""`kpi ltv`: what a customer is worth: by a formula, observed, or predicted."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from msgspec import Struct

from kpi_cli.commands.options import Common, KpiCommand, asked, by_hand, figure, shared
from kpi_cli.errors import UsageError
from kpi_cli.safe import quoted

if TYPE_CHECKING:
    from kpi_cli.period import Every
    from kpi_cli.questions.ltv import Worth
    from kpi_cli.questions.predicting import Wanted
    from kpi_cli.result import Result

_FIRST = ("included", "excluded", "period-end")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("ltv", cls=KpiCommand)(ltv)


def _opt(*names: str, help: str, metavar: str | None = None) -> Any:
    return typer.Option(*names, help=help, metavar=metavar, show_default=False)


class Given(Struct, frozen=True):
    """The command's own options, by name as they were typed."""

    simple: dict[str, str | None]
    contract: dict[str, str | None]
    ahead: dict[str, str | bool | None]
    discount: str | None
    first_payment: str | None


@shared
def ltv(
    files: Annotated[list[str] | None, typer.Argument(help="Exports; kpi.yml's sources when none is given.")] = None,
    cohorts: Annotated[bool, _opt("--cohorts", help="A row a cohort and month, for spreadsheets.")] = False,
    predict: Annotated[bool, _opt("--predict", help="Predict what customers will buy and bring.")] = False,
    horizon: Annotated[str | None, _opt("--horizon", help="How far ahead: 12mo when not said.", metavar="TIME")] = None,
    holdout: Annotated[
        str | None, _opt("--holdout", help="Hold the prediction against the last 13w, say.", metavar="TIME")
    ] = None,
    customers_out: Annotated[
        str | None, _opt("--customers-out", help="Write a row a customer, with ids, mode 0600.", metavar="FILE")
    ] = None,
    average_sale: Annotated[str | None, _opt("--average-sale", help="Simple formula: the average sale.")] = None,
    purchases: Annotated[str | None, _opt("--purchases", help="Simple formula: such as 3/year.")] = None,
    retention: Annotated[
        str | None, _opt("--retention", help="Simple formula: how long a customer is kept: 12mo.", metavar="TIME")
    ] = None,
    arpa: Annotated[str | None, _opt("--arpa", help="Subscription: revenue per account, such as 18.45/month.")] = None,
    retention_rate: Annotated[
        str | None, _opt("--retention-rate", help="Subscription: kept from one period to the next.", metavar="RATE")
    ] = None,
    churn_rate: Annotated[
        str | None, _opt("--churn-rate", help="Subscription: lost from one period to the next.", metavar="RATE")
    ] = None,
    discount: Annotated[
        str | None, _opt("--discount", help="Subscription and prediction: such as 1%/month.", metavar="RATE/TIME")
    ] = None,
    first_payment: Annotated[
        str | None, _opt("--first-payment", help="included, excluded or period-end.", metavar="WHICH")
    ] = None,
    retention_gain: Annotated[
        str | None, _opt("--retention-gain", help="What 5pp (points) or 5% more retention brings.", metavar="GAIN")
    ] = None,
    *,
    common: Common,
) -> int:
    """What a customer is worth: to date, predicted, or by a formula.

    kpi ltv exports/stripe_payments.csv --margin 80%
    """
    from kpi_cli.commands.answering import deliver

    given = Given(
        {"--average-sale": average_sale, "--purchases": purchases, "--retention": retention},
        {
            "--arpa": arpa,
            "--retention-rate": retention_rate,
            "--churn-rate": churn_rate,
            "--retention-gain": retention_gain,
        },
        {
            "--predict": predict,
            "--horizon": horizon,
            "--holdout": holdout,
            "--customers-out": customers_out,
            "--cohorts": cohorts,
        },
        discount,
        first_payment,
    )
    if customers_out in ("", "-"):
        raise UsageError("no_file_name", "--customers-out names no file", "give it a name, such as customers.csv")
    if _said(given.simple) or _said(given.contract):
        return deliver(_calculated(given, files, common), common)
    worth = _worth(given, files, common)
    if cohorts:
        from kpi_cli.questions.ltv import cohort_rows

        worth.result = cohort_rows(worth)
    if customers_out:
        _write_customers(worth, customers_out, common)
    return deliver(worth.result, common)


def _said(options: dict[str, Any]) -> list[str]:
    return [name for name, value in options.items() if value not in (None, False)]


# -------------------------------------------------------------------------------------------- figures


def _calculated(given: Given, files: list[str] | None, common: Common) -> Result:
    """The answer of one of the two formulas.

    Raises:
        UsageError: figures with files, figures of both formulas, a figure that is missing or means nothing.
    """
    ask = by_hand(files, common)
    simple, contract, ahead = _said(given.simple), _said(given.contract), _said(given.ahead)
    if ahead:
        raise UsageError(
            "figures_and_files", f"figures and {ahead[0]} cannot be asked together", "leave one of them out"
        )
    if simple and contract:
        raise UsageError(
            "two_formulas",
            f"{simple[0]} is of the simple formula and {contract[0]} of the contractual one",
            "keep the figures of one",
        )
    result = _simple(given, ask.margin) if simple else _contract(given, ask.margin)
    result.currency = ask.reading.currency
    return result


def _simple(given: Given, margin: Decimal | None) -> Result:
    from kpi_cli.period import parse_duration
    from kpi_cli.questions.formulas import simple

    for option, value in (("--discount", given.discount), ("--first-payment", given.first_payment)):
        if value is not None:
            raise UsageError("not_simple", f"the simple formula has no {option}", "leave it out")
    sale = figure(_needed(given.simple, "--average-sale"), "--average-sale")
    purchases = _amount_per(given.simple, "--purchases")
    kept = parse_duration(_needed(given.simple, "--retention"), "--retention")
    return simple(sale or Decimal(0), purchases, kept, margin)


def _contract(given: Given, margin: Decimal | None) -> Result:
    from kpi_cli.questions.formulas import Contract, contractual

    arpa, unit = _amount_per(given.contract, "--arpa")
    rate = _retention(given.contract)
    gain = given.contract["--retention-gain"]
    contract = Contract(
        arpa,
        unit,
        rate,
        _discount(given.discount, unit),
        _first_payment(given.first_payment) or "included",
        _gain(gain, rate) if gain else None,
    )
    return contractual(contract, margin)


def _needed(options: dict[str, str | None], name: str) -> str:
    value = options[name]
    if value is None:
        all_of = "--arpa and --retention-rate" if "--arpa" in options else ", ".join(options)
        raise UsageError("figure_missing", f"{name} is missing", f"this formula needs {all_of}")
    return value


def _amount_per(options: dict[str, str | None], name: str) -> tuple[Decimal, Every]:
    """A count or an amount per unit of time; a percentage is neither."""
    from kpi_cli.period import parse_per

    text = _needed(options, name)
    if "%" in text:
        raise UsageError("bad_rate", f"{name} {quoted(text)} is a percentage", "write 3/year or 18.45/month")
    return parse_per(text, name)


def _retention(contract: dict[str, str | None]) -> Decimal:
    """The retention rate, or what the churn rate leaves."""
    from kpi_cli.period import parse_rate

    kept, lost = contract["--retention-rate"], contract["--churn-rate"]
    if kept is not None and lost is not None:
        raise UsageError("rate_twice", "--retention-rate and --churn-rate say the same twice", "keep one of them")
    if lost is not None:
        return 1 - parse_rate(lost, "--churn-rate")
    return parse_rate(_needed(contract, "--retention-rate"), "--retention-rate")


def _discount(given: str | None, unit: Every) -> Decimal:
    """A discount a unit of time; one of another unit is refused with what it would be."""
    from kpi_cli.period import Duration, parse_per

    if given is None:
        return Decimal(0)
    rate, stated = parse_per(given, "--discount")
    if rate > 1 and "%" not in given:
        raise UsageError(
            "bad_rate",
            f"--discount {quoted(given)} could be {rate}% or {100 * rate}%",
            f"write {rate}%/{stated} or {rate / 100}/{stated}",
        )
    if rate < 0:
        raise UsageError("bad_discount", "a discount rate cannot be below 0", "write 1%/month or 0%/month")
    if stated != unit:
        power = Duration(Decimal(1), unit).to(stated)
        same = 100 * ((1 + rate) ** power - 1)
        raise UsageError(
            "units_mixed", f"--discount is per {stated} and the figures per {unit}", f"write {same:.4f}%/{unit}"
        )
    return rate


def _first_payment(given: str | None) -> Any:
    if given is not None and given not in _FIRST:
        raise UsageError("bad_choice", f"--first-payment {quoted(given)} is unknown", f"use {', '.join(_FIRST)}")
    return given


def _gain(text: str, retention: Decimal) -> Decimal:
    """Points of retention (a fraction): `5pp` as it is, `5%` of the rate; a bare number is refused."""
    match = re.fullmatch(r"\+?(\d+(?:\.\d+)?)\s*(pp|%)", text.strip())
    if match is None:
        number = text.strip().rstrip("p%") or text
        raise UsageError(
            "unclear_gain",
            f"--retention-gain {quoted(text)} could be points or percent of the rate",
            f"write {number}pp or {number}%",
        )
    share = Decimal(match[1]) / 100
    return share if match[2] == "pp" else share * retention


# ---------------------------------------------------------------------------------------------- files


def _worth(given: Given, files: list[str] | None, common: Common) -> Worth:
    from kpi_cli.questions.ltv import ltv as question

    ahead = [name for name in _said(given.ahead) if name != "--cohorts"]
    for option, value in (("--discount", given.discount), ("--first-payment", given.first_payment)):
        if value is not None and not ahead:
            raise UsageError(
                "not_predicted", f"{option} is of a prediction or a formula", "add --predict, or leave it out"
            )
    return question(asked(files, common), _wanted(given) if ahead else None)


def _wanted(given: Given) -> Wanted:
    from kpi_cli.period import parse_duration
    from kpi_cli.questions.predicting import Wanted

    horizon, holdout = (
        parse_duration(str(given.ahead[name]), name) if given.ahead[name] else None
        for name in ("--horizon", "--holdout")
    )
    first = _first_payment(given.first_payment)
    if first == "period-end":
        raise UsageError("bad_choice", "a prediction has no period-end", "use included or excluded")
    return Wanted(horizon, holdout, _discount(given.discount, "month"), first == "included")


def _write_customers(worth: Worth, target: str, common: Common) -> None:
    """A row a customer, for its owner's eyes only; nothing when the answer itself could not be written."""
    from kpi_cli.questions.predicting import customers_csv
    from kpi_cli.render import Options, format_of, target_of, writer_of
    from kpi_cli.render.output import check_place, write_file
    from kpi_cli.thresholds import tripped

    models = worth.fitted()
    writer_of("json" if common.json else format_of(Options(common.format, common.output)))
    tripped(worth.result, common.fail_if or ())
    path = target_of(target, worth.result)
    if common.output and common.output != "-":
        answer = target_of(common.output, worth.result)
        if _entry(answer) == _entry(path):
            raise UsageError("one_file_twice", "-o and --customers-out name the same file", "name two files")
        check_place(answer)
    write_file(path, customers_csv(worth.books, models), private=True)


def _entry(path: Path) -> Path:
    """Where a file stands, however its folder is written; a link is a file of its own."""
    return path.parent.resolve() / path.name
