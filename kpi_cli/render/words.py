"""The words around the figures, in English and French; the figures' own names are in labels.yaml."""

from __future__ import annotations

from kpi_cli import locales
from kpi_cli.safe import printable
from kpi_cli.texts import LANGUAGE, label

_WORDS: dict[str, tuple[str, str]] = {
    "roi": ("ROI", "ROI"),
    "cac": ("CAC", "CAC"),
    "ltv": ("Lifetime value", "Valeur vie client"),
    "funnel": ("Funnel", "Entonnoir"),
    "channels": ("Channels", "Canaux"),
    "credits": ("Conversions credited to channels", "Conversions attribuées aux canaux"),
    "leak": (
        "Biggest leak: {} → {}, {} go on and {} are lost",
        "Plus grosse fuite : {} → {}, {} continuent et {} sont perdus",
    ),
    "leak_of_one": (
        "Biggest leak: {} → {}, {} go on and {} is lost",
        "Plus grosse fuite : {} → {}, {} continuent et {} est perdu",
    ),
    "point": (
        "; one more point there would bring about {}",
        "\u202f; un point de plus rapporterait environ {}",
    ),
    "worth": (" and {} of revenue", " et {} de CA"),
    "engagement": ("Engagement rate {}, of {}", "Taux d’engagement {}, sur {}"),
    "seconds": ("Time on page {} s on average", "Temps passé sur la page : {} s en moyenne"),
    "interval": ("95% interval", "Intervalle 95\u00a0%"),
    "between": ("{}–{}%", "{}–{}\u00a0%"),
    "by_chance": (
        " (95% interval of the difference {} to {}), p = {}",
        " (intervalle à 95\u00a0% de l’écart\u00a0: {} à {}), p\u00a0= {}",
    ),
    "takings": ("Revenue per visitor of {}: {} against {}", "CA par visiteur de {} : {} contre {}"),
    "defined": ("{} measures and metrics", "{} mesures et indicateurs"),
    "by": ("by", "par"),
    "total": ("Total", "Total"),
    "more": (
        "and {} more, left out by --top; the total counts all",
        "et {} de plus, au-delà de --top ; le total compte tout",
    ),
    "against": ("Δ is the change since {} (rates in points)", "Δ : évolution depuis {} (taux en points)"),
    "absent": ("no value in these rows", "aucune valeur dans ces lignes"),
    "lacking": ("no {}", "pas de valeur pour {}"),
    "dash": ("– {}: {}", "– {} : {}"),
    "reading_notes": (
        "Notes on how the files were read: {} (kpi check, or --json, tells them)",
        "Notes sur la lecture des fichiers : {} (kpi check, ou --json, les donne)",
    ),
    "tab": ("tab", "tabulation"),
    "used_of": ("{} rows used of {} read", "{} lignes utilisées sur {} lues"),
    "narrow": ("Not shown at this width: {}", "Non affiché à cette largeur : {}"),
    "first_purchase": ("the first purchase", "le premier achat"),
    "bought_again": ("Bought again, % of the customers won, by {}", "Ont racheté, % des clients gagnés, par {}"),
    "to_date": ("{} to date, by {}", "{} à ce jour, par {}"),
    "segments": ("Predicted from {}", "Prévu à partir du {}"),
    "purchases_made": ("Purchases so far", "Achats faits"),
    "held_out": (
        "Held out {}: {} purchases predicted, {} made ({})",
        "Mis de côté {} : {} achats prévus, {} faits ({})",
    ),
    "bg_nbd": ("BG/NBD, in weeks", "BG/NBD, en semaines"),
    "fit": ("{}: {}; log-likelihood {}", "{} : {} ; log-vraisemblance {}"),
    "points": ("pt", "pt"),
    "one_file": ("1 file", "1 fichier"),
    "files": ("{} files", "{} fichiers"),
    "refused": ("{} refused", "{} refusé(s)"),
    "taken": ("Taken for", "Reconnu"),
    "columns": ("Columns", "Colonnes"),
    "rows": ("Rows", "Lignes"),
    "period": ("Period", "Période"),
    "sums": ("Sums", "Sommes"),
    "control": ("Control", "Contrôle"),
    "note": ("Note", "Note"),
    "error": ("Error", "Erreur"),
    "header": ("header on line {}", "en-têtes ligne {}"),
    "read": ("{} read = {} used + {} left out", "{} lues = {} utilisées + {} écartées"),
    "day": ("by day", "par jour"),
    "range": ("one range", "un seul intervalle"),
    "line": ("line {}", "ligne {}"),
    "stated": ("{} stated, {} summed", "{} indiqué, {} sommé"),
    "wider": (
        "a part or a whole account, not the sum of these rows",
        "une partie ou tout un compte, pas la somme de ces lignes",
    ),
}

# Columns whose values are words of ours; in others, only what stands in brackets is.
_OURS = {"channel", "strategy", "category"}
_BUCKETS = {"day", "month", "quarter", "cohort"}


def word(name: str, lang: str, *parts: object) -> str:
    """One of our words, its gaps filled in.

    >>> word("files", "fr", 3)
    '3 fichiers'
    """
    english, french = _WORDS[name]
    return (french if lang == "fr" else english).format(*parts)


def question(name: str, lang: str) -> str:
    """What a question is called as a heading."""
    return word(name, lang) if name in _WORDS else label(name)


def reason(code: str) -> str:
    """Why a cell is empty, in words."""
    return label(code, "reasons").replace("_", " ")


def fate(code: str) -> str:
    """Why a row was left out, in words."""
    return label(code, "fates").replace("_", " ")


def name(value: object, column: str) -> str:
    """A name from a file, fit to print; our own, such as `(not allocated)` or a month, in the reader's language."""
    text = "" if value is None else str(value)
    if column in _BUCKETS:
        return printable(locales.bucket(text, LANGUAGE.get()))
    ours = column in _OURS or text.startswith("(")
    return printable(label(text, "special") if ours else text)
