"""The report's own words and sentences, in English and French."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_cli import locales
from kpi_cli.render import numbers
from kpi_cli.reporting import Headline, Report
from kpi_cli.result import Column, Value

_WORDS: dict[str, tuple[str, str]] = {
    "earned": (
        "{cost} spent brought {revenue} of revenue, {change} on {then}.",
        "{cost} dépensés ont rapporté {revenue} de CA, {change} sur {then}.",
    ),
    "earned_alone": (
        "{cost} spent brought {revenue} of revenue.",
        "{cost} dépensés ont rapporté {revenue} de CA.",
    ),
    "returned": ("{label} is {value}{aim}", "{label} : {value}{aim}"),
    "won": (
        "{customers} new customers came at {cac} each{aim}.",
        "{customers} nouveaux clients, à {cac} chacun{aim}.",
    ),
    "won_one": ("1 new customer came, at {cac}{aim}.", "1 nouveau client, à {cac}{aim}."),
    "within": (", within its target of {}", ", dans son objectif de {}"),
    "beyond": (", short of its target of {}", ", en deçà de son objectif de {}"),
    "over": (", over the target of {}", ", au-dessus de l’objectif de {}"),
    "under": (", under the target of {}", ", sous l’objectif de {}"),
    "above": (", above its target of {}", ", au-dessus de son objectif de {}"),
    "on": ("{} on {}", "{} sur {}"),
    "met": ("met", "atteint"),
    "missed": ("missed", "manqué"),
    "kept": ("kept", "respecté"),
    "exceeded": ("exceeded", "dépassé"),
    "mind": ("Read this first", "À lire d’abord"),
    "changes": ("What changed most", "Ce qui a le plus changé"),
    "moved": ("Change in revenue", "Évolution du CA"),
    "cac_split": ("CAC went from {} to {}: {}.", "Le CAC est passé de {} à {} : {}."),
    "nothing_moved": ("cost and customers are the same", "coût et clients sont les mêmes"),
    "cost_more": ("more cost added {}", "plus de coût a ajouté {}"),
    "cost_less": ("less cost took off {}", "moins de coût a retiré {}"),
    "people_more": ("more new customers took off {}", "plus de nouveaux clients ont retiré {}"),
    "people_less": ("fewer new customers added {}", "moins de nouveaux clients ont ajouté {}"),
    "part_channels": ("Channels", "Canaux"),
    "part_strategies": ("Inbound and outbound", "Entrant et sortant"),
    "part_budgets": ("Budgets", "Budgets"),
    "part_campaigns": ("Best and worst campaigns", "Meilleures et moins bonnes campagnes"),
    "part_trend": ("Month by month", "Mois par mois"),
    "part_funnel": ("Funnel", "Entonnoir"),
    "part_ltv": ("What customers are worth", "Ce que valent les clients"),
    "part_own": ("Own measures", "Mesures propres"),
    "about_campaigns": (
        "Campaigns with cost of their own, by profit: people and tools are not shared out among them.",
        "Campagnes ayant un coût propre, par bénéfice : équipe et outils n’y sont pas répartis.",
    ),
    "won_in": ("Customers who bought ({}): value to date.", "Clients ayant acheté ({}) : valeur à ce jour."),
    "benchmarks": ("Beside what others reach", "À côté de ce que d’autres atteignent"),
    "ours": ("Ours", "Nous"),
    "sector": ("Sector", "Secteur"),
    "old": ("old", "ancien"),
    "summary": ("Summary", "Synthèse"),
    "notes": ("Notes", "Notes"),
    "ledger": ("Files and rows", "Fichiers et lignes"),
    "file": ("File", "Fichier"),
    "read": ("Read", "Lues"),
    "used": ("Used", "Utilisées"),
    "left_out": ("Left out", "Écartées"),
    "chart": (
        "{} by month, {}: from {} to {}; lowest {} in {}, highest {} in {}",
        "{} par mois, {} : de {} à {} ; minimum {} en {}, maximum {} en {}",
    ),
    "chart_target": ("; dashed: target {}", " ; pointillé : objectif {}"),
    "bars": ("{}, by channel: {}", "{}, par canal : {}"),
}


def said(key: str, lang: str, *parts: object, **named: object) -> str:
    """Words of a report, their gaps filled in; empty where there are none.

    >>> said("on", "en", "+4%", "Sep 2026")
    '+4% on Sep 2026'
    """
    english, french = _WORDS.get(key, ("", ""))
    return (french if lang == "fr" else english).format(*parts, **named)


def figure(value: Value, column: Column, currency: str | None, lang: str) -> str:
    """A figure that stands alone: money with its currency, whole from 1,000 on; rates without idle zeros.

    >>> from decimal import Decimal
    >>> figure(Decimal("0.8"), Column("roi", "ROI", "rate"), None, "en")
    '80%'
    """
    exact = numbers.exactly(value)
    if exact is not None and column.unit == "money":
        return numbers.amount(exact, currency, lang, 0 if abs(exact) >= 1000 else None)
    if exact is not None and column.unit == "rate":
        percent = 100 * exact
        places = 0 if percent == int(percent) else 1 if abs(percent) >= 10 else 2
        return numbers.figure(exact, "rate", places, lang)
    return numbers.figure(value, column.unit, numbers.places(column.unit, [value]), lang)


def tell(report: Report, lang: str) -> Iterator[str]:
    """The answer, in the sentences that matter to whoever reads no further."""

    def shown(headline: Headline) -> str:
        return figure(headline.value, headline.column, report.currency, lang)

    def aim(headline: Headline, met: str, missed: str) -> str:
        have, wanted = numbers.exactly(headline.value), numbers.exactly(headline.target)
        if have is None or wanted is None:
            return ""
        better = have >= wanted if headline.column.better == "higher" else have <= wanted
        return said(met if better else missed, lang, figure(headline.target, headline.column, report.currency, lang))

    revenue, cost = report.headline("revenue"), report.headline("cost")
    if revenue and cost:
        if report.previous and revenue.previous is not None:
            change = numbers.change(revenue.value, revenue.previous, "money", lang)
            then = locales.span(report.previous.start, report.previous.end, lang)
            yield said("earned", lang, cost=shown(cost), revenue=shown(revenue), change=change, then=then)
        else:
            yield said("earned_alone", lang, cost=shown(cost), revenue=shown(revenue))
    sentences = []
    if roi := report.headline("roi"):
        sentences.append(
            said("returned", lang, label=roi.column.label, value=shown(roi), aim=aim(roi, "above", "beyond")) + "."
        )
    cac, customers = report.headline("cac"), report.headline("new_customers")
    if cac and customers:
        won = "won_one" if customers.value == 1 else "won"
        sentences.append(said(won, lang, customers=shown(customers), cac=shown(cac), aim=aim(cac, "under", "over")))
    if sentences:
        yield " ".join(sentences)
