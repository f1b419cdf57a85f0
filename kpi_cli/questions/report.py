"""The report of a period: every other question's answer, side by side, and what changed most.

The files are read once; each question then takes its own books from them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from msgspec.structs import replace

from kpi_cli.ask import Ask, without
from kpi_cli.assigning import NOT_ALLOCATED, NOT_SET
from kpi_cli.books import Books
from kpi_cli.config import in_force
from kpi_cli.coverage import first_day, gaps, uncovered
from kpi_cli.definitions import asked_by_name
from kpi_cli.errors import InputError, NoDataError
from kpi_cli.exports.options import Enough
from kpi_cli.opening import open_books, read_whole
from kpi_cli.period import PeriodOptions, Window, shift, start_of
from kpi_cli.questions.aiming import budget
from kpi_cli.questions.cac import cac
from kpi_cli.questions.channels import channels
from kpi_cli.questions.funnel import funnel
from kpi_cli.questions.laying_out import on_books
from kpi_cli.questions.ltv import ltv
from kpi_cli.questions.own import own_figures
from kpi_cli.questions.roi import roi
from kpi_cli.reporting import Headline, Move, Part, Report, Split, Standing
from kpi_cli.result import Column, Note, Previous, Result, Row, Span, Value
from kpi_cli.texts import label, note, span_text
from kpi_cli.trust import insist

USES = ("spend", "sales", "costs", "traffic", "leads")
GROUPED_BY = frozenset({"channel", "strategy", "campaign"})
COMPARED = ("spend", "sales")  # roles without which an earlier period cannot be set beside this one
TREND_MONTHS = 12
MOVES = 6  # rows named as having changed most
_BY_REVENUE = (("channel",), ("strategy",))
CAMPAIGNS = 3  # best, and worst
YEARS_OLD = 3  # a benchmark published so long before the period is said to be old
ZERO = Decimal(0)

# Which question gives which headline figure.
_FROM_ROI = ("revenue", "cost", "profit", "roi")
_FROM_CAC = ("new_customers", "cac", "leads")
_FROM_CHANNELS = ("visits", "conversion_rate")
_ITS_OWN = ("--by", "--every", "--sort", "--top", "--compare", "--explain")  # options that it would pass over
HEADLINES = frozenset({*_FROM_ROI, *_FROM_CAC, *_FROM_CHANNELS})


def report(ask: Ask) -> Report:
    """The report of the period asked for.

    Raises:
        UsageError: options that choose rows, which a report chooses itself.
        InputError: what cannot be read or added for certain, or files without dates.
        NoDataError: no sales or no cost, or a kind of file that there is but not for this period.
    """
    without(ask, _ITS_OWN, "a report chooses its own rows", "report_rows")
    ask = replace(ask, also=_also(ask), reading=replace(ask.reading, every_id=True))
    ask = read_whole(ask, Enough("people", GROUPED_BY))
    found = _Report(ask).built()
    if ask.reading.strict:
        insist(found.notes)
    return found


def _also(ask: Ask) -> tuple[str, ...]:
    """The built-in figures that are no headline but are held to a target, a benchmark or a condition."""
    aimed, marked = ask.config.targets, ask.config.benchmarks
    named = (*ask.also, *(goal.metric for goal in aimed), *(mark.metric for mark in marked))
    return tuple(name for name in asked_by_name(named) if name not in HEADLINES)


class _Report:
    """One report being put together."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.books = open_books(ask, USES, (), _needs)
        if self.books.window is None:
            raise InputError("undated", "no file has dates", "export with dates")
        self.window: Window = self.books.window
        self.notes: list[Note] = []

    def built(self) -> Report:
        """The whole of it."""
        now = [(roi, (*_FROM_ROI, *self._own())), (cac, _FROM_CAC), (channels, _FROM_CHANNELS)]
        previous, of_year = ([(self._compared(q, how), names) for q, names in now] for how in ("previous", "year"))
        by_channel = self._shown(channels, ("channel",))
        rows = by_channel.rows if by_channel else []
        found = Report(
            self.ask.config.report.title,
            self.books.span or Span(self.window.start, self.window.end, 0),
            self.books.currency,
            self._headlines(previous, of_year),
            self._span(previous),
            self._span(of_year),
        )
        found.parts = [part for part in self._parts(by_channel) if part.result.rows or part.result.total]
        if found.previous and by_channel and by_channel.previous:
            found.moves = _moves(rows, by_channel.previous.rows)
            found.split = _cac_split(previous)
        found.unknown = self._unknown(found.headlines)
        found.standings = self._standings(found)
        self._close(found, previous)
        return found

    # -------------------------------------------------------------------------------------- asking

    def _asked(self, window: Window, *, by: Sequence[str] = (), compare: str | None = None) -> Ask:
        """The same question about other rows and days; only the whole report is held to --strict."""
        given = self.ask.period
        period = PeriodOptions(from_=window.start, to=window.end, compare=compare, as_of=given.as_of, tz=given.tz)
        reading, sort = replace(self.ask.reading, strict=False), "-revenue" if by in _BY_REVENUE else None
        return replace(self.ask, period=period, by=tuple(by), sort=sort, top=None, reading=reading)

    def _compared(self, question: Callable[[Ask], Result], how: str) -> Result | None:
        """The whole period beside an earlier one; None where the files cannot answer."""
        return _answered(question, self._asked(self.window, compare=how))

    def _shown(self, question: Callable[[Ask], Result], by: Sequence[str]) -> Result | None:
        """Rows beside those of the period before, where the files reach back so far."""
        found = _answered(question, self._asked(self.window, by=by, compare="previous"))
        if found and found.previous and not self._reaches(found.previous.period):
            found.previous = None
        return found

    def _reaches(self, span: Span) -> bool:
        """Whether sales and spend cover an earlier period."""
        return not uncovered(self.books, COMPARED, Window(span.start, span.end))[0]

    def _span(self, answers: Iterable[tuple[Result | None, Sequence[str]]]) -> Span | None:
        """The earlier period of some answers, if the files reach back so far; what of it they miss is a note."""
        span = next((found.previous.period for found, _ in answers if found and found.previous), None)
        if span is None:
            self.notes += [n for found, _ in answers if found for n in found.notes if n.code == "not_comparable"]
            return None
        window = Window(span.start, span.end)
        roles, files = uncovered(self.books, COMPARED, window)
        code = "not_comparable" if roles else "partly_comparable"
        self.notes += [note(code, file=file, period=span_text(span.start, span.end)) for file in files]
        return None if roles else span

    # ------------------------------------------------------------------------------------- figures

    def _headlines(
        self,
        previous: Sequence[tuple[Result | None, Sequence[str]]],
        of_year: Sequence[tuple[Result | None, Sequence[str]]],
    ) -> list[Headline]:
        found = []
        for (now, names), (then, _) in zip(previous, of_year, strict=True):
            for column in now.columns if now else ():
                if now and column.name in names and now.total.get(column.name) is not None:
                    values = self._before(now, column), self._before(then, column)
                    goals = self._target(column.name), budget(self.ask, self.window) if column.name == "cost" else None
                    found.append(Headline(column, now.total[column.name], *values, *goals))
        own = self._own()
        return sorted(found, key=lambda headline: headline.column.name in own)

    def _unknown(self, known: Iterable[Headline]) -> dict[str, Value]:
        """The figures that a headline would be for if they were known, each with its target."""
        names = {*HEADLINES, *self._own()} - {headline.column.name for headline in known}
        return {name: self._target(name) for name in sorted(names)}

    def _own(self) -> tuple[str, ...]:
        """The figures of kpi.yml, and those that a target, a benchmark or a condition asks for by name."""
        own = (column.name for _, column in own_figures(self.ask))
        return tuple(name for name in own if name not in HEADLINES)

    def _before(self, answer: Result | None, column: Column) -> Value:
        earlier = answer.previous if answer else None
        return earlier.total.get(column.name) if earlier and self._reaches(earlier.period) else None

    def _target(self, name: str) -> Value:
        goal = in_force(self.ask.config.targets, name, None, self.window.end)
        return goal.value if goal else None

    def _standings(self, found: Report) -> list[Standing]:
        """Each benchmark beside the figure it speaks of; one whose figure is not known says so by a dash."""
        known = {c.name: (c, p.result.total.get(c.name)) for p in found.parts for c in p.result.columns}
        known |= {headline.column.name: (headline.column, headline.value) for headline in found.headlines}
        standings = []
        for mark in self.ask.config.benchmarks:
            column, value = known.get(mark.metric, (Column(mark.metric, label(mark.metric), "rate"), None))
            old = self.window.end.year - mark.year >= YEARS_OLD
            standings.append(Standing(column, value, mark.value, mark.sector, mark.year, mark.source, old))
        return standings

    # -------------------------------------------------------------------------------------- tables

    def _parts(self, by_channel: Result | None) -> Iterable[Part]:
        moved = ("revenue", "roi", "cac")
        names = ("revenue", "cost", "roi", "roi_target", "new_customers", "cac", "cac_target", *self._own_metrics())
        for name, found in (("channels", by_channel), ("strategies", self._shown(channels, ("strategy",)))):
            if found:
                yield Part(name, _trimmed(found, names), moved)
        if budgets := self._budgets(by_channel):
            yield Part("budgets", budgets)
        if campaigns := self._campaigns():
            yield Part("campaigns", campaigns)
        if trend := self._trend():
            yield Part("trend", trend)
        steps = _answered(funnel, replace(self._asked(self.window), margin=None, allocate=None))
        if steps:
            yield Part("funnel", _trimmed(steps, ("stage", "count", "step_rate", "overall_rate", "lost")))
        if worth := self._worth():
            yield Part("ltv", worth)

    def _own_metrics(self) -> Iterable[str]:
        """The figures by channel that are not the report's own: metrics, with their targets, of kpi.yml and by name."""
        measured = {measure.name for measure in self.ask.config.measures}
        for name in self._own():
            if name not in measured:
                yield from (name, f"{name}_target")

    def _first_month(self) -> dt.date:
        """The first day of the first of twelve months up to the period's end that sales and spend cover."""
        last = start_of(self.window.end, "month")
        first = first_day(self.books, COMPARED) or last
        start = start_of(first, "month")
        start = start if start == first else shift(start, 1, "month")
        return min(last, max(shift(last, 1 - TREND_MONTHS, "month"), start))

    def _trend(self) -> Result | None:
        """Month by month: return and acquisition beside each other."""
        window = Window(self._first_month(), self.window.end)
        returns, won = (_answered(question, self._asked(window, by=("month",))) for question in (roi, cac))
        if returns is None or len(returns.rows) < 2:
            return None
        self._tell_gaps(window)
        wanted = ("revenue", "cost", "profit", "roi", "new_customers", "cac")
        if won:
            beside = {row["month"]: row for row in won.rows}
            for row in returns.rows:
                row |= {n: beside.get(row["month"], {}).get(n) for n in wanted if n not in row}
            returns.columns += [c for c in won.columns if c.name in wanted and c not in returns.columns]
        return _trimmed(replace(returns, total={}, nulls=[]), wanted)

    def _tell_gaps(self, window: Window) -> None:
        """What of the months before the report's own some file does not cover, so that they lack its cost or sales."""
        for file, days in gaps(self.books, ("spend", "sales", "costs"), window) if window != self.window else ():
            period = span_text(window.start, window.end)
            self.notes.append(note("trend_incomplete", file=file, days=days, period=period))

    def _worth(self) -> Result | None:
        """What the customers of the trend's months are worth to date."""
        found = _answered(lambda ask: ltv(ask).result, self._asked(Window(self._first_month(), self.window.end)))
        if found is None or not found.total.get("customers"):
            return None
        return _trimmed(found, ("customers", "orders", "aov", "repeat_rate", "ltv", "ltv_cac"))

    def _campaigns(self) -> Result | None:
        """The best and the worst; none where no sale names a campaign, since all would seem lost."""
        found = _answered(roi, self._asked(self.window, by=("campaign",)))
        if found is None:
            return None
        chosen = _best_and_worst(_trimmed(found, ("revenue", "cost", "profit", "roi")))
        if chosen.rows and not any(row["revenue"] for row in chosen.rows):
            self.notes.append(note("campaigns_unnamed"))
            return None
        return chosen

    def _budgets(self, by_channel: Result | None) -> Result | None:
        """Actual cost beside the budget of each channel that has one."""
        channel_names = dict.fromkeys(goal.channel for goal in self.ask.config.budgets if goal.channel)
        spent = {row["channel"]: row["cost"] for row in by_channel.rows} if by_channel else {}
        rows: list[Row] = []
        for name in channel_names:
            allowed = budget(self.ask, self.window, name)
            if allowed is not None:
                cost = Decimal(str(spent.get(name) or 0))
                rows.append({"channel": name, "cost": cost, "budget": allowed, "over_budget": cost - allowed})
        if not rows:
            return None
        columns = [Column("channel", label("channel"), "text"), Column("cost", label("cost"), "money", "lower")]
        columns += [
            Column("budget", label("budget"), "money"),
            Column("over_budget", label("over_budget"), "money", "lower"),
        ]
        return Result(
            "budgets", columns, rows, {}, by=["channel"], currency=self.books.currency, period=self.books.span
        )

    def _close(self, found: Report, previous: Sequence[tuple[Result | None, Sequence[str]]]) -> None:
        """The notes of every part once, the files with what became of their rows, the options that were used."""
        frame = Result("report", [], [], {})
        trusting = replace(self.ask, reading=replace(self.ask.reading, strict=False))
        on_books(frame, open_books(trusting, USES, (), _needs))
        ours = ("unused_file", "partly_comparable")  # said of the whole report above
        told = [n for answer, _ in previous if answer for n in answer.notes if n.code not in ours]
        found.notes = list(dict.fromkeys([*frame.notes, *self.notes, *told]))
        found.sources, found.config = frame.sources, frame.config
        found.options = _options(self.ask)


