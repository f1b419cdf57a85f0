"""The funnel: how many reach each stage, where most are lost, and whether a variant does better.

files → books → funnel measures (counts by group and stage) → rates of those counts → Result.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from kpi_cli import following, funnel_measures, measures, metrics
from kpi_cli.ask import OF_COST, Ask, without
from kpi_cli.assigning import NOT_SET
from kpi_cli.books import Books
from kpi_cli.coverage import uncovered
from kpi_cli.errors import InputError, NoDataError, UsageError, did_you_mean
from kpi_cli.exports.sheet import Sheet
from kpi_cli.following import Trail
from kpi_cli.funnel_measures import KINS, Kin, Stage
from kpi_cli.measures import Key, Measures, Table
from kpi_cli.models.abtest import Arm, Sample, ab_test, holm, welch
from kpi_cli.opening import open_books
from kpi_cli.period import UNITS, Duration, Window, previous
from kpi_cli.questions.aiming import with_goals
from kpi_cli.questions.figures import Answer
from kpi_cli.questions.laying_out import on_books, ordered, shown, units_before
from kpi_cli.questions.own import with_own
from kpi_cli.questions.roi import through
from kpi_cli.questions.staging import (
    Counts,
    added,
    begun,
    biggest_leak,
    filled,
    funnel_before,
    funnel_result,
    larger_later,
    not_additive,
    plain_stages,
    share_of_whole,
    stage_figures,
    stage_rows,
    stand_beside,
    too_few,
    whole_funnel,
)
from kpi_cli.result import Column, Null, Previous, Result, Row, Span, Unit
from kpi_cli.safe import folded, quoted
from kpi_cli.steps import Steps
from kpi_cli.texts import LANGUAGE, label, note, share_text, span_text

USES = tuple(role for kin in KINS for role in kin.roles)
EVENTS = KINS[1]
_ASSIGNED = {"platform", "campaign", "channel", "strategy"}  # what every row of some roles is given
_MADE = _ASSIGNED | {"source", "medium", "account", "course"}  # what may be made out where no header says it
_GAPS: dict[str, Unit] = {"people": "count", "gaps": "count", "median_days": "days"}


class Trial(Struct, frozen=True):
    """How a test is judged: the smallest change worth showing, the split that was planned, and the control."""

    change: float | None = None
    split: tuple[float, ...] | None = None
    control: str | None = None  # the variant that others are held against; the first by name when None


class Wanted(Struct, frozen=True):
    """What a funnel is asked beside the common options."""

    steps: tuple[str, ...] = ()
    within: Duration | None = None
    trial: Trial | None = None


def funnel(ask: Ask, wanted: Wanted | None = None) -> Result:
    """Stages with their counts and rates by the dimensions asked for.

    Raises:
        UsageError: a stage, step or dimension that the files do not have, or a stage named twice.
        InputError: what cannot be read or added for certain; more conversions than visitors in a test.
        NoDataError: no file has stages, or none has a row in the period.
    """
    no_cost(ask)
    return _Funnel(ask, wanted or Wanted()).answer()


def no_cost(ask: Ask) -> None:
    """Refuse what asks for cost; a margin has a place where an own metric may take it.

    Raises:
        UsageError: an option that would be passed over.
    """
    own = ask.config.own or ask.also
    without(ask, ("--allocate", "--explain") if own else OF_COST, "a funnel counts people and not cost")


def days_between(ask: Ask, event: str) -> Result:
    """The median number of days between a person's days with an event of the log."""
    no_cost(ask)
    books = open_books(ask, ("events",), (("events",),), enough="people")
    _no_dimension(ask, "--between")
    spellings = _spellings(books, event)
    columns = [Column(name, label(name), unit) for name, unit in _GAPS.items()]
    result = Result("funnel", columns, [], _gaps(books, spellings, books.window))
    if result.total["median_days"] is None:
        result.nulls.append(Null(None, "median_days", "no_gaps"))
    if books.window and ask.period.compare:
        earlier = previous(books.window, ask.period.compare)
        _tell_uncovered(books, ("events",), earlier)
        result.previous = Previous(Span(earlier.start, earlier.end, earlier.days), [], _gaps(books, spellings, earlier))
    on_books(result, books)
    result.extra = {"test": None}
    return result


