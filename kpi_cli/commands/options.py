"""The options that mean the same in every command, declared once, and how they become an Ask.

A command lists its own options and ends with `common: Common`; `shared` puts the common ones in its place.
"""

import inspect
import re
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from msgspec import Struct
from typer.core import TyperCommand

from kpi_cli.errors import UsageError
from kpi_cli.safe import quoted

FILES, PERIOD, ROWS, READING, OUTPUT = "Files", "Period", "Rows and figures", "What a file leaves open", "Output"
Texts = list[str] | None


def _opt(group: str, *names: str, help: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=group, show_default=False, **more)


class Common(Struct, frozen=True, dict=True):
    """Every shared option, as given."""

    config: Annotated[Path | None, _opt(FILES, "--config", help="Settings; ./kpi.yml when there is one.")] = None
    no_config: Annotated[bool, _opt(FILES, "--no-config", help="Do not read ./kpi.yml.")] = False
    spend: Annotated[Texts, _opt(FILES, "--spend", help="A file of spend.", metavar="FILE")] = None
    sales: Annotated[Texts, _opt(FILES, "--sales", help="A file of sales.", metavar="FILE")] = None
    costs: Annotated[Texts, _opt(FILES, "--costs", help="A file of other costs.", metavar="FILE")] = None
    traffic: Annotated[Texts, _opt(FILES, "--traffic", help="A file of visits.", metavar="FILE")] = None
    leads: Annotated[Texts, _opt(FILES, "--leads", help="A file of leads.", metavar="FILE")] = None
    search: Annotated[Texts, _opt(FILES, "--search", help="A file of search results.", metavar="FILE")] = None
    mail: Annotated[Texts, _opt(FILES, "--mail", help="A file of mailings.", metavar="FILE")] = None
    social: Annotated[Texts, _opt(FILES, "--social", help="A file of social posts.", metavar="FILE")] = None
    progress: Annotated[Texts, _opt(FILES, "--progress", help="A file of course progress.", metavar="FILE")] = None
    events: Annotated[Texts, _opt(FILES, "--events", help="A log of events.", metavar="FILE")] = None
    touches: Annotated[Texts, _opt(FILES, "--touches", help="A file of touches.", metavar="FILE")] = None
    rates: Annotated[Texts, _opt(FILES, "--rates", help="Exchange rates.", metavar="FILE")] = None
    memory: Annotated[
        str | None, _opt(FILES, "--memory", help="What tables may take, such as 1GB; the rest waits on disk.")
    ] = None

    month: Annotated[str | None, _opt(PERIOD, "--month", help="One month, such as 2026-10.")] = None
    last: Annotated[str | None, _opt(PERIOD, "--last", help="month, quarter, year or 30d: complete units.")] = None
    from_: Annotated[str | None, _opt(PERIOD, "--from", help="First day, inclusive.", metavar="DATE")] = None
    to: Annotated[str | None, _opt(PERIOD, "--to", help="Last day, inclusive.", metavar="DATE")] = None
    every: Annotated[str | None, _opt(PERIOD, "--every", help="A row per day, week, month, quarter or year.")] = None
    compare: Annotated[str | None, _opt(PERIOD, "--compare", help="previous or year: beside an earlier period.")] = None
    as_of: Annotated[str | None, _opt(PERIOD, "--as-of", help="The day that counts as today.", metavar="DATE")] = None

    by: Annotated[Texts, _opt(ROWS, "--by", help="Dimensions, such as channel,campaign.")] = None
    sort: Annotated[str | None, _opt(ROWS, "--sort", help="A column; -COLUMN for downwards.", metavar="COLUMN")] = None
    top: Annotated[int | None, _opt(ROWS, "--top", help="The first N rows only.", min=1)] = None
    margin: Annotated[str | None, _opt(ROWS, "--margin", help="Share of revenue that is margin: 60% or 0.6.")] = None
    gross: Annotated[bool, _opt(ROWS, "--gross", help="Keep refunds in revenue.")] = False
    prorate: Annotated[bool, _opt(ROWS, "--prorate", help="Spread rows that cross the period's edge by day.")] = False
    allocate: Annotated[
        str | None, _opt(ROWS, "--allocate", help="Spread shared costs: revenue, media, customers or even.")
    ] = None
    dedupe: Annotated[bool, _opt(ROWS, "--dedupe", help="Drop rows without an id that repeat another.")] = False
    sales_from: Annotated[
        Texts, _opt(ROWS, "--sales-from", help="The format that books sales, such as stripe_payments.")
    ] = None
    accounts: Annotated[str | None, _opt(ROWS, "--accounts", help="separate: files are different accounts.")] = None

    currency: Annotated[str | None, _opt(READING, "--currency", help="Of files that state none, such as EUR.")] = None
    decimal: Annotated[str | None, _opt(READING, "--decimal", help="The decimal mark: . or ,")] = None
    date_format: Annotated[str | None, _opt(READING, "--date-format", help="dmy, mdy, ymd or excel.")] = None
    tz: Annotated[str | None, _opt(READING, "--tz", help="Time zone, such as Europe/Paris.")] = None
    encoding: Annotated[str | None, _opt(READING, "--encoding", help="Such as cp1252 or utf-16.")] = None
    map: Annotated[Texts, _opt(READING, "--map", help="Name a column.", metavar="ROLE.COLUMN=HEADER")] = None

    strict: Annotated[bool, _opt(OUTPUT, "--strict", help="Refuse what would otherwise be a note on trust.")] = False
    fail_if: Annotated[
        Texts, _opt(OUTPUT, "--fail-if", help="Exit 4 when true, such as 'roi < 20%'.", metavar="CONDITION")
    ] = None
    explain: Annotated[bool, _opt(OUTPUT, "--explain", help="Show formulas with their numbers and files.")] = False
    format: Annotated[str | None, _opt(OUTPUT, "--format", "-f", help="table, json, csv, markdown, html or xlsx.")] = (
        None
    )
    json: Annotated[bool, _opt(OUTPUT, "--json", help="The same as -f json.")] = False
    output: Annotated[str | None, _opt(OUTPUT, "--output", "-o", help="Write to a file.", metavar="FILE")] = None
    lang: Annotated[str | None, _opt(OUTPUT, "--lang", help="en or fr.")] = None
    quiet: Annotated[bool, _opt(OUTPUT, "--quiet", "-q", help="No notes on stderr.")] = False


