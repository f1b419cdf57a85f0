"""Channels: Google Analytics 4's default channel group (support article 9756891, May 2026), rule by rule."""

from __future__ import annotations

import re
import string
import subprocess
import sys
from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_cli.config import ChannelRule, Pattern
from kpi_cli.grouping import Decision, Grouping
from kpi_cli.packaged import package_data

GROUPING = Grouping()
RULES = package_data("grouping.yaml")
STRATEGIES = package_data("strategies.yaml")


def channel(source: str | None, medium: str | None = None, campaign: str | None = None) -> str:
    return GROUPING.decide(source, medium, campaign).channel


def own(name: str, line: int, **parts: str) -> ChannelRule:
    def patterns(key: str) -> tuple[Pattern, ...]:
        text = parts.get(key)
        if text is None:
            return ()
        expression = re.compile(text[1:-1], re.IGNORECASE) if text.startswith("/") else None
        return (Pattern(text, expression),)

    return ChannelRule(name, patterns("source"), patterns("medium"), patterns("campaign"), line)


@pytest.mark.parametrize(
    ("number", "expected", "visit"),
    [
        ("1", "Direct", ("(direct)", "(none)", None)),
        ("1", "Direct", ("(direct)", "(not set)", None)),
        ("2", "Cross-network", ("google", "cpc", "brand cross-network eu")),
        ("3", "Paid Shopping", ("amazon", "cpc", None)),
        ("3", "Paid Shopping", ("partner.example", "ppc", "eshop")),
        ("4", "Paid Search", ("bing", "ppc", None)),
        ("5", "Paid Social", ("linkedin", "paid-social", None)),
        ("6", "Paid Video", ("youtube", "cpv", None)),
        *(("7", "Display", ("site.example", m, None)) for m in ("display", "banner", "expandable")),
        *(("7", "Display", ("site.example", m, None)) for m in ("interstitial", "cpm")),
        ("8", "Paid Other", ("site.example", "retargeting", None)),
        ("9", "Organic Shopping", ("etsy", "referral", None)),
        ("9", "Organic Shopping", ("site.example", "referral", "spring shopping")),
        ("10", "Organic Social", ("m.facebook.com", "referral", None)),
        *(("10", "Organic Social", ("site.example", m, None)) for m in ("social", "social-network", "sm")),
        *(("10", "Organic Social", ("a.example", m, None)) for m in ("social-media", "social network")),
        ("10", "Organic Social", ("site.example", "social media", None)),
        ("11", "Organic Video", ("vimeo.com", "referral", None)),
        ("11", "Organic Video", ("site.example", "my-videos", None)),
        ("12", "Organic Search", ("ecosia.org", "referral", None)),
        ("12", "Organic Search", ("seek.example", "organic", None)),
        *(("13", "Referral", ("site.example", m, None)) for m in ("referral", "app", "link")),
        *(("14", "Email", ("crm", m, None)) for m in ("email", "e-mail", "e_mail", "e mail")),
        *(("14", "Email", (s, "", None)) for s in ("email", "e-mail", "e_mail", "e mail")),
        ("15", "Affiliates", ("partner.example", "affiliate", None)),
        ("16", "Audio", ("podcast.example", "audio", None)),
        ("17", "SMS", ("sms", "text", None)),
        ("17", "SMS", ("crm", "sms", None)),
        *(("18", "Mobile Push", ("crm", m, None)) for m in ("web-push", "mobile", "app notifications")),
        ("18", "Mobile Push", ("firebase", "", None)),
    ],
)
def test_each_documented_rule_gives_its_channel_and_is_named(
    number: str, expected: str, visit: tuple[str, str, None]
) -> None:
    decision = GROUPING.decide(*visit)
    assert decision.channel == expected
    assert decision.rule.startswith(f"GA4 rule {number}: {expected}: ")


def test_the_shipped_rules_are_the_eighteen_documented_ones_in_their_order() -> None:
    numbered = [int(rule["by"].split()[-1]) for rule in RULES["rules"] if rule["by"].startswith("GA4 rule")]
    assert numbered == list(range(1, 19))


