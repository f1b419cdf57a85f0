"""kpi.yml: every value typed, every mistake told at its line and column, all at once."""

from __future__ import annotations

import datetime as dt
import hashlib
import string
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_cli.config import Config, Goal, Source, in_force
from kpi_cli.config.checking import check_names
from kpi_cli.config.loading import load_config
from kpi_cli.errors import InputError, KpiError, Refusals

WHOLE = """\
# A school that does not exist
sources:
  - exports/*.csv
  - files: [shop/a.csv, shop/b-*.csv]
    role: sales
    format: generic
    decimal: ","
    date_format: dmy
    encoding: cp1252
    tz: Europe/Paris
    currency: eur
    map: {amount: Montant TTC}
    statuses: {En attente: pending, ok: used}
    accounts: separate
costs:
  - costs.yaml
  - {month: 2026-02, category: people, strategy: inbound, cost: 1200.50}
  - {start: 2026-01-05, end: 2026-01-09, cost: 12.10, currency: USD, channel: Email, campaign: NO}
margin: 60%
vat: 0.2
currency: EUR
lang: fr
tz: Europe/Paris
rates:
  - {date: 2026-01-01, currency: USD, rate: 0.92345678}
channels:
  - {channel: Partners, source: [blog.example, "/.*[.]ac[.]fr/"], medium: referral}
strategies: {Partners: inbound}
products: {"Photo 101": Photo}
lead_event: sign_up
targets:
  roi: 50%
  cac:
    - {from: 2026-07-15, value: 110}
    - {from: 2026-01, value: 120}
  Paid Search: {cac: 90}
budgets:
  Paid Search: 3000
  total: {from: 2026-01-01, value: 9000}
benchmarks:
  - {metric: ctr, value: 3.2%, sector: education, year: 2025, source: "Invented Survey, p. 4"}
measures:
  webinars: {count: Webinar ID, role: leads, label: Webinars}
metrics:
  show_rate: {formula: "webinars / leads", unit: rate, better: higher, label: {en: Show rate, fr: Présence}}
report: {title: NO, lang: en}
"""


@pytest.fixture
def write(tmp_path):
    def written(text: str | bytes) -> Path:
        path = tmp_path / "kpi.yml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    return written


@pytest.fixture
def read(write):
    return lambda text: load_config(write(text))


@pytest.fixture
def mistakes(write):
    """The mistakes of a text, as people see them, without the folder."""

    def told(text: str | bytes) -> list[str]:
        with pytest.raises(InputError) as caught:
            load_config(write(text))
        assert caught.value.exit_code == 3
        return ["kpi.yml" + str(error).partition("kpi.yml")[2] for error in caught.value.parts()]

    return told


def test_sources_keep_how_they_are_read_and_stay_relative_to_the_folder(write):
    path = write(WHOLE)
    config = load_config(path)
    first, second = config.sources
    assert first == Source(("exports/*.csv",))
    assert second == Source(
        files=("shop/a.csv", "shop/b-*.csv"),
        role="sales",
        format="generic",
        decimal=",",
        date_format="dmy",
        encoding="cp1252",
        tz="Europe/Paris",
        currency="EUR",
        columns={"amount": "Montant TTC"},
        statuses={"En attente": "pending", "ok": "used"},
        accounts="separate",
    )
    assert config.folder == path.parent


def test_the_file_and_its_hash_are_kept(write):
    path = write(WHOLE)
    config = load_config(path)
    assert config.file == str(path)
    assert config.sha256 == hashlib.sha256(WHOLE.encode()).hexdigest()


def test_settings_are_typed_and_exact(read):
    config = read(WHOLE)
    assert (config.margin, config.vat) == (Decimal("0.6"), Decimal("0.2"))
    assert (config.currency, config.lang, config.tz) == ("EUR", "fr", "Europe/Paris")
    assert config.lead_event == "sign_up"
    assert config.strategies == {"Partners": "inbound"}
    assert config.products == {"Photo 101": "Photo"}
    assert (config.report.title, config.report.lang) == ("NO", "en")


def test_costs_are_records_with_exact_amounts_and_files(read):
    costs = read(WHOLE).costs
    assert costs.files == ("costs.yaml",)
    people, mail = costs.records
    assert (people.start, people.end) == (dt.date(2026, 2, 1), dt.date(2026, 2, 28))
    assert (people.cost, people.category, people.strategy) == (Decimal("1200.50"), "people", "inbound")
    assert (mail.start, mail.end) == (dt.date(2026, 1, 5), dt.date(2026, 1, 9))
    assert (mail.cost, mail.currency, mail.campaign) == (Decimal("12.10"), "USD", "NO")
    assert (people.line, mail.line) == (17, 18)


def test_rates_keep_every_decimal(read):
    (rate,) = read(WHOLE).rates.records
    assert (rate.date, rate.currency, rate.rate) == (dt.date(2026, 1, 1), "USD", Decimal("0.92345678"))