def shared(command: Callable[..., int]) -> Callable[..., int]:
    """A command whose last parameter, `common: Common`, is given as options of its own."""
    signature = inspect.signature(command)
    own = [p for p in signature.parameters.values() if p.name != "common"]
    hints = get_type_hints(command, include_extras=True)
    names = Common.__struct_fields__
    parameters = [p.replace(annotation=hints[p.name]) for p in own]
    parameters += [
        inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Common.__annotations__[n])
        for n, default in zip(names, Common.__struct_defaults__, strict=True)
    ]

    def run(**given: Any) -> int:
        common = Common(**{name: given.pop(name) for name in names})
        return command(**given, common=common)

    told: Any = run  # what Typer reads of a function, said of one that takes anything
    told.__name__, told.__doc__ = command.__name__, command.__doc__
    told.__signature__ = inspect.Signature(parameters)
    told.__annotations__ = {p.name: p.annotation for p in parameters}
    return run


class KpiCommand(TyperCommand):
    """A command whose help shows its own options first, then the common ones in their groups."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, grouped."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                group = getattr(param, "rich_help_panel", None) or "Options"
                groups.setdefault(group, []).append(record)
        for group in ("Options", ROWS, PERIOD, FILES, READING, OUTPUT):
            if group in groups:
                with formatter.section(group):
                    formatter.write_dl(groups[group])


# ------------------------------------------------------------------------------- from options to an Ask

_ROLES = [
    "spend",
    "sales",
    "costs",
    "traffic",
    "leads",
    "search",
    "mail",
    "social",
    "progress",
    "events",
    "touches",
    "rates",
]


def settle_language(common: Common, config_lang: str | None) -> None:
    """The language of the run: --lang, else kpi.yml; the environment counts for tables on a terminal only.

    Raises:
        UsageError: a language there is none of.
    """
    from kpi_cli.texts import LANGUAGE, environment_language

    if common.lang and common.lang not in {"en", "fr"}:
        raise UsageError("unknown_language", f"no language “{common.lang}”", "use en or fr")
    wanted = common.lang or config_lang
    if wanted is None and _is_terminal_table(common):
        wanted = environment_language()
    LANGUAGE.set(wanted or "en")


def _is_terminal_table(common: Common) -> bool:
    plain = not common.json and not common.output and common.format in (None, "table")
    return plain and sys.stdout is not None and sys.stdout.isatty()


def asked(files: list[str] | None, common: Common) -> Any:
    """The Ask behind a command line.

    Raises:
        UsageError: options that cannot be understood.
        InputError: a mistake in kpi.yml.
    """
    from kpi_cli.ask import ALLOCATIONS, Ask, Files
    from kpi_cli.commands import waiting
    from kpi_cli.exports.engine import MEMORY
    from kpi_cli.period import PeriodOptions, parse_rate, time_zone

    MEMORY.set(_size(common.memory))
    waiting.begin()
    config = configuration(common)
    settle_language(common, config.lang)
    said: list[tuple[str, str | None]] = [(path, None) for path in files or ()]
    said += [(path, role) for role in _ROLES for path in getattr(common, role) or ()]
    tz = common.tz or config.tz
    if tz:
        time_zone(tz)
    return Ask(
        files=Files(tuple(said)),
        period=PeriodOptions(
            common.month, common.last, common.from_, common.to, common.every, _compared(common), common.as_of, tz
        ),
        by=tuple(part.strip() for text in common.by or () for part in text.split(",") if part.strip()),
        sort=common.sort,
        top=common.top,
        margin=parse_rate(common.margin, "--margin") if common.margin else None,
        prorate=common.prorate,
        allocate=_one_of("--allocate", common.allocate, ALLOCATIONS),
        explain=common.explain,
        also=_named(common),
        reading=_reading(common, config),
        config=config,
    )


def _size(given: str | None) -> str | None:
    """A size in memory as DuckDB reads it."""
    if given is not None and not re.fullmatch(r"[1-9]\d{0,5}(\.\d+)? ?[MGT]i?B", given, re.IGNORECASE):
        raise UsageError("bad_size", f"--memory {quoted(given)} is no size", "write it like 1GB or 500MB")
    return given


def _named(common: Common) -> tuple[str, ...]:
    """The figures that --sort and --fail-if name, where they are the house's own."""
    if not (common.sort or common.fail_if):
        return ()
    from kpi_cli.definitions import asked_by_name
    from kpi_cli.thresholds import named

    return asked_by_name([(common.sort or "").removeprefix("-"), *named(common.fail_if or ())])