def _needs(books: Books) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
    """Sales and cost are needed; and of each kind of export that is given, rows of the period."""
    given = [(role,) for role in ("spend", "sales", "traffic") if books.has(role)]
    return USES, [("sales",), ("spend", "costs"), *given]


def _answered(question: Callable[[Ask], Result], ask: Ask) -> Result | None:
    """A question's answer; None where there are no files for it."""
    try:
        return question(ask)
    except NoDataError:
        return None


def _trimmed(result: Result, names: Sequence[str]) -> Result:
    """A result with these figures only, in this order; what names a row stays."""
    keys = [column for column in result.columns if column.name in result.by]
    columns = {column.name: column for column in result.columns}
    kept = [*keys, *(columns[name] for name in names if name in columns)]
    held = {column.name for column in kept}

    def cut(row: Row) -> Row:
        return {name: value for name, value in row.items() if name in held}

    before = result.previous
    previous = before and Previous(before.period, [cut(row) for row in before.rows], cut(before.total))
    nulls = [null for null in result.nulls if null.column in held]
    rows, total = [cut(row) for row in result.rows], cut(result.total)
    return replace(result, columns=kept, rows=rows, total=total, previous=previous, nulls=nulls, notes=[])


def _best_and_worst(result: Result) -> Result:
    """The campaigns that money was spent on: those that earned most, and those that earned least."""
    named = [row for row in result.rows if row["campaign"] not in {NOT_ALLOCATED, NOT_SET} and row["cost"]]
    named.sort(key=lambda row: (-Decimal(str(row["profit"] or 0)), str(row["campaign"])))
    chosen = named if len(named) <= 2 * CAMPAIGNS else [*named[:CAMPAIGNS], *named[-CAMPAIGNS:]]
    return replace(result, rows=chosen, total={}, nulls=[], previous=None)


