"""The report's own words and sentences, in English and French."""

from __future__ import annotations

from collections.abc import Iterator

from kpi_cli.render import numbers
from kpi_cli.reporting import Headline, Report

_WORDS: dict[str, tuple[str, str]] = {
    "earned": (
        "{cost} spent brought {revenue} of revenue, {change} on {then}.",
        "{cost} dépensés ont rapporté {revenue} de CA, {change} par rapport à {then}.",
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
    "within": (", within its target of {}", ", dans son objectif de {}"),
    "beyond": (", short of its target of {}", ", en deçà de son objectif de {}"),
    "over": (", over the target of {}", ", au-dessus de l’objectif de {}"),
    "under": (", under the target of {}", ", sous l’objectif de {}"),
    "above": (", above its target of {}", ", au-dessus de son objectif de {}"),
    "on": ("{} on {}", "{} par rapport à {}"),
    "met": ("met", "atteint"),
    "missed": ("missed", "manqué"),
    "kept": ("kept", "respecté"),
    "exceeded": ("exceeded", "dépassé"),
    "mind": ("Read this first", "À lire d’abord"),
    "changes": ("What changed most", "Ce qui a le plus changé"),
    "moved": ("Revenue since {}, by channel: {}.", "CA depuis {}, par canal : {}."),
    "cac_split": (
        "CAC went from {} to {}: cost accounts for {}, the number of new customers for {}.",
        "Le CAC est passé de {} à {} : {} viennent du coût, {} du nombre de nouveaux clients.",
    ),
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
    "won_in": ("Customers who bought from {}: value to date.", "Clients ayant acheté, {} : valeur à ce jour."),
    "benchmarks": ("Beside what others reach", "À côté de ce que d’autres atteignent"),
    "ours": ("Ours", "Nous"),
    "sector": ("Sector", "Secteur"),
    "old": ("old", "ancien"),
    "notes": ("Notes", "Notes"),
    "ledger": ("Files and rows", "Fichiers et lignes"),
    "file": ("File", "Fichier"),
    "read": ("Read", "Lues"),
    "used": ("Used", "Utilisées"),
    "left_out": ("Left out", "Écartées"),
    "chart": ("{} by month, {}: from {} to {}; lowest {} in {}, highest {} in {}", "{} par mois, {} : de {} à {} ; minimum {} en {}, maximum {} en {}"),
    "chart_target": ("; dashed: target {}", " ; pointillé : objectif {}"),
    "bars": ("{}, by channel: {}", "{}, par canal : {}"),
}


def said(key: str, lang: str, *parts: object, **named: object) -> str:
    """Words of a report, their gaps filled in; empty where there are none.

    >>> said("on", "en", "+4%", "September 2026")
    '+4% on September 2026'
    """
    english, french = _WORDS.get(key, ("", ""))
    return (french if lang == "fr" else english).format(*parts, **named)


def tell(report: Report, lang: str) -> Iterator[str]:
    """The answer, in the sentences that matter to whoever reads no further."""
    from kpi_cli.render.blocks import figure

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
            then = numbers.span(report.previous.start, report.previous.end, lang)
            yield said("earned", lang, cost=shown(cost), revenue=shown(revenue), change=change, then=then)
        else:
            yield said("earned_alone", lang, cost=shown(cost), revenue=shown(revenue))
    sentences = []
    if roi := report.headline("roi"):
        sentences.append(said("returned", lang, label=roi.column.label, value=shown(roi), aim=aim(roi, "above", "beyond")) + ".")
    cac, customers = report.headline("cac"), report.headline("new_customers")
    if cac and customers:
        sentences.append(said("won", lang, customers=shown(customers), cac=shown(cac), aim=aim(cac, "under", "over")))
    if sentences:
        yield " ".join(sentences)