def _compared(common: Common) -> str | None:
    """The period to compare with: --compare's, else the one before where a --fail-if speaks of a change."""
    if common.compare or not common.fail_if:
        return common.compare
    from kpi_cli.thresholds import needs_earlier

    return "previous" if needs_earlier(common.fail_if) else None


def configuration(common: Common) -> Any:
    """kpi.yml, when there is one and it is wanted."""
    usual = Path("kpi.yml")
    path = common.config or (usual if not common.no_config and usual.is_file() else None)
    if path is None:
        from kpi_cli.config import Config

        return Config.empty()
    from kpi_cli.definitions import load_settings

    return load_settings(path)


def _one_of(option: str, given: str | None, allowed: tuple[str, ...]) -> str | None:
    if given is not None and given not in allowed:
        raise UsageError("bad_choice", f"{option} takes {', '.join(allowed)}", f"not “{given}”")
    return given


def _reading(common: Common, config: Any) -> Any:
    from kpi_cli.definitions import own_columns
    from kpi_cli.exports.options import ReadOptions

    return ReadOptions(
        decimal=_one_of("--decimal", common.decimal, (".", ",")),
        date_format=_one_of("--date-format", common.date_format, ("dmy", "mdy", "ymd", "excel")),
        encoding=common.encoding,
        currency=_currency_code(common.currency),
        default_currency=config.currency,
        tz=common.tz or config.tz,
        columns=tuple(_mapping(text) for text in common.map or ()),
        gross=common.gross,
        dedupe=common.dedupe,
        strict=common.strict,
        separate_accounts=_one_of("--accounts", common.accounts, ("separate",)) is not None,
        sales_from=tuple(part for text in common.sales_from or () for part in text.split(",") if part),
        vat=str(config.vat) if config.vat is not None else None,
        own=own_columns(config),
    )


