"""A channel, strategy, platform and campaign on every row (contract §4, “Channel of a sale”).

Each distinct combination of cells is decided once in Python, and looked up when a question is asked (tables.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from kpi_cli.books import Books
from kpi_cli.exports.tables import Decisions
from kpi_cli.texts import note

NOT_ALLOCATED, NOT_SET, UNATTRIBUTED, UNASSIGNED = "(not allocated)", "(not set)", "(unattributed)", "Unassigned"
NOT_SOCIAL = "(not social)"
SOCIAL = frozenset({"Organic Social", "Paid Social"})
_KEYS = ("channel", "source", "medium", "campaign", "campaign_id", "platform", "format_channel", "strategy")
_GIVEN = ("by_channel", "by_strategy", "by_platform", "by_campaign")

Combination = dict[str, str | None]
Decision = tuple[str, str, str, str]  # channel, strategy, platform, campaign


class Campaign(Struct, frozen=True):
    """A campaign of the spend files, as sales may name it."""

    name: str
    channel: str
    platform: str


def assign(books: Books) -> None:
    """Give each used role's rows their `by_…` columns."""
    campaigns: dict[str, list[Campaign]] = {}
    if books.has("spend"):
        _decide(books, "spend", lambda row: _of_spend(books, row))
        campaigns = _campaigns(books)
    if books.has("costs"):
        _decide(books, "costs", lambda row: _of_cost(books, row))
    shared: set[str] = set()
    for role in ("sales", "traffic", "leads"):
        if books.has(role):
            _decide(books, role, lambda row: _of_sale(books, row, campaigns, shared))
    if books.has("touches"):  # of many rows, and only their channel is asked for
        keys = [k for k in _KEYS if books.column("touches", k)]
        _join(books, "touches", keys, ("by_channel",), lambda row: _of_sale(books, row, campaigns, shared)[:1])
    if books.has("events") and {"channel", "strategy", "platform", "campaign"} & set(books.ask.dimensions):
        _decide(books, "events", lambda row: _of_sale(books, row, campaigns, shared))
    for name in sorted(shared):
        books.notes.append(note("campaign_in_two_platforms", campaign=name))


def assign_networks(books: Books) -> None:
    """Give each role's rows the social network they came from, as `by_network`, beside what they have."""
    for role in ("spend", "costs", "sales", "traffic", "leads"):
        if books.has(role):
            keys = [k for k in (*_KEYS, "publisher") if books.column(role, k)]
            names = (*keys, *_GIVEN)
            found = _found(books, role, names)
            rows = [(*cells, _network(books, dict(zip(names, cells, strict=True)))) for cells in found]
            books.store.decide(role, Decisions(keys, (*_GIVEN, "by_network"), rows))


def _network(books: Books, row: Combination) -> str:
    """A row's social network: of its placement, its source, or the platform of its campaign."""
    social = books.grouping.social_network_of
    stem = (row.get("by_platform") or "").removesuffix("_ads")
    found = social(row.get("publisher")) or social(row.get("source")) or social(stem)
    if found:
        return found
    channel = row.get("by_channel") or UNATTRIBUTED
    if channel in SOCIAL:
        return NOT_SET
    return channel if channel in {UNATTRIBUTED, NOT_ALLOCATED} else NOT_SOCIAL


def _decide(books: Books, role: str, decide: Callable[[Combination], Decision]) -> None:
    _join(books, role, [k for k in _KEYS if books.column(role, k)], _GIVEN, decide)


def _join(
    books: Books,
    role: str,
    keys: Sequence[str],
    given: Sequence[str],
    decide: Callable[[Combination], tuple[str, ...]],
) -> None:
    """Decide each distinct combination of `keys` once: the `given` columns of the rows that hold it."""
    rows = [(*cells, *decide(dict(zip(keys, cells, strict=True)))) for cells in _found(books, role, keys)]
    books.store.decide(role, Decisions(keys, given, rows))


def _found(books: Books, role: str, names: Sequence[str]) -> list[tuple[str | None, ...]]:
    """The combinations of cells that a role's rows hold; of no columns there is one."""
    listed = ", ".join(f'"{name}"' for name in names)
    return books.store.rows(f"SELECT DISTINCT {listed} FROM {role} ORDER BY ALL") if names else [()]


def _of_spend(books: Books, row: Combination) -> Decision:
    grouping = books.grouping
    platform = row.get("platform") or NOT_SET
    campaign = row.get("campaign") or row.get("campaign_id") or NOT_SET
    if row.get("channel"):
        channel = grouping.canonical(row["channel"] or "")
    elif row.get("source") or row.get("medium"):
        channel = grouping.decide(row.get("source"), row.get("medium"), row.get("campaign")).channel
    elif row.get("format_channel"):
        channel = row["format_channel"] or ""
    elif row.get("platform"):
        channel = _by_platform(books, row["platform"] or "")
    else:
        channel = NOT_ALLOCATED
    strategy = row.get("strategy") or (NOT_ALLOCATED if channel == NOT_ALLOCATED else grouping.strategy(channel))
    return channel, strategy.casefold() if row.get("strategy") else strategy, platform, campaign