def test_a_single_file_needs_no_list(read):
    config = read("sources: exports/*.csv\ncosts: costs.csv\nrates: ecb.csv\n")
    assert config.sources == (Source(("exports/*.csv",)),)
    assert (config.costs.files, config.rates.files) == (("costs.csv",), ("ecb.csv",))


def test_targets_budgets_and_benchmarks_are_told_apart(read):
    config = read(WHOLE)
    assert [(g.metric, g.channel, g.value, g.start) for g in config.targets] == [
        ("roi", None, Decimal("0.5"), None),
        ("cac", None, Decimal(110), dt.date(2026, 7, 15)),
        ("cac", None, Decimal(120), dt.date(2026, 1, 1)),
        ("cac", "Paid Search", Decimal(90), None),
    ]
    assert [(g.metric, g.channel, g.value, g.start) for g in config.budgets] == [
        ("cost", "Paid Search", Decimal(3000), None),
        ("cost", None, Decimal(9000), dt.date(2026, 1, 1)),
    ]
    (benchmark,) = config.benchmarks
    assert benchmark[:5] == ("ctr", Decimal("0.032"), "education", 2025, "Invented Survey, p. 4")


@pytest.mark.parametrize(
    ("day", "value"), [("2025-12-31", None), ("2026-01-01", 120), ("2026-07-14", 120), ("2026-07-15", 110)]
)
def test_the_goal_in_force_is_the_latest_that_has_begun(read, day, value):
    goal = in_force(read(WHOLE).targets, "cac", None, dt.date.fromisoformat(day))
    assert (goal and goal.value) == value


def test_a_goal_without_a_date_holds_until_one_with_a_date_begins():
    goals = [Goal("roi", None, Decimal(1), None, 1), Goal("roi", None, Decimal(2), dt.date(2026, 3, 1), 2)]
    values = [in_force(goals, "roi", None, dt.date(2026, month, 1)) for month in (2, 3)]
    assert [goal and goal.value for goal in values] == [1, 2]


def test_own_measures_and_metrics_are_read(read):
    config = read(WHOLE)
    (webinars,) = config.measures
    assert webinars[:5] == ("webinars", "count", "Webinar ID", "leads", "count")
    assert webinars.label == {"en": "Webinars", "fr": "Webinars"}
    (metric,) = config.metrics
    assert (metric.name, metric.unit, metric.better) == ("show_rate", "rate", "higher")
    assert metric.label == {"en": "Show rate", "fr": "Présence"}
    assert metric.formula.evaluate({"webinars": 3, "leads": 12}) == (Decimal("0.25"), None)


@pytest.mark.parametrize(
    ("source", "medium", "hit"),
    [
        ("blog.example", "referral", True),
        (" BLOG.example ", "Referral", True),
        ("Physique.AC.fr", "referral", True),
        ("ac.fr", "referral", False),
        ("physique.ac.fr.example", "referral", False),
        ("blog.example", "email", False),
        ("blogxexample", "referral", False),
    ],
)
def test_a_channel_rule_matches_whole_values_whatever_their_case(read, source, medium, hit):
    (rule,) = read(WHOLE).channels
    assert rule.matches(source, medium, "any campaign") is hit


def test_nothing_is_known_without_a_file():
    config = Config.empty()
    assert (config.file, config.sha256, config.margin, config.sources) == (None, None, None, ())
    assert config.lead_event == "generate_lead"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "targets:\nmargin:\nsources: # later\n"])
def test_keys_without_a_value_are_not_given(read, text):
    config = read(text)
    assert (config.targets, config.margin, config.sources) == ((), None, ())
    assert config.file


@pytest.mark.parametrize(
    ("text", "value"),
    [("20%", "0.2"), ("20 %", "0.2"), ("0.2", "0.2"), (".2", "0.2"), ("5.5%", "0.055"), ("0", "0")],
)
def test_rates_are_percentages_or_fractions(read, text, value):
    assert read(f"vat: {text}").vat == Decimal(value)


