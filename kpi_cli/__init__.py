"""kpi: marketing KPIs from the files the platforms let people download, or from pandas frames.

Every question takes paths and frames, recognises what each is, and gives a Result:

    import kpi_cli
    print(kpi_cli.roi(spend_df, sales_df, by="channel").to_pandas())
    kpi_cli.roi("exports/*.csv", "costs.yaml", month="2026-10", margin=0.8).to_dict()["total"]["roi"]

Nothing heavy is imported until a question is asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from kpi_cli.version import __version__

if TYPE_CHECKING:
    import pandas as pd

    from kpi_cli.ask import Ask
    from kpi_cli.models.abtest import Arm
    from kpi_cli.reporting import Report
    from kpi_cli.result import CheckResult, Result

Day = str | dt.date


class Options(TypedDict, total=False):
    """What every question may be asked with; the names and meanings are the command line's.

    `roles` gives the role of what cannot be recognised: {"sales": frame_or_path}. `margin` and `vat` are
    fractions (0.8) or texts (`80%`). `config` is a kpi.yml; without it none is read.
    """

    by: str | Sequence[str]
    month: str
    last: str
    from_: Day
    to: Day
    every: str
    compare: str
    as_of: Day
    sort: str
    top: int
    margin: float | Decimal | str
    vat: float | Decimal | str
    gross: bool
    prorate: bool
    allocate: str
    currency: str
    decimal: str
    date_format: str
    tz: str
    dedupe: bool
    strict: bool
    sales_from: str | Sequence[str]
    lang: str
    config: str | Path
    roles: Mapping[str, Any]


def roi(*data: Any, **options: Unpack[Options]) -> Result:
    """Return on investment by the dimensions asked for.

    Args:
        data: paths, patterns and pandas frames of spend, sales and costs.
        options: see Options.

    Raises:
        kpi_cli.errors.KpiError: what cannot be read or added for certain, with its place.
    """
    from kpi_cli.questions.roi import roi as question

    return question(_ask(data, options))


def cac(*data: Any, target: float | Decimal | None = None, **options: Unpack[Options]) -> Result:
    """What a new customer and a lead cost, media alone and all cost, by the dimensions asked for.

    Args:
        data: paths, patterns and pandas frames of spend, costs, sales, leads and traffic.
        target: the CAC not to be exceeded, currency units; adds the column `over_target`.
        options: see Options.

    Raises:
        kpi_cli.errors.KpiError: what cannot be read or added for certain, with its place.
    """
    from kpi_cli.errors import UsageError
    from kpi_cli.questions.cac import cac as question

    if target is not None and not target >= 0:
        raise UsageError("negative_figure", f"target {target} is not 0 or more", "give 0 or more")
    return question(_ask(data, options), None if target is None else Decimal(str(target)))


def channels(*data: Any, **options: Unpack[Options]) -> Result:
    """Where customers come from: visits, leads, orders, cost and return of each channel.

    Args:
        data: paths, patterns and pandas frames of traffic, leads, sales, spend and costs.
        options: see Options.

    Raises:
        kpi_cli.errors.KpiError: what cannot be read or added for certain, with its place.
    """
    from kpi_cli.questions.channels import channels as question

    return question(_ask(data, options))


def attribution(*data: Any, model: str = "all", half_life: float | str = 7.0, **options: Unpack[Options]) -> Result:
    """Conversions credited to the channels of the touches before them, by one model or all side by side.

    Args:
        data: paths, patterns and pandas frames of touches or of written paths.
        model: first, last, last-non-direct, linear, position, time-decay, markov, shapley or all.
        half_life: days, or a time such as `2w`; time-decay's.
        options: see Options.

    Raises:
        kpi_cli.errors.KpiError: what cannot be read or added for certain, with its place.
    """
    from kpi_cli.period import parse_duration
    from kpi_cli.questions.attribution import attribution as question

    days = float(parse_duration(half_life, "half_life").days) if isinstance(half_life, str) else half_life
    return question(_ask(data, options), model, days)


def ltv(*data: Any, **options: Unpack[Options]) -> Result:
    """What a customer is worth to date, observed: orders, repeat rate, value; cohorts in `extra["cohorts"]`.

    Args:
        data: paths, patterns and pandas frames of sales, and of spend for LTV : CAC.
        options: see Options.
    """
    from kpi_cli.questions.ltv import ltv as question

    return question(_ask(data, options)).result


def cohorts(*data: Any, **options: Unpack[Options]) -> Result:
    """The cohorts of `ltv` as rows: one a cohort and age, with who was active and the value per customer."""
    from kpi_cli.questions.ltv import cohort_rows
    from kpi_cli.questions.ltv import ltv as question

    return cohort_rows(question(_ask(data, options)))


def predict(*data: Any, horizon: str = "12mo", holdout: str | None = None, **options: Unpack[Options]) -> pd.DataFrame:
    """Purchases and value each customer is expected to bring within `horizon` (BG/NBD with Gamma-Gamma).

    The frame holds one row a customer, with the ids of the data: keep it as you keep those. Values are NaN
    where the sales settle no model of them, such as when no repeat purchase was paid for.

    Args:
        data: paths, patterns and pandas frames of sales with customers.
        horizon: `12mo`, `26w`, …
        holdout: a last stretch that the model does not learn from.
        options: see Options.

    Raises:
        kpi_cli.errors.InputError: the sales name no customers, or do not settle a model of purchases.
    """
    import pandas as pd

    from kpi_cli.errors import InputError
    from kpi_cli.period import parse_duration
    from kpi_cli.questions.ltv import ltv as question
    from kpi_cli.questions.predicting import CUSTOMER_COLUMNS, Wanted, each_customer
    from kpi_cli.texts import label

    wanted = Wanted(parse_duration(horizon, "horizon"), parse_duration(holdout, "holdout") if holdout else None)
    worth = question(_ask(data, options), wanted)
    fitted = worth.fitted()
    if fitted.purchases.reason:
        said = f"the sales settle no model of purchases: {label(fitted.purchases.reason, 'reasons')}"
        raise InputError("not_identified", said, "give a longer history")
    frame = pd.DataFrame(each_customer(worth.books, fitted), columns=list(CUSTOMER_COLUMNS))
    days = ["first_purchase", "last_purchase"]
    frame[days] = frame[days].apply(pd.to_datetime)
    return frame


def funnel(
    *data: Any,
    steps: str | Sequence[str] = (),
    within: str | None = None,
    between: str | None = None,
    test: bool | Mapping[str, Any] = False,
    **options: Unpack[Options],
) -> Result:
    """Where people are lost: stages with counts, step rates and overall rates.

    Args:
        data: paths, patterns and pandas frames of spend, traffic, leads and sales, or of events, progress, search,
            mail or social posts.
        steps: the stages to choose, or the events of a log, in order.
        within: how long after the first step the others may come, such as `30d`.
        between: instead of stages, the median days between a person's days with this event of a log.
        test: judge the groups of `by="variant"` as arms; settings as in {"change": 0.01, "split": (90, 10),
            "control": "old"}. The answer is `to_dict()["test"]`.
        options: see Options.

    Raises:
        kpi_cli.errors.KpiError: what cannot be read, added or tested for certain, with its place.
    """
    from kpi_cli.period import parse_duration
    from kpi_cli.questions.funnel import Trial, Wanted, days_between
    from kpi_cli.questions.funnel import funnel as question

    ask = _ask(data, options)
    if between is not None:
        return days_between(ask, between)
    trial = Trial(**(test if isinstance(test, Mapping) else {})) if test is not False else None
    span = parse_duration(within, "within") if within else None
    return question(ask, Wanted(_listed(steps) if steps else (), span, trial))


def report(*data: Any, **options: Unpack[Options]) -> Report:
    """All answers of a period side by side: headline figures, what changed, and a table a question.

    Args:
        data: paths, patterns and pandas frames of sales and cost, and of whatever else there is.
        options: see Options; a report chooses its own rows.

    Returns:
        The Report: `.to_pandas()` has a row a headline figure, `.part("channels")` is that table's Result.

    Raises:
        kpi_cli.errors.KpiError: what cannot be read or added for certain, with its place.
    """
    from kpi_cli.questions.report import report as question
    from kpi_cli.texts import LANGUAGE

    ask = _ask(data, options)
    LANGUAGE.set(options.get("lang") or ask.config.report.lang or LANGUAGE.get())
    return question(ask)


def ab_test(
    variants: Mapping[str, tuple[int, int]] | None = None,
    /,
    *,
    change: float | None = None,
    split: Sequence[float] | None = None,
    **arms: tuple[int, int],
) -> dict[str, Any]:
    """Two or more variants compared, the first as the control: `ab_test(a=(400, 5000), b=(470, 5100))`.

    Args:
        variants: conversions and visitors by the name of each variant, where names are no keywords.
        change: the smallest change of the rate worth showing, a fraction; a tenth of the common rate when None.
        split: the planned shares of visitors; even when None.
        arms: conversions and visitors of each variant.

    Returns:
        The `test` object of the funnel's JSON: rates with intervals, difference, p, and a verdict in words.

    Raises:
        kpi_cli.errors.UsageError: one arm, no visitors, or more conversions than visitors.

    >>> ab_test(a=(17489, 145274), b=(17264, 145310))["p"]
    0.189883
    """
    from kpi_cli.models.abtest import ab_test as compared
    from kpi_cli.texts import LANGUAGE

    found = [_arm(name, counts) for name, counts in {**(variants or {}), **arms}.items()]
    return compared(found, change, split).to_dict(LANGUAGE.get())


def _arm(name: str, counts: tuple[int, int]) -> Arm:
    """An arm of whole counts, whatever kind of whole number they are."""
    from operator import index

    from kpi_cli.errors import UsageError
    from kpi_cli.models.abtest import Arm

    try:
        won, visitors = map(index, counts)
    except (TypeError, ValueError) as error:
        raise UsageError("bad_arm", f"{name} is no arm", "give whole conversions and visitors: (400, 5000)") from error
    return Arm(str(name), won, visitors)


def check(*data: Any, **options: Unpack[Options]) -> CheckResult:
    """What each file was taken for, and where every row went; a refused file carries its error."""
    from kpi_cli.questions.check import check as question

    return question(_ask(data, options))[0]


def _ask(data: Sequence[Any], options: Options) -> Ask:
    """The same Ask that a command line makes; TypeError for an option there is none of."""
    from kpi_cli.ask import Ask, Files
    from kpi_cli.config import Config
    from kpi_cli.definitions import asked_by_name, load_settings, own_columns
    from kpi_cli.errors import did_you_mean
    from kpi_cli.exports.options import ReadOptions
    from kpi_cli.period import PeriodOptions, time_zone
    from kpi_cli.texts import LANGUAGE

    for name in options:
        if name not in Options.__annotations__:
            raise TypeError(f"no option {name!r}; {did_you_mean(name, Options.__annotations__)}")
    config = load_settings(Path(options["config"])) if "config" in options else Config.empty()
    LANGUAGE.set(options.get("lang") or config.lang or "en")
    said = [(item, None) for given in data for item in _each(given)] + list(_by_role(options.get("roles", {})))
    vat = _share(options.get("vat"), "vat")
    vat = config.vat if vat is None else vat
    tz = options.get("tz") or config.tz
    if tz:
        time_zone(tz)
    every = ("month", "last", "from_", "to", "every", "compare", "as_of", "tz")
    return Ask(
        files=Files(
            tuple((str(item), role) for item, role in said if isinstance(item, str | Path)),
            tuple((item, role) for item, role in said if not isinstance(item, str | Path)),
        ),
        period=PeriodOptions(**{name: options.get(name) for name in every}),  # type: ignore[arg-type]  # checked there
        by=_listed(options.get("by", ())),
        sort=options.get("sort"),
        also=asked_by_name([(options.get("sort") or "").removeprefix("-")]),
        top=options.get("top"),
        margin=_share(options.get("margin"), "margin"),
        prorate=options.get("prorate", False),
        allocate=_allocation(options.get("allocate")),
        reading=ReadOptions(
            decimal=options.get("decimal"),
            date_format=options.get("date_format"),
            currency=options.get("currency"),
            default_currency=config.currency,
            tz=tz,
            gross=options.get("gross", False),
            dedupe=options.get("dedupe", False),
            strict=options.get("strict", False),
            sales_from=_listed(options.get("sales_from", ())),
            vat=str(vat) if vat is not None else None,
            own=own_columns(config),
        ),
        config=config,
    )


def _by_role(roles: Mapping[str, Any]) -> list[tuple[Any, str]]:
    return [(item, role) for role, items in roles.items() for item in _each(items)]


def _each(given: Any) -> Sequence[Any]:
    """One file or frame, or several in a list."""
    return given if isinstance(given, list | tuple) else [given]


def _listed(given: str | Sequence[str]) -> tuple[str, ...]:
    """`"channel,month"` or a list of names."""
    return tuple(part.strip() for part in given.split(",")) if isinstance(given, str) else tuple(given)


def _allocation(given: str | None) -> str | None:
    from kpi_cli.ask import ALLOCATIONS
    from kpi_cli.errors import UsageError

    if given not in {None, *ALLOCATIONS}:
        raise UsageError("bad_choice", f"allocate takes {', '.join(ALLOCATIONS)}", f"not “{given}”")
    return given


def _share(given: float | Decimal | str | None, name: str) -> Decimal | None:
    from kpi_cli.period import parse_rate

    return None if given is None else parse_rate(str(given), name)


__all__ = [
    "Options",
    "__version__",
    "ab_test",
    "attribution",
    "cac",
    "channels",
    "check",
    "cohorts",
    "funnel",
    "ltv",
    "predict",
    "report",
    "roi",
]