def _gaps(books: Books, spellings: Sequence[str], window: Window | None) -> Row:
    return dict(zip(_GAPS, following.days_between(books, spellings, window), strict=True))


def by_hand(given: Sequence[tuple[str, Decimal]]) -> Result:
    """The funnel of counts given by hand.

    Raises:
        UsageError: fewer than two stages, one named twice, or a count below 0.
    """
    names = [name for name, _ in given]
    _once(names)
    if len(given) < 2:
        raise UsageError("one_stage", "a funnel needs two stages or more", "such as visits=5000 and leads=400")
    low = next((name for name, count in given if count < 0), None)
    if low:
        raise UsageError("negative_count", f"stage {quoted(low)} is below 0", "give how many reached it")
    counts: Measures = {name: int(count) if count == int(count) else count for name, count in given}
    result = funnel_result((), names, Counts({(): counts}, counts), [()])
    result.notes = larger_later(names, {(): counts}, str)
    result.extra = {
        "stages": plain_stages(names, counts),
        "leak": biggest_leak(names, counts, None),
        "test": None,
    }
    return result


def compare(arms: Sequence[Arm], trial: Trial) -> Result:
    """A test of arms given by hand, the first being the control."""
    test = ab_test(arms, trial.change, trial.split).to_dict(LANGUAGE.get())
    names = ("visitors", "conversions")
    groups: Table = {(arm.variant,): {"visitors": arm.n, "conversions": arm.conversions} for arm in arms}
    whole = added(groups, names)
    result = funnel_result(("variant",), names, Counts(groups, whole), list(groups))
    result.notes = [note("peeking")]
    result.extra = {"stages": plain_stages(names, whole), "leak": None, "test": test}
    return result