def _by_platform(books: Books, platform: str) -> str:
    """A hand-made sheet that names only the platform: its ads are taken for paid ones, and it is said."""
    stem = _stem(platform)
    found = books.grouping.decide("bing" if stem == "microsoft" else stem, "cpc", None).channel
    silent = [c for c in ("channel", "source", "medium", "format_channel") if books.column("spend", c)]
    said = " AND ".join(["fate IS NULL", "platform = $1", *(f"{column} IS NULL" for column in silent)])
    count = books.store.rows(f"SELECT count(*) FROM spend WHERE {said}", [platform])[0][0]
    told = note("channel_assumed", channel=found, count=count)
    if told not in books.notes:
        books.notes.append(told)
    return found


def _of_cost(books: Books, row: Combination) -> Decision:
    channel = books.grouping.canonical(row["channel"] or "") if row.get("channel") else NOT_ALLOCATED
    strategy = (row.get("strategy") or "").strip().casefold()
    if not strategy and channel != NOT_ALLOCATED:
        strategy = books.grouping.strategy(channel)
    return (
        channel,
        strategy or NOT_ALLOCATED,
        row.get("platform") or NOT_ALLOCATED,
        row.get("campaign") or NOT_ALLOCATED,
    )


def _campaigns(books: Books) -> dict[str, list[Campaign]]:
    """Campaigns of the spend files by folded name and id; of one platform's channels the one that cost most."""
    found: dict[str, dict[str, Campaign]] = {}
    names = [c for c in ("campaign", "campaign_id") if books.column("spend", c)]
    for name in names:
        for text, channel, platform, label, _ in books.store.rows(
            f"""SELECT {name}, by_channel, by_platform, by_campaign, sum(coalesce(cost, 0)) AS cost FROM spend
                WHERE fate IS NULL AND {name} IS NOT NULL GROUP BY ALL ORDER BY cost DESC, by_channel, by_platform"""
        ):
            found.setdefault(text.strip().casefold(), {}).setdefault(platform, Campaign(label, channel, platform))
    return {text: list(platforms.values()) for text, platforms in found.items()}


def _of_sale(books: Books, row: Combination, campaigns: dict[str, list[Campaign]], shared: set[str]) -> Decision:
    grouping = books.grouping
    source, medium, campaign = row.get("source"), row.get("medium"), row.get("campaign")
    named = campaign or row.get("campaign_id")
    shown = named or NOT_SET
    if row.get("channel"):
        channel = grouping.canonical(row["channel"] or "")
        return channel, _strategy(books, row, channel), NOT_SET, shown
    own = grouping.decide(source, medium, campaign).channel
    match = _match(books, row, own, campaigns.get((named or "").strip().casefold(), []), shared)
    if match:
        return match.channel, grouping.strategy(match.channel), match.platform, match.name
    if not (source or medium or named):
        return UNATTRIBUTED, _strategy(books, row, UNATTRIBUTED), NOT_SET, NOT_SET
    channel = UNASSIGNED if own == UNATTRIBUTED else own
    return channel, _strategy(books, row, channel), NOT_SET, shown


def channel_of(books: Books, row: Combination) -> tuple[str, str]:
    """The channel of a visit or sale, and in words what decided: a campaign of the spend files, or a rule."""
    decided = books.grouping.decide(row.get("source"), row.get("medium"), row.get("campaign"))
    key = (row.get("campaign") or "").strip().casefold()
    campaigns = _campaigns(books).get(key, []) if key and books.has("spend") else []
    match = _match(books, row, decided.channel, campaigns, set())
    if match is None:
        return decided
    return match.channel, f"campaign {match.name} in the spend of {match.platform}"


def _strategy(books: Books, row: Combination, channel: str) -> str:
    stated = (row.get("strategy") or "").strip().casefold()
    return stated or books.grouping.strategy(channel)


def _match(
    books: Books, row: Combination, own: str, candidates: Iterable[Campaign], shared: set[str]
) -> Campaign | None:
    """The spend campaign a sale names, within the limits: a blank or paid source, and one platform only."""
    found = list(candidates)
    silent = not row.get("source") and not row.get("medium")
    if not found or not (silent or own in {UNASSIGNED, UNATTRIBUTED} or books.grouping.is_paid(own)):
        return None
    if len(found) == 1:
        return found[0]
    named = [c for c in found if _names(books, row.get("source"), c.platform)]
    if len(named) == 1:
        return named[0]
    shared.add(found[0].name)
    return None


def _stem(platform: str) -> str:
    """An ad platform without the word for its ads, however it is written.

    >>> [_stem(name) for name in ("google_ads", "Google Ads", "Microsoft Advertising", "TikTok")]
    ['google', 'google', 'microsoft', 'tiktok']
    """
    words = platform.casefold().replace("_", " ").replace("-", " ").strip()
    return words.removesuffix(" ads").removesuffix(" advertising").strip()


def _names(books: Books, source: str | None, platform: str) -> bool:
    """Whether a utm source names an ad platform: `google` is google_ads, `facebook` and `ig` are meta_ads."""
    if not source:
        return False
    network = (books.grouping.network_of(source) or source).casefold()
    stem = _stem(platform)
    aliases = {"meta": {"facebook", "instagram", "meta", "fb", "ig"}, "microsoft": {"bing", "microsoft"}}
    return network in aliases.get(stem, {stem}) or source.casefold() in aliases.get(stem, {stem})
