"""The format files are data that anyone may add to: what each must hold, whatever the platform."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kpi_cli import safe
from kpi_cli.safe import folded

FOLDER = Path(safe.__file__).parent / "exports" / "formats"
ROLES = {
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
}
LISTED = {
    "google_ads",
    "meta_ads",
    "linkedin_ads",
    "microsoft_ads",
    "tiktok_ads",
    "amazon_ads",
    "pinterest_ads",
    "snapchat_ads",
    "reddit_ads",
    "x_ads",
    "criteo_ads",
    "ga4",
    "plausible",
    "matomo",
    "search_console",
    "hubspot",
    "mailchimp",
    "semrush",
    "moodle",
    "open_edx",
}
LEFT_OUT = {
    "totals_row",
    "subtotal_row",
    "repeated_header",
    "footer",
    "other_table",
    "no_data",
    "outside_period",
    "failed",
    "denied",
    "test",
    "voided",
    "cancelled",
    "pending",
    "authorized",
    "hold",
    "payout",
    "withdrawal",
    "deposit",
    "transfer",
    "outgoing_payment",
    "currency_conversion",
    "fee",
    "free",
    "subscription_update",
    "unenrolled",
    "seen_in_other_file",
    "duplicate",
    "spam",
    "disqualified",
}
CHANNELS = {
    "Direct",
    "Cross-network",
    "Paid Shopping",
    "Paid Search",
    "Paid Social",
    "Paid Video",
    "Display",
    "Paid Other",
    "Organic Shopping",
    "Organic Social",
    "Organic Video",
    "Organic Search",
    "Referral",
    "Email",
    "Affiliates",
    "Audio",
    "SMS",
    "Mobile Push",
    "Unassigned",
    "AI Assistant",
}
PATHS = [path for path in sorted(FOLDER.glob("*.yaml")) if path.stem != "generic"]


class _OneKeyEach(yaml.SafeLoader):
    """YAML in which a key written twice is an error, not the later value."""


def _mapping(loader: _OneKeyEach, node: yaml.MappingNode) -> dict[Any, Any]:
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    assert len(keys) == len(set(keys)), f"a key twice at line {node.start_mark.line + 1}"
    return loader.construct_mapping(node, deep=True)


_OneKeyEach.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def _load(path: Path) -> dict[str, Any]:
    spec = yaml.load(path.read_text(encoding="utf-8"), Loader=_OneKeyEach)
    assert isinstance(spec, dict)
    return spec


def _shapes(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The file's own table, and the further ones of the same platform."""
    return [spec, *spec.get("also", [])]