class _Funnel:
    """One funnel being answered: its books, the kin of roles that counts it, and its stages."""

    def __init__(self, ask: Ask, wanted: Wanted) -> None:
        self.ask, self.wanted = ask, wanted
        self.kin: Kin = EVENTS
        self.path: Steps | None = None
        self.stages: list[Stage] = []
        self.sliced = False
        self.whole = True  # whether the files hold totals, not only cut lists
        _once(wanted.steps)
        self.books = open_books(ask, self._sought, (), self._chosen, enough="people")

    def _fitting(self, roles: set[str | None]) -> list[Kin]:
        """The kins of these roles that know the steps asked for."""
        present = [kin for kin in KINS if roles & set(kin.roles)]
        return [kin for kin in present if kin.names.issuperset(self.wanted.steps)] or [
            kin for kin in present if kin is EVENTS
        ]

    def _sought(self, sheets: Sequence[Sheet]) -> set[str]:
        """The roles to read: of the kins that fit and may have the dimensions, up to the first that surely has.

        A file that the answer does not draw on is not read, so that it cannot refuse it.
        """
        fitting = self._fitting({sheet.role for sheet in sheets})
        asked, found = set(self.ask.dimensions).difference(UNITS), set[str]()
        for kin in fitting:
            headers = set[str]().union(*(sheet.columns for sheet in sheets if sheet.role in kin.roles))
            if asked <= headers | _MADE:
                found.update(kin.roles)
            if asked <= headers | (_ASSIGNED if kin in {KINS[0], EVENTS} else set()):
                break
        return found or set(fitting[0].roles if fitting else ())

    def _chosen(self, books: Books) -> tuple[Sequence[str], Sequence[Sequence[str]]]:
        """Which roles count this funnel: the first kin that has files, the steps and the dimensions asked for."""
        roles = {source.role for source in books.store.sources}
        present = [kin for kin in KINS if roles & set(kin.roles)]
        if not present:
            raise NoDataError("no_file", "there is no file with stages to count", "add spend, visits, sales or events")
        fitting = self._fitting(roles)
        if not fitting:
            raise self._unfit(sorted(set().union(*(kin.names for kin in present))))
        self.kin = next((kin for kin in fitting if _knows(books, kin)), fitting[0])
        if self.kin is EVENTS:
            self.path = self._path(books)
        if "search" in self.kin.roles:
            self.sliced = funnel_measures.slice_search(books)
            self.whole = funnel_measures.holds_whole(books)
            if not (self.whole or self.ask.dimensions):
                said, file = "such a list holds a part of the whole", books.store.of_role("search")[0].file
                raise NoDataError("no_table_by_day", said, "add the table by day, or say --by", file)
        return self.kin.roles, (self.kin.roles,)

    def _unfit(self, known: Sequence[str]) -> UsageError:
        """Why no kin counts the steps: one is known nowhere, or they are stages of different funnels."""
        strange = next((step for step in self.wanted.steps if step not in known), None)
        if strange is not None:
            return UsageError(
                "unknown_stage",
                f"no file counts {quoted(strange)}",
                did_you_mean(strange, known, f"known: {', '.join(known)}"),
            )
        named = " and ".join(quoted(step) for step in (self.wanted.steps[0], self.wanted.steps[-1]))
        return UsageError("stages_apart", f"{named} are stages of different funnels", "ask for one funnel at a time")

    def _path(self, books: Books) -> Steps:
        if not self.wanted.steps:
            names = ",".join(list(following.event_names(books))[:4])
            raise UsageError("no_steps", "a log does not say which steps make the funnel", f"such as --steps {names}")
        for number, count, line in following.nameless(books):
            file = next(s.file for s in books.store.sources if s.number == number)
            books.notes.append(note("unknown_cells", file=file, line=line, count=count, column="user"))
        spellings = tuple(_spellings(books, step) for step in self.wanted.steps)
        return Steps(self.wanted.steps, spellings, self.wanted.within)

    # ------------------------------------------------------------------------------------ counting

    def answer(self) -> Result:
        books, wanted = self.books, self.wanted
        if wanted.within and not self.path:
            raise UsageError("no_log", "--within speaks of people in a log of events", "give one, or leave it out")
        measures.check_dimensions(books, self.kin.roles)
        self._settle_stages()
        names = [stage.name for stage in self.stages] if not self.path else list(self.path.steps)
        now = self._count(books.window)
        dims = self.ask.dimensions
        figures = self._figures(names, now)
        columns = with_goals(books, with_own(books, stage_figures(), [(books.window, figures)]), figures)
        order = self._order(now, figures, [column for _, column in columns])
        keys = order if wanted.trial else shown(books, order)
        result = funnel_result(dims, names, now, keys)
        result.beyond = [row for key in order[len(keys) :] for row in stage_rows(dims, key, names, now.groups[key])]
        before = self._earlier()
        if before:
            result.previous = funnel_before(before, dims, names, list(now.groups))
            result.previous.units.update(units_before(books, before[0]))
            then = self._figures(names, before[1])
            with_own(books, stage_figures(), [(before[0], then)])
            stand_beside(result.previous, dims, columns, then)
        stand_beside(result, dims, columns, figures)
        if self.sliced and self.whole:
            share_of_whole(result, now.whole)
        self._tell(names, now)
        result.extra = self._extra(names, now)
        if before:
            result.extra["stages_before"] = plain_stages(names, before[1].whole)
        on_books(result, books)
        return result

    def _figures(self, names: Sequence[str], now: Counts) -> Answer:
        """Each group's whole funnel, and that of all: one step from the first stage to the last."""
        groups = now.groups if self.ask.dimensions else {}
        ends: dict[Key, Measures] = {key: whole_funnel(names, sums) for key, sums in groups.items()}  # type: ignore[misc]
        return Answer(ends, whole_funnel(names, now.whole), {})  # type: ignore[arg-type]  # the one text

    def _order(self, now: Counts, figures: Answer, columns: Sequence[Column]) -> list[Key]:
        """Groups as the rows have them: arms by name, others as asked, else by what the last stage counts."""
        if self.wanted.trial or not self.ask.dimensions:
            return sorted(now.groups)
        return ordered(self.books, figures, columns)

    def _settle_stages(self) -> None:
        """The stages that the files know, and of those asked for groups the ones that can be grouped so."""
        if self.path:
            return
        books, steps = self.books, self.wanted.steps
        found = funnel_measures.stages(books, self.kin)
        if all(stage.name != "leads" for stage in found):
            books.notes = [n for n in books.notes if n.code != "leads_source"]
        if steps:
            by_name = {stage.name: stage for place in self.kin.places for stage in place}
            known = {stage.name for stage in found}
            found = [by_name[name] for name in steps if name in known or funnel_measures.known(books, by_name[name])]
        for dim in self.ask.dimensions:
            found = self._divisible(found, dim)
        lacking = set(steps) - {stage.name for stage in found}
        if lacking or not found:
            by = f" by {', '.join(self.ask.dimensions)}" if self.ask.dimensions else ""
            said = ", ".join(name for name in steps if name in lacking) or "a stage"
            raise NoDataError("no_stage", f"the files do not count {said}{by}", "add one that does")
        self.stages = found

    def _divisible(self, found: list[Stage], dim: str) -> list[Stage]:
        """The stages that can be divided by a dimension; a note names the others."""
        kept = [stage for stage in found if self._can(stage, dim)]
        if not self.sliced and dim not in UNITS:
            kept = [stage for stage in kept if funnel_measures.says(self.books, stage, dim)] or kept
        if kept and len(kept) < len(found):
            named = ", ".join(label(stage.name).lower() for stage in found if stage not in kept)
            self.books.notes.append(note("stage_without_dimension", stages=named, dimension=label(dim).lower()))
        return kept

    def _can(self, stage: Stage, dim: str) -> bool:
        if self.sliced:
            return True
        return funnel_measures.has_dimension(self.books, funnel_measures.role_of(self.books, stage), dim)

    def _count(self, window: Window | None) -> Counts:
        books = self.books
        alone = measures.ungrouped(books)
        if self.path:
            names = self.path.steps
            trail = following.followed(books, self.path, window)
            whole = added(trail.groups, names)
            return Counts(trail.groups if books.ask.dimensions else {(): whole}, whole, trail)
        names = tuple(stage.name for stage in self.stages)
        by_group = funnel_measures.counted(books, self.stages, window) if books.ask.dimensions else {}
        known = {key: sums for key, sums in by_group.items() if any(sums.get(n) is not None for n in names)}
        groups: Table = {key: begun(sums, names) for key, sums in known.items()}
        if not self.whole:
            return Counts(groups, {})
        whole = filled(funnel_measures.counted(alone, self.stages, window).get((), {}), names)
        return Counts(groups if books.ask.dimensions else {(): whole}, whole)

    def _earlier(self) -> tuple[Window, Counts] | None:
        """The counts of the period compared with."""
        window, how = self.books.window, self.ask.period.compare
        if not (how and window):
            return None
        earlier = previous(window, how, through(self.books))
        counts = self._count(earlier)
        roles = {funnel_measures.role_of(self.books, stage) for stage in self.stages} or {"events"}
        _tell_uncovered(self.books, sorted(roles), earlier)
        return (earlier, counts) if any(counts.whole.values()) else None

    # ------------------------------------------------------------------------------------- telling

    def _tell(self, names: Sequence[str], now: Counts) -> None:
        """Notes on what the counts rest on, and what they must not be taken for."""
        told = self.books.notes
        told += larger_later(names, now.groups)
        if len({funnel_measures.role_of(self.books, stage) for stage in self.stages}) > 1:
            told.append(note("stage_sources", sources=self._sources()))
        for stage, files in funnel_measures.not_stated(self.books, self.stages).items():
            told.append(note("stage_not_stated", stage=label(stage.name), files=", ".join(files)))
        if len(now.groups) > 1:
            told += too_few(names, now.groups)
            told += [note("not_additive", column=label(n)) for n in not_additive(names, now)]
        if now.trail and self.path:
            self._tell_trail(now.trail, self.path)
        if people := funnel_measures.added_people(self.books, self.stages, self.books.window):
            told.append(note("people_added", names=", ".join(label(name) for name in people)))
        if not self.whole:
            told.append(note("no_table_by_day"))
        if "progress" in self.kin.roles:
            self._tell_progress()
        if self.sliced and self.whole:
            last = names[-1]
            share = share_text(metrics.ratio(added(now.groups, names)[last], now.whole[last]))
            told.append(note("share_of_total", share=share, stage=label(last).lower()))

    def _tell_progress(self) -> None:
        """What the progress files do not say themselves."""
        told, sheets = self.books.notes, [s.sheet for s in self.books.store.of_role("progress") if s.sheet]
        unnamed = [sheet.name for sheet in sheets if not sheet.has("course")]
        if unnamed and "course" in self.ask.dimensions:
            told.append(note("course_from_file", files=", ".join(unnamed)))
        lacking = funnel_measures.without_share(self.books)
        if 0 < len(lacking) < len(sheets) and not self.wanted.steps:
            told.append(note("half_unknown", files=", ".join(lacking)))

    def _sources(self) -> str:
        """Which files count which stages."""
        by_files: dict[str, list[str]] = {}
        for stage in self.stages:
            files = ", ".join(self._files(funnel_measures.role_of(self.books, stage), stage.column))
            by_files.setdefault(files, []).append(label(stage.name).lower())
        return "; ".join(f"{', '.join(names)} ({files})" for files, names in by_files.items())

    def _files(self, role: str, column: str = "") -> list[str]:
        """The files of a role whose rows are counted."""
        aside = measures.set_aside(self.books, column) if role == "traffic" else ()
        sources = [s for s in self.books.store.of_role(role) if s.number not in aside]
        return [s.file for s in sources if s.used] or [s.file for s in sources]

    def _tell_trail(self, trail: Trail, path: Steps) -> None:
        told = self.books.notes
        if trail.midway:
            said = ", ".join(f"{name} {count}" for name, count in trail.midway.items())
            told.append(note("entered_midway", names=said))
        if trail.backwards:
            told.append(note("step_before_first", count=trail.backwards, stage=path.steps[0]))
        if trail.open:
            told.append(note("time_not_over", count=trail.open, within=path.within))

    def _extra(self, names: Sequence[str], now: Counts) -> dict[str, Any]:
        """What stands beside the rows: all stages with their files, the leak, the test."""
        stages = plain_stages(names, now.whole)
        counted = [(funnel_measures.role_of(self.books, stage), stage.column) for stage in self.stages]
        for entry, (role, column) in zip(stages, counted or [("events", "")] * len(stages), strict=True):
            entry |= {"role": role, "files": self._files(role, column)}
        extra: dict[str, Any] = {
            "stages": stages,
            "leak": biggest_leak(names, now.whole, self._revenue()),
            "test": None,
        }
        if now.trail:
            extra["midway"] = [{"stage": name, "count": count} for name, count in now.trail.midway.items()]
        if self.kin.roles == ("social",) and "engagements" in names:
            extra["engagement_rate"] = {
                "of": names[0],
                "rate": metrics.ratio(now.whole["engagements"], now.whole[names[0]]),
            }
        extra |= self._time_on_page()
        if self.wanted.trial:
            extra["test"] = self._test(names, now, self.wanted.trial)
        return extra

    def _time_on_page(self) -> dict[str, Any]:
        """The mean time of a visit, over all and by group, where the visits file has it."""
        books, dims = self.books, self.ask.dimensions
        alone = measures.ungrouped(books)
        whole = funnel_measures.seconds_on_page(alone, books.window) if "traffic" in self.kin.roles else {}
        if () not in whole:
            return {}
        groups = funnel_measures.seconds_on_page(books, books.window) if dims else {}
        listed = [dict(zip(dims, key, strict=True)) | sums for key, sums in groups.items()]
        return {"seconds_on_page": whole[()]["seconds"], "seconds_by_group": listed}

    def _revenue(self) -> Decimal | None:
        """Revenue of the window, where the funnel ends in sales."""
        if not (self.stages and self.stages[-1].role == "sales"):
            return None
        sums = measures.sales(measures.ungrouped(self.books), self.books.window)
        revenue = sums.get((), {}).get("revenue")
        return None if revenue is None else Decimal(revenue)

    # ------------------------------------------------------------------------------------ the test

    def _test(self, names: Sequence[str], now: Counts, trial: Trial) -> dict[str, Any]:
        """The groups as arms: the last stage out of the first."""
        dims = self.ask.dimensions
        if len(dims) != 1 or dims[0] in UNITS:
            raise UsageError("no_variants", "a test compares the groups of one dimension", "say --by variant")
        if len(names) < 2:
            raise UsageError("one_stage", "a test needs visitors and conversions", "give a file that counts both")
        _known_control(trial.control, [variant for (variant,) in now.groups])
        arms = self._ordered(self._arms(names, now), trial.control)
        self.books.notes.append(note("peeking"))
        test = ab_test(arms, trial.change, trial.split)
        said = test.to_dict(LANGUAGE.get())
        sold = self.books.has("sales") and self.books.column("sales", "variant") and dims == ("variant",)
        if sold and test.verdict != "refused":
            said["revenue_per_visitor"] = self._revenue_per_visitor(arms)
        return said

    def _ordered(self, arms: Sequence[Arm], control: str | None) -> list[Arm]:
        """The arms, the control first."""
        if len(arms) < 2:
            named = " and ".join(quoted(arm.variant) for arm in arms) or "none"
            said = f"a test needs two variants with visitors, and there is {named}"
            raise InputError("one_arm", said, "give the data of a control and a variant", self._files(self._role())[0])
        return sorted(arms, key=lambda arm: control is not None and folded(arm.variant) != folded(control))

    def _role(self) -> str:
        """The role that counts the first stage."""
        return funnel_measures.role_of(self.books, self.stages[0]) if self.stages else "events"

    def _arms(self, names: Sequence[str], now: Counts) -> list[Arm]:
        first, last = names[0], names[-1]
        arms, left = [], []
        for (variant,), sums in sorted(now.groups.items()):
            visitors, won = int(sums[first] or 0), int(sums[last] or 0)
            if variant == NOT_SET or not (visitors or won):
                left.append(variant)
                continue
            if won > visitors:
                raise InputError(
                    "conversions_exceed_visitors",
                    f"variant {quoted(variant)} has {won} {last} of {visitors} {first}",
                    "count people, not events, and give files of one period",
                )
            arms.append(Arm(variant, won, visitors))
        if left:
            self.books.notes.append(note("arms_left_out", names=", ".join(label(name, "special") for name in left)))
        return arms

    def _revenue_per_visitor(self, arms: Sequence[Arm]) -> list[dict[str, Any]]:
        """Each arm's revenue per visitor against the control's."""
        sums = funnel_measures.takings(self.books, self.books.window)
        nothing = (Decimal(0), Decimal(0))
        samples = [Sample.of_sums(arm.n, *sums.get(arm.variant, nothing)) for arm in arms if arm.n > 1]
        if len(samples) < len(arms):
            return []
        tests = [welch(samples[0], sample) for sample in samples[1:]]
        adjusted = iter(holm([found.p for found in tests if found]))
        tests = [found and found._replace(p=next(adjusted)) for found in tests]
        return [
            {
                "variant": arm.variant,
                "control": samples[0].mean,
                "value": sample.mean,
                **(found._asdict() if found else {}),
            }
            for arm, sample, found in zip(arms[1:], samples[1:], tests, strict=True)
        ]