@pytest.mark.parametrize("medium", ["social-paid", "remarketing", "sponsored", "unpaid"])
@pytest.mark.parametrize("source", ["google", "facebook", "site.example"])
def test_mediums_that_only_sound_paid_are_not(source: str, medium: str) -> None:
    assert not GROUPING.is_paid(channel(source, medium))


@pytest.mark.parametrize("medium", ["cpa", "cpl", "cpv", "dcpm", "cpc", "ppc", "paid", "paidsocial", "retargeting"])
def test_paid_mediums_are_paid_whatever_the_source(medium: str) -> None:
    assert channel("google", medium) == "Paid Search"
    assert channel("facebook", medium) == "Paid Social"
    assert channel("site.example", medium) == "Paid Other"


def test_cpm_from_a_search_engine_is_paid_search_since_rule_4_comes_before_7() -> None:
    assert channel("google", "cpm") == "Paid Search"
    assert channel("site.example", "cpm") == "Display"


@pytest.mark.parametrize("campaign", ["eshop", "e-shop", "masterclass shop", "shop", "shopify sale", "my shopping"])
def test_campaigns_that_name_a_shop_are_shopping(campaign: str) -> None:
    assert channel("site.example", "cpc", campaign) == "Paid Shopping"
    assert channel("site.example", "referral", campaign) == "Organic Shopping"


@pytest.mark.parametrize("campaign", ["workshop", "bookshop", "boutique"])
def test_words_that_merely_end_in_shop_are_not_shopping(campaign: str) -> None:
    assert channel("site.example", "cpc", campaign) == "Paid Other"
    assert channel("site.example", "referral", campaign) == "Referral"


@pytest.mark.parametrize("medium", ["newsletter", "courriel", "affiliates", "qr"])
def test_mediums_no_rule_knows_are_unassigned(medium: str) -> None:
    assert GROUPING.decide("crm", medium, "spring") == Decision("Unassigned", "no rule holds")


def test_source_email_with_medium_referral_is_a_referral() -> None:
    assert channel("email", "referral") == "Referral"


def test_direct_needs_both_source_and_medium() -> None:
    assert channel("(direct)") == "Unassigned"
    assert channel("site.example", "(none)") == "Unassigned"


def test_a_campaign_alone_is_enough_to_leave_unattributed() -> None:
    assert channel(None, None, "spring") == "Unassigned"
    assert channel(None, None, "x cross-network y") == "Cross-network"


@pytest.mark.parametrize("blank", list(product([None, "", " \t"], repeat=3)))
def test_nothing_known_is_unattributed(blank: tuple[str | None, str | None, str | None]) -> None:
    assert channel(*blank) == "(unattributed)"


def test_ai_assistant_comes_before_the_organic_rules_and_after_the_paid_ones() -> None:
    decision = GROUPING.decide("google", "ai-assistant", None)
    assert decision == Decision("AI Assistant", "GA4 since May 2026: AI Assistant: medium is ai-assistant")
    assert channel("chatgpt.com", "cpc") == "Paid Other"


@pytest.mark.parametrize("medium", [None, "referral", "(not set)"])
def test_an_assistant_known_by_its_host_is_labelled_as_our_own_list(medium: str | None) -> None:
    decision = GROUPING.decide("chatgpt.com", medium, None)
    assert decision.channel == "AI Assistant"
    assert decision.rule.startswith("our own list of assistants: ")


def test_an_assistant_host_with_a_medium_of_its_own_follows_the_medium() -> None:
    assert channel("chatgpt.com", "email") == "Email"


def test_the_words_of_a_rule_name_the_alternative_that_held() -> None:
    assert GROUPING.decide("google", "cpc", "").rule == (
        "GA4 rule 4: Paid Search: source in SEARCH and medium is paid (…cp…, ppc, retargeting, paid…)"
    )
    assert GROUPING.decide("crm", "sms", "").rule == "GA4 rule 17: SMS: medium is sms"
    assert GROUPING.decide("sms", "text", "").rule == "GA4 rule 17: SMS: source is sms"


