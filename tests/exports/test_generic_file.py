"""Hand-made files and sales downloads: the words that give their columns and rows a meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml

from kpi_cli import safe
from kpi_cli.commands.app import main
from kpi_cli.errors import InputError
from kpi_cli.exports.fates import conditions
from kpi_cli.exports.recognising import Place, Wanted, read_header, recognise
from kpi_cli.exports.vocabulary import vocabulary
from kpi_cli.safe import folded, plainest

FOLDER = Path(safe.__file__).parent / "exports" / "formats"
LANGUAGES = ("en", "fr", "de", "es", "pt", "it")
REASONS = {
    *(
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
    ),
    *("deposit", "transfer", "outgoing_payment", "currency_conversion", "fee", "free", "subscription_update"),
}
PROMISED = {
    "spend": "date start end platform account channel source medium campaign cost currency "
    "impressions clicks conversions leads",
    "sales": "date order_id customer_id email customer_type product amount revenue refunded tax "
    "currency status channel utm_source utm_medium utm_campaign",
    "costs": "month start end category strategy channel campaign cost currency",
    "traffic": "date source medium campaign channel landing_page variant visits leads key_events",
    "events": "user event time",
    "touches": "user time channel utm_source utm_medium utm_campaign conversion value path conversions non_conversions",
}


def _load(name: str) -> dict[str, Any]:
    spec = yaml.load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    assert isinstance(spec, dict)
    return spec


GENERIC = _load("generic")
ROLES: dict[str, dict[str, Any]] = GENERIC["roles"]
SALES = [path.stem for path in sorted(FOLDER.glob("*.yaml")) if _load(path.stem).get("role") == "sales"]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _headers(role: str) -> Iterator[tuple[str, str, str]]:
    for column, languages in ROLES[role]["columns"].items():
        yield column, "en", column
        for language, headers in languages.items():
            for header in _listed(headers):
                yield column, language, header


def _rules(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """Every rule on the cells of a row: the key it stands under, and its columns with their values."""
    for key in ("left_out", "refund_rows", "refund_undone", "fully_refunded", "disputed"):
        for rule in spec.get(key, []):
            yield key, {column: values for column, values in rule.items() if column != "as"}
    for column, values in spec.get("used", {}).items():
        yield "used", {column: values}


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    else:
        yield value


def _columns(needs: list[list[str]]) -> set[str]:
    return {column for group in needs for column in group}


@pytest.mark.parametrize("role", ROLES)
class TestRole:
    def test_a_header_names_one_column(self, role: str) -> None:
        meanings: dict[str, set[str]] = {}
        for column, _, header in _headers(role):
            for key in {folded(header), plainest(header)}:
                meanings.setdefault(key, set()).add(column)
        assert {header: columns for header, columns in meanings.items() if len(columns) > 1} == {}

    def test_headers_are_text_in_the_six_languages_and_dutch(self, role: str) -> None:
        for column, language, header in _headers(role):
            assert isinstance(header, str), column
            assert plainest(header), column
            assert language in {*LANGUAGES, "nl"}, (column, language)

    def test_what_makes_the_role_are_columns_it_has(self, role: str) -> None:
        spec, own = ROLES[role], ROLES[role]["columns"].keys()
        assert spec["needs"]
        assert all(spec["needs"])
        mapped = {"progress_fraction"}  # named by --map alone: no header says that 1 is the whole
        assert _columns(spec["needs"]) | set(spec["marks"]) | set(spec.get("when_told", {})) <= own | mapped
        for rule in spec.get("amount_from", []):
            assert {rule["column"], *(rule[k] for k in ("times", "unless") if k in rule)} <= own

    def test_what_rules_the_role_out_is_a_column_of_some_role_and_nothing_it_needs(self, role: str) -> None:
        spec = ROLES[role]
        everywhere = {column for other in ROLES.values() for column in other["columns"]}
        assert set(spec.get("unless", [])) <= everywhere
        assert not set(spec.get("unless", [])) & (_columns(spec["needs"]) | set(spec["marks"]))

    def test_names_that_are_promised_are_columns(self, role: str) -> None:
        assert set(PROMISED.get(role, "").split()) <= ROLES[role]["columns"].keys()


@pytest.mark.parametrize(
    ("header", "role"),
    [
        ("date,platform,channel,campaign,cost,currency,impressions,clicks,conversions,leads", "spend"),
        ("date,channel,campaign,spend", "spend"),
        ("start,end,campaign,cost", "spend"),
        ("Jour,Régie,Campagne,Budget dépensé,Clics", "spend"),
        ("Datum,Kanal,Kampagne,Kosten,Klicks", "spend"),
        ("Fecha,Canal,Campaña,Gasto", "spend"),
        ("Data,Canal,Campanha,Valor gasto", "spend"),
        ("Data,Canale,Campagna,Costo,Impressioni", "spend"),
        ("date,order_id,customer_id,product,amount,refunded,tax,currency,status,utm_source", "sales"),
        ("Order ID,Date,Email,Customer Type,Product,Revenue", "sales"),
        ("Date,N° commande,Client,E-mail,Montant TTC,Remboursé,Statut", "sales"),
        ("Date,Client,Chiffre d’affaires", "sales"),
        ("Datum,Bestellnummer,Kunde,Umsatz", "sales"),
        ("Fecha,Pedido,Cliente,Importe", "sales"),
        ("Data,Pedido,Cliente,Valor,Canal", "sales"),
        ("Data,Ordine,Cliente,Importo", "sales"),
        ("date,order_id,category,amount,cost", "sales"),
        ("month,category,strategy,channel,cost,currency", "costs"),
        ("month,channel,cost", "costs"),
        ("Mois,Poste,Coût", "costs"),
        ("Monat,Kategorie,Kosten", "costs"),
        ("date,source,medium,campaign,channel,landing_page,variant,visits,leads,key_events", "traffic"),
        ("Date,Source,Visites", "traffic"),
        ("user,event,time,variant", "events"),
        ("user,time,channel,conversion,value", "touches"),
        ("path,conversions,non_conversions,value", "touches"),
        ("date,lead_id,email,source,medium,campaign,stage", "leads"),
        ("date,source,leads", "leads"),
        ("date,query,clicks,impressions,position", "search"),
        ("date,title,list,delivered,opened,clicked,unsubscribed", "mail"),
        ("date,network,post,impressions,reach,engagements,followers", "social"),
        ("learner,course,progress,completed_at", "progress"),
        ("date,currency,rate", "rates"),
    ],
)
def test_a_hand_made_header_says_its_role(header: str, role: str) -> None:
    found = read_header(header.split(","), Place("sheet.csv", 1, ","))
    assert found is not None
    assert (found.format.name, found.format.role) == ("generic", role)


@pytest.mark.parametrize("header", ["date,channel,amount", "name,phone", "date,revenue"])
def test_money_that_names_neither_cost_nor_customer_is_asked(header: str) -> None:
    assert read_header(header.split(","), Place("sheet.csv", 1, ",")) is None


@pytest.mark.parametrize("role", ["spend", "costs", "sales"])
@pytest.mark.parametrize(
    "header",
    [
        *(
            "Cost / conv.",
            "Cost per result",
            "Avg. CPC",
            "CPC",
            "CPM",
            "Budget",
            "Daily budget",
            "Traffic Cost",
        ),
        *(
            "Coût par résultat",
            "Coût / conv.",
            "Kosten/Conv.",
            "Costo por resultado",
            "Custo / conv.",
            "Tagesbudget",
        ),
        *("Conversion rate", "Number of sales", "Ventes", "Commission rate"),
    ],
)
def test_no_price_budget_rate_or_count_is_taken_for_money(role: str, header: str) -> None:
    money = {plainest(h) for column, _, h in _headers(role) if column in {"cost", "amount", "revenue", "refunded"}}
    assert plainest(header) not in money


@pytest.mark.parametrize("name", ["generic", *SALES])
class TestRowsOfSales:
    @pytest.fixture
    def spec(self, name: str) -> dict[str, Any]:
        return ROLES["sales"] if name == "generic" else _load(name)

    def test_reasons_to_leave_rows_out_are_those_of_check(self, spec: dict[str, Any]) -> None:
        assert {rule["as"] for rule in spec.get("left_out", [])} <= REASONS

    def test_rules_speak_of_columns_it_has(self, spec: dict[str, Any]) -> None:
        assert {column for _, rule in _rules(spec) for column in rule} <= spec["columns"].keys()

    def test_values_are_written_as_they_are_compared(self, spec: dict[str, Any]) -> None:
        values = [v for _, rule in _rules(spec) for listed in rule.values() for v in _listed(listed)]
        assert [v for v in values if not v.startswith("~") and v != folded(v)] == []
        assert [v for v in values if v.startswith("~") and re.compile(v[1:]).pattern != v[1:].casefold()] == []

    def test_no_value_is_both_counted_and_left_out(self, spec: dict[str, Any]) -> None:
        for column, used in spec.get("used", {}).items():
            alone = [rule[column] for key, rule in _rules(spec) if key == "left_out" and rule.keys() == {column}]
            leaves_out = conditions({column: [v for values in alone for v in _listed(values)]})
            assert [v for v in used if not v.startswith("~") and leaves_out({column: v})] == []

    def test_refunds_and_chargebacks_are_among_the_rows_counted(self, spec: dict[str, Any]) -> None:
        for key, rule in _rules(spec):
            for column, values in rule.items():
                if key not in {"left_out", "used"} and column in spec.get("used", {}):
                    counted = set(spec["used"][column])
                    known = conditions({column: spec["used"][column]})
                    assert [v for v in values if v not in counted and not known({column: v})] == []


def test_everything_in_the_generic_file_is_text() -> None:
    assert [leaf for leaf in _leaves(GENERIC) if not isinstance(leaf, str)] == []


@pytest.mark.parametrize("key", ["cost_categories", "strategies", "customer_types", "flag_words"])
def test_a_word_has_one_meaning(key: str) -> None:
    meanings: dict[str, set[str]] = {}
    for meaning, words in GENERIC[key].items():
        for word in words:
            meanings.setdefault(plainest(word), set()).add(meaning)
    assert {word: found for word, found in meanings.items() if len(found) > 1} == {}


def _matches(key: str, text: str) -> bool:
    patterns = [rule["match"] if isinstance(rule, dict) else rule for rule in GENERIC[key]]
    return any(re.search(pattern, folded(text)) for pattern in patterns)


@pytest.mark.parametrize(
    "label",
    [
        *(
            "Total",
            "Totals",
            "GRAND TOTAL",
            "Total :",
            "Total général",
            "Totaux",
            "Gesamt",
            "Summe",
            "Totale",
        ),
        *("Total general", "Total geral", "Totais", "Total 2026", "Total (31 rows)"),
    ],
)
def test_total_rows_are_known_by_their_label(label: str) -> None:
    assert _matches("totals", label)
    assert not _matches("subtotal_rows", label)


@pytest.mark.parametrize("label", ["Subtotal", "Sub-total October", "Sous-total", "Zwischensumme:", "Subtotale"])
def test_subtotal_rows_are_no_totals(label: str) -> None:
    assert _matches("subtotal_rows", label)
    assert not _matches("totals", label)


@pytest.mark.parametrize("label", ["Total Recall", "Totally free course", "Summer sale", "Total Energies", "Somme"])
def test_names_that_only_begin_like_a_total_are_names(label: str) -> None:
    assert not _matches("totals", label)
    assert not _matches("subtotal_rows", label)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", ["wide", "abbreviated"])
def test_months_are_those_of_the_unicode_locale_data(language: str, width: Literal["wide", "abbreviated"]) -> None:
    from babel.dates import get_month_names

    for context in ("format", "stand-alone"):
        for month, name in get_month_names(width, context, language).items():
            assert vocabulary().months.get(plainest(name).rstrip(".")) == month, name


@pytest.mark.parametrize(
    ("kind", "fate"),
    [
        ("Express Checkout Payment", None),
        ("Website Payment", None),
        ("Payment Refund", None),
        ("Chargeback", None),
        ("PayPal Express-Zahlung", None),
        ("General Authorization", "authorized"),
        ("General Authorisation", "authorized"),
        ("Order", "authorized"),
        ("Account Hold for Open Authorization", "hold"),
        ("Reversal of General Account Hold", "hold"),
        ("Payment Review Release", "hold"),
        ("Einbehaltung für offene Autorisierung", "hold"),
        ("General Currency Conversion", "currency_conversion"),
        ("Allgemeine Währungsumrechnung", "currency_conversion"),
        ("Conversion de devise standard", "currency_conversion"),
        ("Conversión de divisas general", "currency_conversion"),
        ("General Withdrawal", "withdrawal"),
        ("User Initiated Withdrawal", "withdrawal"),
        ("Von Nutzer eingeleitete Abbuchung", "withdrawal"),
        ("Bank Deposit to PP Account", "deposit"),
        ("General Credit Card Deposit", "deposit"),
        ("Bankgutschrift auf PayPal-Konto", "deposit"),
        ("Chargeback Fee", "fee"),
        ("Partner Fee", "fee"),
        ("Mass Pay Payment", "payout"),
        ("Payment Sent", "outgoing_payment"),
        ("Invoice Sent", "pending"),
    ],
)
def test_paypal_rows_are_counted_or_left_out_by_their_type(kind: str, fate: str | None) -> None:
    spec, cells = _load("paypal"), {"type": folded(kind), "status": "completed", "balance_impact": "credit"}
    reasons = [
        rule["as"] for rule in spec["left_out"] if conditions({c: v for c, v in rule.items() if c != "as"})(cells)
    ]
    assert next(iter(reasons), None) == fate
    assert bool(reasons) or conditions({"type": spec["used"]["type"]})(cells)


class TestTwoHeadersOfOneMeaning:
    @pytest.mark.parametrize(
        ("text", "column"),
        [
            ("date,campaign,spend,cost\n2026-10-01,search,90,100\n", "spend.cost"),
            ("date,order_id,amount,total\n2026-10-01,o1,90,100\n", "sales.amount"),
            ("date,order_id,amount,order status,payment status\n2026-10-01,o1,90,complete,failed\n", "sales.status"),
        ],
    )
    def test_which_one_counts_is_asked(self, check: Any, text: str, column: str) -> None:
        [source] = check(("t.csv", text), code=3)
        assert source["error"]["code"] == "column_open"
        assert f"--map {column}=" in source["error"]["fix"]

    @pytest.mark.parametrize("header", ["spend,cost", "cost,spend"])
    def test_both_are_named_and_the_second_is_pointed_at(self, header: str, check: Any) -> None:
        [source] = check(("t.csv", f"date,campaign,{header}\n2026-10-01,search,90,100\n"), code=3)
        first, second = header.split(",")
        assert source["error"]["text"] == f"“{first}” and “{second}” can both be the cost"
        assert source["error"]["column"] == 4

    def test_map_settles_it(self, check: Any) -> None:
        text = "date,campaign,spend,cost\n2026-10-01,search,90,100\n"
        [spend] = check(("t.csv", text), options=("--map", "spend.cost=spend"))
        [cost] = check(("t.csv", text), options=("--map", "spend.cost=cost"))
        assert (spend.sum("cost"), cost.sum("cost")) == (90, 100)

    def test_several_dates_and_ids_of_an_order_are_no_question(self, check: Any) -> None:
        text = "order date,payment date,order id,invoice,amount\n2026-10-01,2026-10-02,o1,i1,90\n"
        [source] = check(("t.csv", text))
        assert (source["period"]["start"], source.sum("orders")) == ("2026-10-01", 1)


def test_a_slip_is_told_from_the_name_it_stands_for_however_often_it_is_made(check: Any) -> None:
    wrong, right = "- {month: 2026-10, catgory: tools, cost: 1}\n", "- {month: 2026-10, category: tools, cost: 2}\n"
    for text in (right + wrong, wrong + right, wrong + wrong + right):
        [source] = check(("costs.yaml", text), code=3)
        assert source["error"]["code"] == "unknown_key"
        assert "“category”" in source["error"]["fix"]


@pytest.mark.parametrize("count", [4, 6_000], ids=["few", "many"])
@pytest.mark.parametrize("word", ["Total", "TOTAL :", "Totaux", "Summe", "Grand total"])
def test_a_total_that_bears_a_day_is_refused_wherever_its_label_stands(
    word: str, count: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"2026-10-{1 + i % 28:02},o-{i},Email,10.50" for i in range(count)]
    path = tmp_path / "sales.csv"
    path.write_text("\n".join(["date,order_id,channel,amount", *rows, f"2026-10-28,o-x,{word},99.50", ""]))
    assert main(["roi", str(path), "--no-config", "--currency", "EUR"]) == 3
    assert f"sales.csv:{count + 2}:3: “{word}” can be the sum" in capsys.readouterr().err


def test_a_name_that_only_begins_like_a_total_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spend.csv"
    path.write_text("date,channel,campaign,cost\n2026-10-01,Email,Total Reset,10.50\n2026-10-02,Email,Summer,1.50\n")
    assert main(["check", str(path), "--no-config"]) == 0
    assert "2 used + 0 left out" in capsys.readouterr().out


def fix_of(header: str, role: str | None = None) -> str:
    with pytest.raises(InputError) as refused:
        recognise("a.csv", [header], (), Wanted(role))
    return refused.value.fix


@pytest.mark.parametrize("header", ["date,email,channel", "Fiche,E-mail,Phase du cycle,Créé le", "email,joined"])
def test_a_list_of_people_is_asked_for_the_role_that_reads_it(header: str) -> None:
    assert fix_of(header) == "if its rows are leads, say --leads FILE"
    assert recognise("a.csv", [header], (), Wanted("leads")).format.role == "leads"


@pytest.mark.parametrize("role", [None, "spend", "events"])
@pytest.mark.parametrize("header", ["date,a,b,c", "campaign,a,b,c", "clicks,a,b,c", "course,a,b,c"])
def test_the_columns_that_an_unknown_table_is_asked_for_make_a_file_of_it(header: str, role: str | None) -> None:
    for way in fix_of(header, role).removeprefix("name what is missing: ").split(" or "):
        named = re.findall(r"--map (\w+)\.(\w+)=HEADER", way)
        mapped = [(to, column, spare) for (to, column), spare in zip(named, "abc", strict=False)]
        assert recognise("a.csv", [header], mapped, Wanted(role)).format.role == named[0][0]


def test_an_amount_alone_is_asked_about_unless_its_role_is_said() -> None:
    header = "Mois;Poste;Montant"
    assert fix_of(header) == "say which with --spend FILE, --sales FILE or --costs FILE"
    assert recognise("a.csv", [header], (), Wanted("costs")).columns == {"month": 0, "category": 1, "cost": 2}
    assert fix_of(header, "touches") == "name what is missing: --map touches.user=HEADER"