def _headers(spec: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    for column, languages in spec["columns"].items():
        for language, headers in languages.items():
            for header in [headers] if isinstance(headers, str) else headers:
                yield column, language, header


def _patterns(spec: dict[str, Any]) -> Iterator[str]:
    """Every regular expression that a format file can hold."""
    recognise = spec.get("recognise", {})
    yield from recognise.get("title", [])
    yield from recognise.get("cells", [])
    yield from spec.get("footer", [])
    yield from spec.get("no_data", [])
    yield from (rule[key] for rule in spec.get("totals", []) for key in ("match", "any_cell") if key in rule)
    yield from (rule for name, rule in spec.get("preamble", {}).items() if name != "range")
    activities = spec.get("stages", {}).get("activities", {})
    yield from [*activities.get("done", []), *activities.get("begun", [])]
    yield from (value for key in ("file",) if (value := recognise.get(key)))
    yield from (value for key in ("range_in_name",) if (value := spec.get(key)))
    yield from (value[1:] for value in _values(spec) if value.startswith("~"))


def _values(spec: dict[str, Any]) -> Iterator[str]:
    rules = [*spec.get("left_out", []), spec.get("used", {})]
    for name in ("refund_rows", "fully_refunded", "disputed"):
        rules += spec.get(name, [])
    for rule in rules:
        for column, values in rule.items():
            if column != "as":
                yield from map(str, [values] if isinstance(values, str) else values)


def _channels(spec: dict[str, Any]) -> Iterator[str]:
    channel = spec.get("channel", {})
    if "default" in channel:
        yield channel["default"]
    for step in channel.get("from", []):
        for known in step.values():
            yield from known.values()


def test_every_platform_that_is_promised_has_a_file() -> None:
    assert {path.stem for path in PATHS} >= LISTED


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
class TestFormatFile:
    def test_it_parses_with_every_key_once_and_names_itself(self, path: Path) -> None:
        spec = _load(path)
        assert spec["format"] == path.stem
        assert {"role", "title", "source", "columns", "recognise"} <= spec.keys()
        assert {shape["role"] for shape in _shapes(spec)} <= ROLES

    def test_columns_are_plain_names_with_headers_in_two_letter_languages(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            for column, language, header in _headers(shape):
                assert re.fullmatch(r"[a-z][a-z0-9_]*", column), column
                assert re.fullmatch(r"[a-z]{2}", language), language
                assert isinstance(header, str), (column, header)
                assert folded(header), (column, header)

    def test_no_header_means_two_columns(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            meanings: dict[str, set[str]] = {}
            for column, _, header in _headers(shape):
                meanings.setdefault(folded(header), set()).add(column)
            assert [header for header, columns in meanings.items() if len(columns) > 1] == []

    def test_no_header_is_listed_twice_in_a_language(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            listed = [(language, folded(header)) for _, language, header in _headers(shape)]
            assert len(listed) == len(set(listed))

    def test_columns_that_recognise_it_are_columns_it_has(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            assert set(shape["recognise"].get("all", [])) <= shape["columns"].keys()

    def test_it_is_never_refused_for_a_column_of_its_own(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            recognise = shape["recognise"]
            refused = {folded(word) for word in [*recognise.get("never", []), *recognise.get("reject", {})]}
            assert refused & {folded(header) for _, _, header in _headers(shape)} == set()

    def test_something_beyond_common_words_marks_it(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            recognise = shape["recognise"]
            assert recognise.get("any") or len(recognise.get("all", [])) > 1
            assert all(group for group in recognise.get("any", []))

    def test_its_patterns_compile(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            for pattern in _patterns(shape):
                assert re.compile(pattern)

    def test_patterns_on_folded_text_are_written_folded(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            rules = [rule.get("match", "") + rule.get("any_cell", "") for rule in shape.get("totals", [])]
            written = [*shape["recognise"].get("title", []), *shape.get("footer", []), *rules]
            assert [pattern for pattern in written if pattern != pattern.casefold()] == []

    def test_patterns_of_rows_ask_how_a_cell_begins(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            asked = [p for key in ("no_data", "footer", "subtotal_rows") for p in shape.get(key, ())]
            asked += [rule[key] for rule in shape.get("totals", ()) for key in ("match", "any_cell") if key in rule]
            assert [pattern for pattern in asked if not pattern.startswith("^")] == []

    def test_rows_of_a_preamble_yield_one_text_each(self, path: Path) -> None:
        preamble = _load(path).get("preamble", {})
        assert all(re.compile(rule).groups == 1 for name, rule in preamble.items() if name != "range")

    def test_total_rows_say_their_scope_and_blank_columns_exist(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            for rule in shape.get("totals", []):
                assert rule["scope"] in {"rows", "wider"}
                assert {"match", "any_cell", "blank"} & rule.keys()
                assert set(rule.get("blank", [])) <= shape["columns"].keys()
            assert set(shape.get("subtotal", {}).get("blank", [])) <= shape["columns"].keys()

    def test_reasons_to_leave_rows_out_are_those_of_check(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            for rule in shape.get("left_out", []):
                assert rule["as"] in LEFT_OUT
                assert rule.keys() - {"as"} <= shape["columns"].keys()

    def test_its_channels_are_channels_and_come_from_its_columns(self, path: Path) -> None:
        for shape in _shapes(_load(path)):
            assert set(_channels(shape)) <= CHANNELS
            for step in shape.get("channel", {}).get("from", []):
                assert step.keys() <= shape["columns"].keys()
                assert all(value == folded(value) for known in step.values() for value in known)

    def test_spend_says_its_platform_and_a_channel(self, path: Path) -> None:
        spec = _load(path)
        if spec["role"] == "spend":
            assert spec["platform"] == path.stem
            assert spec["channel"]["default"] in CHANNELS


COST_LOOK_ALIKES = (
    "Cost / conv.",
    "Avg. CPC",
    "Cost per result",
    "Cost per results",
    "CPC (GBP)",
    "Budget",
    "Traffic Cost",
    "Coût par résultat",
    "Coût / conv.",
    "Custo / conv.",
    "Kosten/Conv.",
)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_no_price_budget_or_ratio_is_taken_for_cost(path: Path) -> None:
    taken = {
        folded(header)
        for shape in _shapes(_load(path))
        for column, _, header in _headers(shape)
        if column in {"cost", "amount"}
    }
    assert taken & {folded(header) for header in COST_LOOK_ALIKES} == set()


@pytest.mark.parametrize(
    ("campaign_type", "channel"),
    [
        ("Search", "Paid Search"),
        ("Performance Max", "Cross-network"),
        ("Máximo rendimiento", "Cross-network"),
        ("Demand Gen", "Cross-network"),
        ("App", "Cross-network"),
        ("Shopping", "Paid Shopping"),
        ("Vidéo", "Paid Video"),
        ("Displaynetzwerk", "Display"),
        ("Pesquisa", "Paid Search"),
        ("Réseau de Recherche", "Paid Search"),
    ],
)
def test_google_campaign_types_go_where_google_analytics_puts_them(campaign_type: str, channel: str) -> None:
    steps = _load(FOLDER / "google_ads.yaml")["channel"]["from"]
    known = {value: name for step in steps for value, name in step.get("campaign_type", {}).items()}
    assert known[folded(campaign_type)] == channel


def test_meta_results_and_all_clicks_are_not_purchases_or_link_clicks() -> None:
    meaning = {folded(header): column for column, _, header in _headers(_load(FOLDER / "meta_ads.yaml"))}
    assert meaning[folded("Results")] == "results"
    assert meaning[folded("Clicks (all)")] == "clicks_all"
    assert meaning[folded("Link clicks")] == "clicks"
    assert meaning[folded("Purchases")] == "conversions"