MISTAKES = [
    ("margn: 60%", "1:1: unknown key “margn”; did you mean “margin”?"),
    ("margin: 60", "1:9: “60” is not between 0 and 100%; write a rate like 20% or 0.2"),
    ("margin: -5%", "1:9: “-5%” is not between 0 and 100%; write a rate like 20% or 0.2"),
    ("vat: twenty", "1:6: “twenty” is not a number; write it like 1234.56"),
    ("vat: x%", "1:6: “x%” is not a percentage; write it like 12.5%"),
    ("vat: [0.2]", "1:6: a list where a text is due; write one value"),
    ("currency: €", "1:11: “€” is not a currency code; write it like EUR"),
    ("lang: de", "1:7: “de” is not known here; known: “en”, “fr”"),
    ("tz: Europe/Pari", "1:5: “Europe/Pari” is not a time zone; did you mean “Europe/Paris”?"),
    ("tz: ../zones", "1:5: “../zones” is not a time zone; write it like Europe/Paris"),
    ("sources: [{fles: x}]", "1:11: “files” is missing; add files: …"),
    ("sources: [{files: x, role: sale}]", "1:28: “sale” is not known here; did you mean “sales”?"),
    (
        "sources: [{files: x, statuses: {a: faild}}]",
        "1:36: “faild” does not say what becomes of these rows; did you mean “failed”?",
    ),
    *(
        (
            f"sources: [{{files: x, statuses: {{a: {word}}}}}]",
            f"1:36: “{word}” does not say what becomes of these rows; write used for rows that count, "
            "else why they do not: failed, pending, cancelled, test, fee, payout, …",
        )
        for word in ("paid", "unused", "refunded", "accepted")
    ),
    ("statuses: {a: used}", "1:1: unknown key “statuses”; it belongs to an entry of sources: {files: …, statuses: …}"),
    ("sources: [{files: x, vat: 20%}]", "1:22: unknown key “vat”; it belongs at the left edge, beside sources:"),
    (
        "sources: [{files: x, encoding: hex}]",
        "1:32: “hex” is not an encoding; write it like utf-8, cp1252 or utf-16",
    ),
    ("sources:\n  -\n", "2:4: nothing where a text is due; write one value"),
    ("costs: [{month: 2026-01, cost: 012}]", "1:32: “012” is not a number; write it like 1234.56"),
    ("costs: [{month: 2026-01, cost: 1:30}]", "1:32: “1:30” is not a number; write it like 1234.56"),
    ("costs: [{month: 2026-01, cost: '1,50'}]", "1:32: “1,50” is not a number; write it like 1234.56"),
    ("costs: [{month: 2026-01, cost: 1.1234567}]", "1:32: “1.1234567” has more than 6 decimals; round it"),
    ("costs: [{month: 2026-13, cost: 1}]", "1:17: “2026-13” is not a date; write a month like 2026-10"),
    (
        "costs: [{month: 2026-01-01, cost: 1}]",
        "1:17: “2026-01-01” is a day, not a month; write start: and end: for days",
    ),
    ("costs: [{cost: 1}]", "1:9: a cost needs its period; write month:, or start: and end:"),
    (
        "costs: [{start: 2026-02-02, end: 2026-02-01, cost: 1}]",
        "1:9: end 2026-02-01 is before start 2026-02-02; swap them",
    ),
    (
        "rates: [{date: 2204-01-01, currency: USD, rate: 1}]",
        "1:16: “2204-01-01” is not a date; write it like 2026-10-31",
    ),
    (
        "rates: [{date: 2026-02-30, currency: USD, rate: 1}]",
        "1:16: “2026-02-30” is not a date; write it like 2026-10-31",
    ),
    (
        "rates: [{date: 2026-02, currency: USD, rate: 1}]",
        "1:16: “2026-02” is a month, not a day; write it like 2026-10-31",
    ),
    ("rates: [{date: 2026-02-01, currency: USD, rate: 0}]", "1:49: “0” is not above 0; give more than 0"),
    ("channels: [{channel: X}]", "1:12: this rule would match everything; add source:, medium: or campaign:"),
    (
        "channels: [{channel: X, source: /(/}]",
        "1:33: “/(/” is not a regular expression (missing ), unterminated subpattern at position 0); "
        "mend it, or leave the slashes out",
    ),
    (
        "channels: [{channel: X, source: '/[[a]/'}]",
        "1:33: “/[[a]/” is not a regular expression (Possible nested set at position 1); "
        "mend it, or leave the slashes out",
    ),
    ("strategies: {X: inbund}", "1:17: “inbund” is not known here; did you mean “inbound”?"),
    ("strategies: [X]", "1:13: a list where keys and values are due; write key: value"),
    ("targets: {cac: {from: 2026-01-01}}", "1:16: “value” is missing; add value: …"),
    (
        "targets: {cac: [{from: 2026-01, value: 1}, {from: 2026-01-01, value: 2}]}",
        "1:16: two values begin on the same day; give each its own from:",
    ),
    (
        "benchmarks: [{metric: ctr, value: 1%, sector: all, year: 2025}]",
        "1:14: “source” is missing; add source: …",
    ),
    (
        "measures: {x: {sum: A, count: B, role: sales}}",
        "1:15: a measure is one sum or one count; write sum: HEADER, or count: HEADER",
    ),
    (
        "measures: {a-b: {sum: A, role: sales}}",
        "1:12: “a-b” cannot stand in a formula; use letters, digits and _, and begin with a letter",
    ),
    (
        "metrics: {x: {formula: cost.real, unit: rate}}",
        "1:28: “.” is not part of a formula; use measures and metrics by their plain names",
    ),
    (
        'metrics: {x: {formula: "cost +", unit: rate}}',
        "1:31: the end of the formula where a name or a number is due; complete the formula",
    ),
    (
        "metrics: {x: {formula: x + 1, unit: rate}}",
        "1:24: metric “x” is computed from itself (“x → x”); define one of them by measures only",
    ),
    (
        "measures: {x: {sum: A, role: sales}}\nmetrics: {x: {formula: a, unit: rate}}",
        "2:11: “x” is a measure already, in line 1; choose another name",
    ),
    ("- margin: 60%", "1:1: a list where keys and values are due; write key: value"),
    ("margin", "1:1: “margin” where keys and values are due; write key: value"),
    ("margin: 1%\nmargin: 2%", "2:1: key “margin” is already in line 1; keep one of them"),
    (
        "margin: &x 1%",
        "1:9: anchors and aliases are not read; write the value out; quote a text that starts with & or *",
    ),
]


