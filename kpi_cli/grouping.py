"""Source, medium and campaign → channel → strategy.

Own rules of kpi.yml come first, then those of grouping.yaml (Google Analytics 4's default channel group,
support article 9756891); strategies.yaml tells inbound from outbound.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, field

from kpi_cli.safe import plainest

if TYPE_CHECKING:
    from kpi_cli.config import ChannelRule

UNATTRIBUTED = "(unattributed)"
UNASSIGNED = "Unassigned"
UNKNOWN = "unknown"
_PREFIX = re.compile(r"(?:www|m)\.(?=[^.]+\.)")


class Decision(NamedTuple):
    """The channel of a visit or sale, and in words the rule that decided."""

    channel: str
    rule: str


class Grouping(Struct, frozen=True, eq=False, dict=True):
    """The channel rules and strategies in force: those of kpi.yml over those shipped.

    >>> Grouping().decide("google", "cpm", None).channel
    'Paid Search'
    """

    own: Sequence[ChannelRule] = ()
    strategies: Mapping[str, str] = field(default_factory=dict)
    _decided: dict[tuple[str, str, str], Decision] = field(default_factory=dict)

    def decide(self, source: str | None, medium: str | None, campaign: str | None) -> Decision:
        """The channel of a visit or sale: the first rule that holds.

        Nothing known at all is "(unattributed)"; something known that no rule knows is "Unassigned".

        >>> Grouping().decide("Google", "organic", "")
        Decision(channel='Organic Search', rule='GA4 rule 12: Organic Search: source in SEARCH')
        >>> Grouping().decide("", None, " ").channel, Grouping().decide("flyer", "qr", None).channel
        ('(unattributed)', 'Unassigned')
        """
        visit = (_trimmed(source), _trimmed(medium), _trimmed(campaign))
        decision = self._decided.get(visit)
        if decision is None:
            decision = self._decided[visit] = self._first_that_holds(visit)
        return decision

    def strategy(self, channel: str | None) -> str:
        """What a channel stands for: inbound, outbound or unknown.

        "shared" is a strategy of costs; sales of such a channel count as unknown.

        >>> [Grouping().strategy(name) for name in ("Email", "paid search", "Direct", None)]
        ['inbound', 'outbound', 'unknown', 'unknown']
        """
        key = _key(self.canonical(channel or ""))
        said = self._own_strategies.get(key) or _shipped().strategies.get(key, UNKNOWN)
        return said if said in ("inbound", "outbound") else UNKNOWN

    def is_paid(self, channel: str) -> bool:
        """Whether a channel is bought: outbound as shipped, whatever kpi.yml says.

        >>> Grouping().is_paid("Display"), Grouping(strategies={"Email": "outbound"}).is_paid("Email")
        (True, False)
        """
        return _shipped().strategies.get(_key(self.canonical(channel))) == "outbound"

    def canonical(self, channel: str) -> str:
        """The standard name of a channel, from any case and five languages; else the name as written.

        >>> Grouping().canonical("Recherche payante"), Grouping().canonical(" Podcast ")
        ('Paid Search', 'Podcast')
        """
        key = _key(channel)
        return _shipped().names.get(key) or self._own_names.get(key) or channel.strip()

    def misspelt(self, channel: str) -> str | None:
        """The standard or own channel that a name nobody knows is one slip away from.

        >>> Grouping().misspelt("Paid Serch"), Grouping().misspelt("paid search"), Grouping().misspelt("Podcast")
        ('Paid Search', None, None)
        """
        from kpi_cli.exports.misspelt import one_slip

        known = {**self._own_names, **_shipped().names}
        key = _key(channel)
        return None if key in known else next((name for word, name in known.items() if one_slip(key, word)), None)

    def network_of(self, source: str | None) -> str | None:
        """The social network, search engine, shop, video site or assistant behind a source or host.

        >>> Grouping().network_of("m.facebook.com"), Grouping().network_of("blog.example")
        ('Facebook', None)
        """
        return _shipped().networks.get(_host(_trimmed(source).casefold()))

    def social_network_of(self, source: str | None) -> str | None:
        """The social network behind a source or host; None for anything else.

        >>> Grouping().social_network_of("l.instagram.com"), Grouping().social_network_of("google")
        ('Instagram', None)
        """
        network = self.network_of(source)
        return network if network in _shipped().social else None

    def _first_that_holds(self, visit: tuple[str, str, str]) -> Decision:
        if not any(visit):
            return Decision(UNATTRIBUTED, "no source, medium or campaign")
        for own in self.own:
            if own.matches(*visit):
                return Decision(self.canonical(own.channel), f"kpi.yml line {own.line}")
        facts = dict(zip(("source", "medium", "campaign"), map(str.casefold, visit), strict=True))
        for rule in _shipped().rules:
            if all(test.holds(facts[test.field]) for test in rule.tests):
                return rule.decision
        return Decision(UNASSIGNED, "no rule holds")

    @cached_property
    def _own_names(self) -> dict[str, str]:
        """Own channels as kpi.yml first spells them."""
        spelled = (*(rule.channel for rule in self.own), *self.strategies)
        return {_key(name): name.strip() for name in reversed(spelled)}

    @cached_property
    def _own_strategies(self) -> dict[str, str]:
        return {_key(self.canonical(name)): strategy for name, strategy in self.strategies.items()}


# What grouping.yaml and strategies.yaml say ------------------------------------------------------------


class _Test(NamedTuple):
    field: str
    says: str
    holds: Callable[[str], bool]


class _Rule(NamedTuple):
    decision: Decision
    tests: tuple[_Test, ...]


class _Shipped(NamedTuple):
    rules: tuple[_Rule, ...]
    networks: Mapping[str, str]  # source or host → network
    social: frozenset[str]  # the networks that are social ones
    names: Mapping[str, str]  # key of a name → channel
    strategies: Mapping[str, str]  # key of a channel → strategy


@cache
def _shipped() -> _Shipped:
    from kpi_cli.packaged import package_data

    data = package_data("grouping.yaml")
    strategies: dict[str, list[str]] = package_data("strategies.yaml")
    names = {_key(name): name for channels in strategies.values() for name in channels}
    names |= {_key(alias): name for name, aliases in data["names"].items() for alias in aliases}
    return _Shipped(
        rules=tuple(_rules(data["rules"], _named_tests(data))),
        networks={source: network for known in data["lists"].values() for source, network in _sources(known)},
        social=frozenset(data["lists"]["SOCIAL"]),
        names=names,
        strategies={_key(name): strategy for strategy, channels in strategies.items() for name in channels},
    )


def _rules(entries: Sequence[Mapping[str, Any]], named: Mapping[str, tuple[str, Any]]) -> Iterator[_Rule]:
    """One rule for each alternative, so that the words name what held."""
    for entry in entries:
        for alternative in entry["any"]:
            tests = tuple(_test(name, wanted, named) for name, wanted in alternative.items())
            said = " and ".join(f"{test.field} {test.says}" for test in tests)
            yield _Rule(Decision(entry["channel"], f"{entry['by']}: {entry['channel']}: {said}"), tests)


def _test(name: str, wanted: str | list[str], named: Mapping[str, tuple[str, Any]]) -> _Test:
    if isinstance(wanted, str):
        return _Test(name, *named[wanted])
    *others, last = (word or "blank" for word in wanted)
    said = f"{', '.join(others)} or {last}" if others else last
    return _Test(name, f"is {said}", frozenset(wanted).__contains__)


def _named_tests(data: Mapping[str, Any]) -> dict[str, tuple[str, Callable[[str], bool]]]:
    lists = {name: (f"in {name}", _listed(known)) for name, known in data["lists"].items()}
    return lists | {name: (p["says"], _matching(p["regex"])) for name, p in data["patterns"].items()}


def _listed(known: Mapping[str, Sequence[str]]) -> Callable[[str], bool]:
    sources = {source for source, _ in _sources(known)}
    return lambda value: _host(value) in sources


def _matching(regex: str) -> Callable[[str], bool]:
    pattern = re.compile(regex, re.DOTALL)
    return lambda value: pattern.fullmatch(value) is not None


def _sources(known: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    return ((source, network) for network, sources in known.items() for source in sources)


def _trimmed(value: str | None) -> str:
    return (value or "").strip()


def _host(source: str) -> str:
    """The host without www. or m.; m.me, which would lose its name, stays."""
    prefix = _PREFIX.match(source)
    return source[prefix.end() :] if prefix else source


def _key(name: str) -> str:
    return " ".join(plainest(name).replace("-", " ").split())