def _currency_code(given: str | None) -> str | None:
    if given is None:
        return None
    if len(given) != 3 or not given.isalpha():
        raise UsageError("bad_currency", f"--currency “{given}” is no code", "use one such as EUR")
    return given.upper()


def _mapping(text: str) -> tuple[str, str, str]:
    """`ROLE.COLUMN=HEADER` in its three parts."""
    from kpi_cli.exports.roles import ROLES

    left, equals, header = text.partition("=")
    role, dot, column = left.partition(".")
    if not (equals and dot and header and column) or role not in ROLES:
        raise UsageError("bad_map", f"--map “{text}” is not ROLE.COLUMN=HEADER", "such as --map sales.amount=Betrag")
    return role, column, header


def without_output(common: Common, options: tuple[str, ...], why: str) -> None:
    """Refuse those of the options of output, or of settings, that a command would pass over.

    Raises:
        UsageError: one is given.
    """
    given = {"--fail-if": common.fail_if, "--format": common.format, "--json": common.json, "--config": common.config}
    said = next((name for name in options if given[name]), None)
    if said:
        raise UsageError("no_place", f"{why}, so {said} has no place", "leave it out")


_OF_FILES = (
    *("month", "last", "from_", "to", "every", "compare", "as_of", "by", "sort", "top"),
    *("gross", "prorate", "allocate", "dedupe"),
    *("sales_from", "accounts", "map", "decimal", "date_format", "tz", "encoding", "memory"),
)


def by_hand(files: list[str] | None, common: Common) -> Any:
    """The Ask behind a calculator, whose figures stand for all files.

    Raises:
        UsageError: figures and files together; options that cannot be understood.
    """
    if files or any(getattr(common, role) for role in _ROLES):
        raise UsageError("figures_and_files", "figures and files cannot be asked together", "leave one of them out")
    said = next((name for name in _OF_FILES if getattr(common, name)), None)
    if said:
        option = "--" + said.rstrip("_").replace("_", "-")
        refused = f"{option} asks something of files, and figures are given"
        raise UsageError("figures_and_files", refused, "leave it out")
    return asked(None, common)


def amount_of(text: str | None, option: str) -> Decimal | None:
    """A figure on the command line that cannot be below 0.

    Raises:
        UsageError: it is no number, or below 0.
    """
    value = figure(text, option)
    if value is not None and value < 0:
        raise UsageError("negative_figure", f"{option} is below 0", "give 0 or more")
    return value


def count_of(text: str | None, option: str) -> Decimal | None:
    """A whole number on the command line, 0 or more.

    Raises:
        UsageError: it is no number, below 0, or has a fraction.
    """
    value = amount_of(text, option)
    if value is not None and value != int(value):
        raise UsageError("fractional_count", f"{option} “{text}” is no whole number", "give a count, such as 25")
    return value


def figure(text: str | None, option: str) -> Decimal | None:
    """A figure on the command line; a dot or nothing marks decimals.

    Raises:
        UsageError: it is no number.
    """
    if text is None:
        return None
    from kpi_cli.exports.values import BadValue, amount

    try:
        return amount(text, ".")
    except BadValue as error:
        raise UsageError("bad_figure", f"{option} “{text}” is {error}", "write it like 1250.50") from error