@pytest.mark.parametrize(("text", "told"), MISTAKES, ids=[text for text, _ in MISTAKES])
def test_a_mistake_is_told_with_its_place_and_a_way_out(mistakes, text, told):
    assert f"kpi.yml:{told}" in mistakes(text)


def test_all_mistakes_of_a_file_are_told_in_its_order(mistakes):
    text = "margn: 1%\nvat: x\nsources:\n  - {fles: a, role: sale}\nlang: xx\n"
    assert mistakes(text) == [
        "kpi.yml:1:1: unknown key “margn”; did you mean “margin”?",
        "kpi.yml:2:6: “x” is not a number; write it like 1234.56",
        "kpi.yml:4:5: “files” is missing; add files: …",
        "kpi.yml:4:6: unknown key “fles”; did you mean “files”?",
        "kpi.yml:4:21: “sale” is not known here; did you mean “sales”?",
        "kpi.yml:5:7: “xx” is not known here; known: “en”, “fr”",
    ]


def test_a_hostile_value_is_cut_escaped_and_hidden_in_errors(mistakes):
    (told,) = mistakes('lang: "\\e[31m' + "x" * 100 + '"')
    assert "\\x1b[31m" in told
    assert "…" in told
    (hidden,) = mistakes("currency: learner17@example.com")
    assert "learner17" not in hidden


def test_a_file_that_cannot_be_read_is_refused(tmp_path, mistakes):
    for path in (tmp_path / "absent.yml", tmp_path):
        with pytest.raises(InputError) as caught:
            load_config(path)
        assert caught.value.code == "unreadable_file"
    assert mistakes(b"a: 1\nb: caf\xe9") == ["kpi.yml:2:7: byte 0xe9 is not UTF-8; save the file as UTF-8"]
    (told,) = mistakes(b" " * (2**20 + 1))
    assert "larger than 1 MiB" in told


def test_names_are_checked_against_what_is_built_in(read):
    config = read(
        "targets: {cca: 1, own: 2}\n"
        "benchmarks: [{metric: roi, value: 1, sector: all, year: 2025, source: Invented}]\n"
        "metrics:\n"
        "  own: {formula: cost / leds, unit: rate}\n"
        "  roi: {formula: cost / own, unit: rate}\n"
    )
    with pytest.raises(Refusals) as caught:
        check_names(config, ["cost", "leads", "cac", "roi"])
    told = [str(error).partition("kpi.yml:")[2] for error in caught.value.parts()]
    assert told == [
        "1:11: “cca” is no metric; did you mean “cac”?",
        "4:25: the formula uses “leds”, which is no measure or metric; did you mean “leads”?",
        "5:3: “roi” is a built-in measure or metric already; choose another name",
    ]


def test_names_that_are_known_pass(read):
    config = read(WHOLE)
    check_names(config, ["leads", "roi", "cac", "ctr"])
    assert config.metrics


@given(
    st.integers(0, len(WHOLE)),
    st.integers(0, 40),
    st.text(alphabet=string.printable + "é€%/", max_size=8),
)
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_gives_settings_or_errors_with_a_line(write, start, length, new):
    path = write(WHOLE[:start] + new + WHOLE[start + length :])
    try:
        config = load_config(path)
        files = {config.file}
    except KpiError as refused:
        files = {error.file for error in refused.parts()}
    assert files == {str(path)}


def test_reading_settings_imports_nothing_heavy():
    code = (
        "import sys, pathlib, kpi_cli.config.loading as c; c.load_config(pathlib.Path(sys.argv[1]));"
        "sys.exit(any(name in sys.modules for name in ('pandas', 'duckdb', 'scipy', 'babel')))"
    )
    run = subprocess.run([sys.executable, "-c", code, "/dev/null"], check=False)
    assert run.returncode == 0