WORDS = st.one_of(
    st.sampled_from(["google", "facebook", "youtube", "ebay", "(direct)", "(none)", "email", "sms", "firebase"]),
    st.sampled_from(["cpc", "cpm", "paid", "referral", "organic", "e-shop", "bookshop", "push", "cross-network"]),
    st.text(string.ascii_letters + "-_ .", max_size=12),
)


@settings(max_examples=100)
@given(WORDS, WORDS, WORDS, st.sampled_from([str.upper, str.title, str.swapcase, "  {} ".format]))
def test_case_and_outer_spaces_never_change_a_channel(source: str, medium: str, campaign: str, change: object) -> None:
    assert callable(change)
    assert GROUPING.decide(change(source), change(medium), change(campaign)) == GROUPING.decide(
        source, medium, campaign
    )


@settings(max_examples=100)
@given(WORDS, WORDS, WORDS)
def test_every_visit_has_one_strategy_and_a_second_look_agrees(source: str, medium: str, campaign: str) -> None:
    first = GROUPING.decide(source, medium, campaign)
    assert GROUPING.decide(source, medium, campaign) == first == Grouping().decide(source, medium, campaign)
    assert GROUPING.strategy(first.channel) in {"inbound", "outbound", "unknown"}


@settings(max_examples=60)
@given(st.text(max_size=20), st.text(max_size=20), st.text(max_size=20))
def test_any_text_at_all_has_a_channel(source: str, medium: str, campaign: str) -> None:
    assert channel(source, medium, campaign) in {name for names in STRATEGIES.values() for name in names}


# Own rules ------------------------------------------------------------------------------------------------


def test_own_rules_come_first_and_the_first_of_them_wins() -> None:
    grouping = Grouping([own("Partners", 12, source="google", medium="/cp.*/"), own("Late", 13, source="google")])
    assert grouping.decide(" Google", "CPC ", None) == Decision("Partners", "kpi.yml line 12")
    assert grouping.decide("google", "organic", None) == Decision("Late", "kpi.yml line 13")
    assert grouping.decide("bing", "cpc", None).channel == "Paid Search"


def test_an_own_rule_does_not_turn_nothing_into_something() -> None:
    assert Grouping([own("All", 1, source="/.*/")]).decide(None, "", None).channel == "(unattributed)"


def test_an_own_rule_may_send_a_visit_to_a_standard_channel_in_any_spelling() -> None:
    assert Grouping([own("e-mail", 3, medium="newsletter")]).decide("crm", "newsletter", None).channel == "Email"


def test_own_rules_do_not_leak_into_another_grouping() -> None:
    Grouping([own("Partners", 12, source="google")]).decide("google", "cpc", None)
    assert channel("google", "cpc") == "Paid Search"


# Strategies -----------------------------------------------------------------------------------------------


def test_the_strategies_are_a_partition_of_the_channels() -> None:
    counted = Counter(name for names in STRATEGIES.values() for name in names)
    assert set(counted) == {rule["channel"] for rule in RULES["rules"]} | {"Unassigned", "(unattributed)"}
    assert set(counted.values()) == {1}
    assert set(STRATEGIES) == {"inbound", "outbound", "unknown"}


@pytest.mark.parametrize(
    ("strategy", "channels"),
    [
        (
            "inbound",
            ["Organic Search", "Organic Social", "Organic Video", "Organic Shopping", "Referral", "Email"],
        ),
        ("inbound", ["AI Assistant"]),
        ("outbound", ["Paid Search", "Paid Social", "Paid Video", "Paid Shopping", "Paid Other", "Display"]),
        ("outbound", ["Cross-network", "Affiliates", "Audio", "SMS", "Mobile Push"]),
        (
            "unknown",
            ["Direct", "Unassigned", "(unattributed)", "(not set)", "(not allocated)", "Podcast", "", None],
        ),
    ],
)
def test_each_channel_has_its_documented_strategy(strategy: str, channels: list[str | None]) -> None:
    assert [GROUPING.strategy(name) for name in channels] == [strategy] * len(channels)
    assert [GROUPING.is_paid(name) for name in channels if name] == [strategy == "outbound"] * len(
        [name for name in channels if name]
    )