# ------------------------------------------------------------------------------------------- checking


def _once(names: Sequence[str]) -> None:
    twice = next((name for name in names if [folded(n) for n in names].count(folded(name)) > 1), None)
    if twice:
        raise UsageError("stage_twice", f"stage {quoted(twice)} is named twice", "name each stage once")


def _known_control(control: str | None, variants: Sequence[str]) -> None:
    if control is not None and folded(control) not in map(folded, variants):
        fix = did_you_mean(control, variants)
        raise UsageError("unknown_variant", f"no variant is called {quoted(control)}", fix)


def _tell_uncovered(books: Books, roles: Sequence[str], earlier: Window) -> None:
    """A note on the files that do not cover all of the period compared with."""
    if files := uncovered(books, roles, earlier)[1]:
        span = span_text(earlier.start, earlier.end)
        books.notes.append(note("previous_incomplete", files=", ".join(files), period=span))


def _no_dimension(ask: Ask, option: str) -> None:
    if ask.dimensions:
        raise UsageError("no_groups", f"{option} speaks of everybody in the log", "leave --by and --every out")


def _knows(books: Books, kin: Kin) -> bool:
    """Whether the roles of a kin have every dimension asked for."""
    known = measures.dimensions(books, [role for role in kin.roles if books.has(role)])
    asked = set(books.ask.dimensions) - set(UNITS)
    own = asked & _ASSIGNED
    return asked <= known and (kin is KINS[0] or kin is EVENTS or not own or _named(books, kin, own))


def _named(books: Books, kin: Kin, asked: set[str]) -> bool:
    return all(any(books.column(role, name) for role in kin.roles) for name in asked)


def _spellings(books: Books, step: str) -> tuple[str, ...]:
    """How the log writes a step, capitals and spaces aside.

    Raises:
        UsageError: it has no such event.
    """
    names = following.event_names(books)
    found = tuple(name for name in names if folded(name) == folded(step))
    if not found:
        raise UsageError(
            "unknown_event",
            f"the log has no event {quoted(step)}",
            did_you_mean(step, names, f"it has {', '.join(map(quoted, list(names)[:4]))}, …"),
        )
    return found