def _moves(rows: Iterable[Row], before: Iterable[Row]) -> list[Move]:
    """The channels whose revenue changed most, the largest change first."""
    old = {str(row["channel"]): _exact(row["revenue"]) for row in before}
    new = {str(row["channel"]): _exact(row["revenue"]) for row in rows}
    moves = [Move(name, old.get(name, ZERO), new.get(name, ZERO)) for name in sorted({*old, *new})]
    moves.sort(key=lambda move: -abs(move.now - move.before))
    return [move for move in moves if move.now != move.before][:MOVES]


def _cac_split(answers: Sequence[tuple[Result | None, Sequence[str]]]) -> Split | None:
    """The change in CAC: how much of it is cost, how much the number of customers.

    Each cause counts as the mean of its effect with the other as it was and as it is (Shapley), so that the
    two add up exactly. Source: Shorrocks 2013, Decomposition procedures for distributional analysis.
    """
    won = next((answer for answer, names in answers if answer and names is _FROM_CAC), None)
    if won is None or won.previous is None:
        return None
    (cost, people), (old_cost, old_people) = (
        [_exact(t.get(n)) for n in ("cost", "new_customers")] for t in (won.total, won.previous.total)
    )
    if not (people and old_people):
        return None
    before, now = old_cost / old_people, cost / people
    by_cost = (cost - old_cost) * (1 / people + 1 / old_people) / 2
    return Split(before, now, by_cost, now - before - by_cost)


def _exact(value: Value) -> Decimal:
    return Decimal(str(value or 0))


def _options(ask: Ask) -> dict[str, str]:
    """The options that bear on the figures, as they were given."""
    period, reading = ask.period, ask.reading
    given = {
        "month": period.month,
        "last": period.last,
        "from": period.from_,
        "to": period.to,
        "as-of": period.as_of,
        "tz": period.tz,
        "margin": ask.profit_share,
        "vat": reading.vat,
        "allocate": ask.allocate,
        "currency": reading.currency,
        "gross": reading.gross,
        "prorate": ask.prorate,
        "dedupe": reading.dedupe,
        "strict": reading.strict,
    }
    return {name: str(value) for name, value in given.items() if value not in (None, False)}