def test_strategies_of_kpi_yml_override_the_shipped_ones_in_any_spelling() -> None:
    grouping = Grouping(strategies={"direct": "inbound", "Podcast": "outbound", "E-Mail": "unknown"})
    asked = ["Direct", "podcast", "Email", "Display"]
    assert [grouping.strategy(name) for name in asked] == ["inbound", "outbound", "unknown", "outbound"]


def test_a_shared_strategy_counts_as_unknown() -> None:
    assert Grouping(strategies={"Display": "shared"}).strategy("Display") == "unknown"


def test_what_is_paid_follows_the_shipped_strategies_alone() -> None:
    grouping = Grouping(strategies={"Email": "outbound", "Display": "inbound"})
    assert (grouping.is_paid("Email"), grouping.is_paid("display")) == (False, True)


# Names and networks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "standard"),
    [
        ("organic search", "Organic Search"),
        (" PAID_SOCIAL ", "Paid Social"),
        ("cross network", "Cross-network"),
        ("Mobile Push Notifications", "Mobile Push"),
        ("Recherche payante", "Paid Search"),
        ("Réseaux sociaux payants", "Paid Social"),
        ("Bezahlte Suche", "Paid Search"),
        ("Video (bezahlt)", "Paid Video"),
        ("Búsqueda orgánica", "Organic Search"),
        ("Sin asignar", "Unassigned"),
        ("PESQUISA ORGÂNICA", "Organic Search"),
        ("(Unattributed)", "(unattributed)"),
        ("  My Podcast ", "My Podcast"),
        ("Social", "Social"),
        ("", ""),
    ],
)
def test_a_channel_name_in_any_case_and_language_becomes_the_standard_one(written: str, standard: str) -> None:
    assert GROUPING.canonical(written) == standard


def test_own_channels_are_spelled_as_kpi_yml_first_spells_them() -> None:
    grouping = Grouping([own("My Partners", 4, source="a"), own("MY PARTNERS", 5, source="b")])
    assert grouping.canonical("my partners") == "My Partners"
    assert grouping.decide("b", None, None).channel == "My Partners"


def test_other_names_lead_to_one_standard_channel_each() -> None:
    standard = {name for names in STRATEGIES.values() for name in names}
    assert set(RULES["names"]) <= standard
    for name, aliases in RULES["names"].items():
        assert {GROUPING.canonical(alias) for alias in aliases} == {name}
    assert {GROUPING.canonical(name) for name in standard} == standard


@pytest.mark.parametrize(
    ("source", "network"),
    [
        ("m.facebook.com", "Facebook"),
        ("FB", "Facebook"),
        ("l.instagram.com", "Instagram"),
        ("lnkd.in", "LinkedIn"),
        ("t.co", "X"),
        ("www.Google.fr ", "Google"),
        ("m.youtube.com", "YouTube"),
        ("m.me", "Messenger"),
        ("chatgpt.com", "ChatGPT"),
        ("notfacebook.com", None),
        ("www.", None),
        ("", None),
        (None, None),
    ],
)
def test_a_source_or_host_names_its_network(source: str | None, network: str | None) -> None:
    assert GROUPING.network_of(source) == network


def test_no_source_stands_for_two_networks_and_each_is_written_as_compared() -> None:
    sources = [s for known in RULES["lists"].values() for listed in known.values() for s in listed]
    assert max(Counter(sources).values()) == 1
    assert [s for s in sources if s != s.strip().casefold() or s.startswith("www.")] == []
    assert [s for s in sources if GROUPING.network_of(s) is None] == []


def test_importing_the_module_reads_no_yaml() -> None:
    probe = "import sys, kpi_cli.grouping; print([m for m in ('yaml', 'kpi_cli.config') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
