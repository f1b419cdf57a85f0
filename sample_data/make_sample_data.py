"""Writes the sample data: fourteen months of a small online photography school that does not exist.

One simulated history (orders of people won by campaigns, search, mail …) is written down several times, each
time as another tool would export it, so that the files agree with each other the way real ones do: the ad
platforms know of orders whose utm tags got lost, Meta also claims orders it merely preceded, and refunds
come later.

    python sample_data/make_sample_data.py            # into the folder of this script
    python sample_data/make_sample_data.py FOLDER     # elsewhere

The same bytes come out on every run, machine and Python version: all chance comes from `Random.random()`,
whose sequence Python guarantees; no power or logarithm comes from the C maths library, and floats are not
added with `sum`, which rounds differently since Python 3.12.
"""

from __future__ import annotations

import csv
import io
import sys
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import accumulate
from math import fsum
from pathlib import Path
from random import Random
from typing import Any, TypeVar

T = TypeVar("T")
Row = Sequence[object]

SEED = 1862
FIRST, LAST = date(2025, 9, 1), date(2026, 10, 31)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
MONTHS = sorted({day.replace(day=1) for day in DAYS})
CENT = Decimal("0.01")
PRINT_CUSTOMERS = 420
NARROW_SPACE = "\u202f"

SEASON = {
    1: 1.10,
    2: 0.95,
    3: 1.0,
    4: 0.95,
    5: 0.92,
    6: 0.9,
    7: 0.75,
    8: 0.8,
    9: 0.98,
    10: 1.05,
    11: 1.15,
    12: 0.95,
}
WEEKDAYS = (1.05, 1.1, 1.0, 0.95, 0.85, 0.9, 1.15)
MAIL_WEEKDAYS = (0.4, 0.3, 0.3, 5.0, 2.5, 1.2, 0.8)  # the newsletter leaves on Thursdays
MAIL_TAGGED_RIGHT = date(2025, 11, 1)  # before that day its links said medium=newsletter


@dataclass(frozen=True)
class Course:
    code: str
    title: str
    price: Decimal  # euros, VAT of 20 % in
    first_choice: float  # how often a new customer takes it
    next_choice: float  # … a returning one
    finished: float  # share of starters who get to the end
    weeks: int  # what the end takes


COURSES = (
    Course("appareil", "L'appareil en main", Decimal(49), 0.40, 0.10, 0.66, 2),
    Course("lumiere", "Photographier en lumière naturelle", Decimal(149), 0.34, 0.30, 0.48, 6),
    Course("retouche", "Retouche photo de A à Z", Decimal(290), 0.19, 0.38, 0.37, 9),
    Course("portrait", "Devenir portraitiste", Decimal(490), 0.07, 0.22, 0.26, 14),
)


@dataclass(frozen=True)
class Origin:
    """Where orders come from; `orders` and `sessions` run from the first month to the last."""

    source: str
    medium: str
    channel: str  # as GA4 groups it
    orders: tuple[float, float]  # a month
    returning: float  # share of orders by people who have bought before
    sessions: tuple[float, float] = (0, 0)  # a day; a campaign's follow its clicks
    lead_rate: float = 0.05
    start: date = FIRST
    campaign: str = ""


@dataclass(frozen=True)
class Campaign:
    name: str
    kind: str  # Google's campaign type; blank for Meta
    budget: tuple[float, float]  # euros a month, first and last
    click_cost: float
    click_rate: float
    origin: Origin


def _google(name: str, channel: str, orders: tuple[float, float], returning: float, start: date = FIRST) -> Origin:
    return Origin("google", "cpc", channel, orders, returning, lead_rate=0.05, start=start, campaign=name)


def _meta(name: str, orders: tuple[float, float], returning: float) -> Origin:
    return Origin("facebook", "paid_social", "Paid Social", orders, returning, lead_rate=0.09, campaign=name)


PMAX_START, YOUTUBE_START, ASSISTANT_START = date(2026, 1, 5), date(2026, 3, 2), date(2026, 5, 11)
SEARCH = "Réseau de Recherche"
BRAND, GENERIC = "Recherche - Marque", "Recherche - Formation photo"
PMAX, YOUTUBE = "PMax - Catalogue", "YouTube - Découverte"
BEGINNERS, RETARGETING = "Prospection - Débutants", "Reciblage - Visiteurs"

GOOGLE = (
    Campaign(BRAND, SEARCH, (70, 170), 0.42, 0.110, _google(BRAND, "Paid Search", (3.5, 8.5), 0.3)),
    Campaign(GENERIC, SEARCH, (420, 860), 0.95, 0.045, _google(GENERIC, "Paid Search", (5, 12), 0.05)),
    Campaign(
        PMAX,
        "Performance Max",
        (350, 600),
        0.60,
        0.016,
        _google(PMAX, "Cross-network", (4, 7), 0.08, PMAX_START),
    ),
    Campaign(
        YOUTUBE,
        "Vidéo",
        (400, 480),
        0.38,
        0.007,
        _google(YOUTUBE, "Paid Video", (0.5, 1.1), 0.05, YOUTUBE_START),
    ),
)
META = (
    Campaign(BEGINNERS, "", (400, 720), 0.70, 0.013, _meta(BEGINNERS, (4.5, 8), 0.03)),
    Campaign(RETARGETING, "", (110, 270), 0.55, 0.018, _meta(RETARGETING, (2, 5), 0.35)),
)
CAMPAIGNS = (*GOOGLE, *META)

MAIL = Origin("brevo", "email", "Email", (4, 13), 0.65, (9, 30), 0.02)
UNPAID = (
    Origin("google", "organic", "Organic Search", (8, 15), 0.15, (44, 92), 0.06),
    Origin("bing", "organic", "Organic Search", (0.6, 1.5), 0.1, (2, 5), 0.05),
    Origin("(direct)", "(none)", "Direct", (2, 5), 0.45, (16, 30), 0.03),
    Origin("instagram", "social", "Organic Social", (1.5, 4), 0.15, (6, 16), 0.06),
    Origin("youtube", "video", "Organic Video", (1, 3.5), 0.1, (4, 13), 0.08),
    Origin("carnet-argentique.example", "referral", "Referral", (1.4, 3), 0.1, (3, 8), 0.05),
    Origin("chatgpt.com", "ai-assistant", "AI Assistant", (0.6, 1.5), 0.05, (2, 5), 0.05, start=ASSISTANT_START),
    MAIL,
)
ORIGINS = (*(campaign.origin for campaign in CAMPAIGNS), *UNPAID)


@dataclass
class Customer:
    number: int
    keenness: float
    owned: set[str] = field(default_factory=set)

    @property
    def email(self) -> str:
        return f"learner{self.number}@example.com"


@dataclass(frozen=True)
class Attempt:
    """One row of the payment export: an order, or a card that was declined on the way to one."""

    moment: datetime
    customer: Customer
    course: Course
    amount: Decimal
    origin: Origin
    tagged: bool
    paid: bool = True
    refunded: Decimal = Decimal(0)
    refund_day: date | None = None

    @property
    def day(self) -> date:
        return self.moment.date()


@dataclass
class AdDay:
    """One campaign on one day, as its platform tells it."""

    day: date
    campaign: Campaign
    cost: Decimal
    clicks: int
    impressions: int
    conversions: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    leads: int = 0


@dataclass
class Visits:
    """One source on one day, as GA4 tells it."""

    sessions: int = 0
    engaged: int = 0
    leads: int = 0


class Dice:
    """Chance, from `Random.random()` alone."""

    def __init__(self, seed: int) -> None:
        self._next = Random(seed).random

    def chance(self, share: float) -> bool:
        return self._next() < share

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return low + int(self._next() * (high - low + 1))

    def around(self, mean: float, spread: float) -> float:
        """`mean`, give or take at most `spread` of it, most often little."""
        return mean * (1 + spread * (self._next() + self._next() - 1))

    def pick(self, items: Sequence[T], weights: Sequence[float]) -> T:
        bounds = list(accumulate(weights))
        return items[min(bisect_right(bounds, self._next() * bounds[-1]), len(items) - 1)]

    def successes(self, trials: int, share: float) -> int:
        return sum(self.chance(share) for _ in range(trials))


def money(value: float | Decimal) -> Decimal:
    """Euros and cents."""
    return Decimal(value).quantize(CENT, ROUND_HALF_EVEN)


def trend(ends: tuple[float, float], month: date, start: date = FIRST) -> float:
    """The month's place on the line from the first month's value to the last one's."""
    first = MONTHS.index(start.replace(day=1))
    passed = (MONTHS.index(month) - first) / (len(MONTHS) - 1 - first)
    return ends[0] + (ends[1] - ends[0]) * passed


def days_of(month: date, start: date = FIRST) -> list[date]:
    return [day for day in DAYS if day.replace(day=1) == month and day >= start]


# --- the history ----------------------------------------------------------------------------------


class School:
    """Simulates the orders, then what ads and visits must have been for them to happen."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.customers: list[Customer] = []
        self.attempts: list[Attempt] = []
        self.due: defaultdict[tuple[str, str], float] = defaultdict(float)
        for moment, origin in self._moments():
            self._order(moment, origin)
        self.attempts.sort(key=lambda attempt: (attempt.moment, attempt.customer.number))

    @property
    def orders(self) -> list[Attempt]:
        return [attempt for attempt in self.attempts if attempt.paid]

    def _moments(self) -> list[tuple[datetime, Origin]]:
        """When an order came and from where, in order of time."""
        moments = []
        for origin in ORIGINS:
            due = 0.5
            for month in MONTHS:
                if month < origin.start.replace(day=1):
                    continue
                due += self.dice.around(trend(origin.orders, month, origin.start), 0.15) * SEASON[month.month]
                moments += [(self._moment(month, origin), origin) for _ in range(int(due))]
                due -= int(due)
        return sorted(moments, key=lambda pair: (pair[0], ORIGINS.index(pair[1])))

    def _moment(self, month: date, origin: Origin) -> datetime:
        days = days_of(month, origin.start)
        rhythm = MAIL_WEEKDAYS if origin is MAIL else WEEKDAYS
        day = self.dice.pick(days, [rhythm[day.weekday()] for day in days])
        # Between 05:30 and 21:30 UTC a day is the same day in Paris.
        seconds = self.dice.between(int(5.5 * 3600), int(21.5 * 3600))
        return datetime.combine(day, time()) + timedelta(seconds=seconds)

    def _order(self, moment: datetime, origin: Origin) -> None:
        dice = self.dice
        customer = self._customer(origin)
        course = self._course(customer, origin)
        amount = self._price(course, moment.date(), origin)
        order = Attempt(moment, customer, course, amount, origin, tagged=not dice.chance(0.10))
        customer.owned.add(course.code)
        if dice.chance(0.05):
            declined = moment - timedelta(seconds=dice.between(70, 900))
            self.attempts.append(replace(order, moment=declined, paid=False))
        if dice.chance(0.03):
            later = moment + timedelta(seconds=dice.between(100, 1700))
            stranger = self._new_customer()
            self.attempts.append(replace(order, moment=later, paid=False, customer=stranger))
        self.attempts.append(self._refunded(order))

    def _customer(self, origin: Origin) -> Customer:
        known = [one for one in self.customers if one.owned and len(one.owned) < len(COURSES)]
        if self.dice.chance(origin.returning) and len(known) > 20:
            return self.dice.pick(known, [one.keenness for one in known])
        return self._new_customer()

    def _new_customer(self) -> Customer:
        keen = self.dice.around(1, 1)
        # Cubed: a few buy again and again, most never.
        self.customers.append(Customer(len(self.customers) + 1, keen * keen * keen))
        return self.customers[-1]

    def _course(self, customer: Customer, origin: Origin) -> Course:
        """The course most due: a few orders a month would show the luck of the draw, not the channel."""
        left = [course for course in COURSES if course.code not in customer.owned]
        place = origin.campaign or origin.source
        for course in left:
            wanted = course.next_choice if customer.owned else course.first_choice
            self.due[place, course.code] += self.dice.around(wanted, 0.6)
        chosen = max(left, key=lambda course: self.due[place, course.code])
        self.due[place, chosen.code] -= 1
        return chosen

    def _price(self, course: Course, day: date, origin: Origin) -> Decimal:
        if date(2025, 11, 24) <= day <= date(2025, 12, 1):
            return money(course.price * Decimal("0.80"))
        if origin is MAIL and self.dice.chance(0.3):
            return money(course.price * Decimal("0.90"))
        return money(course.price)

    def _refunded(self, order: Attempt) -> Attempt:
        if not self.dice.chance(0.04):
            return order
        share = Decimal(1) if self.dice.chance(0.7) else Decimal("0.5")
        day = min(order.day + timedelta(days=self.dice.between(1, 14)), LAST + timedelta(days=1))
        return replace(order, refunded=money(order.amount * share), refund_day=day)

    # -- ads

    def ad_days(self, campaigns: Sequence[Campaign]) -> list[AdDay]:
        """Every campaign's days, with the purchases it claims."""
        days = [self._ad_day(day, one) for one in campaigns for day in DAYS if day >= one.origin.start]
        place = {(one.day, one.campaign.name): one for one in days}
        for order in self.orders:
            if (order.origin.campaign in {one.name for one in campaigns}) and self.dice.chance(0.97):
                clicked = max(order.day - timedelta(days=self.dice.pick(range(4), (7, 2, 1, 1))), order.origin.start)
                self._claim(place, clicked, order)
        for one in days:
            one.clicks = max(one.clicks, int(one.conversions) + 1 + one.leads)
            one.impressions = max(one.impressions, round(self.dice.around(one.clicks / one.campaign.click_rate, 0.25)))
        return sorted(days, key=lambda one: (one.day, campaigns.index(one.campaign)))

    def _ad_day(self, day: date, campaign: Campaign) -> AdDay:
        month = day.replace(day=1)
        budget = trend(campaign.budget, month, campaign.origin.start) / len(days_of(month))
        cost = money(self.dice.around(budget * (0.6 + 0.4 * SEASON[day.month]) * WEEKDAYS[day.weekday()], 0.3))
        clicks = round(self.dice.around(float(cost) / campaign.click_cost, 0.2))
        leads = 0 if campaign in GOOGLE else self.dice.successes(clicks, 0.09)
        return AdDay(day, campaign, cost, clicks, impressions=0, leads=leads)

    def _claim(self, place: dict[tuple[date, str], AdDay], day: date, order: Attempt) -> None:
        """Google shares some orders between its campaigns; Meta also claims some it was only seen before."""
        name = order.origin.campaign
        if name == GENERIC and self.dice.chance(0.15):
            place[day, GENERIC].conversions += Decimal("0.5")
            place[day, BRAND].conversions += Decimal("0.5")
            return
        place[day, name].conversions += 1
        place[day, name].value += order.amount
        if name in {BEGINNERS, RETARGETING} and self.dice.chance(0.45):
            seen = place[DAYS[self.dice.between(0, len(DAYS) - 1)], name]
            seen.conversions += 1
            seen.value += order.amount

    # -- visits

    def visits(self, ads: Sequence[AdDay]) -> dict[tuple[date, str, str, str], Visits]:
        """Sessions by day, channel, source and medium."""
        bought = Counter((order.day, order.origin) for order in self.orders)
        clicks = {(one.day, one.campaign.name): one.clicks for one in ads}
        found: dict[tuple[date, str, str, str], Visits] = defaultdict(Visits)
        for day in DAYS:
            for origin in ORIGINS:
                counted = self._sessions(day, origin, clicks.get((day, origin.campaign), 0))
                sessions = max(counted, bought[day, origin])
                if sessions:
                    medium, channel = mail_label(day) if origin is MAIL else (origin.medium, origin.channel)
                    visits = found[day, channel, origin.source, medium]
                    visits.sessions += sessions
                    visits.leads += self.dice.successes(sessions, origin.lead_rate)
        for visits in found.values():
            visits.engaged = visits.leads + self.dice.successes(visits.sessions - visits.leads, 0.55)
        return found

    def _sessions(self, day: date, origin: Origin, clicks: int) -> int:
        if day < origin.start:
            return 0
        if origin.campaign:
            return round(clicks * self.dice.around(0.85 if origin.source == "google" else 0.78, 0.1))
        rhythm = MAIL_WEEKDAYS if origin is MAIL else WEEKDAYS
        daily = trend(origin.sessions, day.replace(day=1), origin.start) * SEASON[day.month]
        return round(self.dice.around(daily * rhythm[day.weekday()] / (fsum(rhythm) / 7), 0.35))


def mail_label(day: date) -> tuple[str, str]:
    """The newsletter's utm_medium and GA4's channel for it: GA4 knows no medium "newsletter"."""
    return ("email", "Email") if day >= MAIL_TAGGED_RIGHT else ("newsletter", "Unassigned")


# --- the files ------------------------------------------------------------------------------------


def table(rows: Iterator[Row] | Sequence[Row], **dialect: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n", **dialect).writerows(rows)
    return out.getvalue()


def french_count(count: int) -> str:
    return f"{count:,}".replace(",", NARROW_SPACE)


def french_decimal(value: Decimal) -> str:
    return f"{value:.2f}".replace(".", ",")


def google_ads(days: Sequence[AdDay]) -> str:
    """Google Ads in French: title, range, header, rows, then totals that overlap."""
    header = "Jour;Campagne;Type de campagne;Code de la devise;Coût;Impr.;Clics;Conversions"
    lines = ["Rapport sur les campagnes", '"1 sept. 2025 - 31 oct. 2026"', header]
    lines += [google_line(str(one.day), one.campaign.name, one.campaign.kind, [one]) for one in days]
    for label in ("campagnes", "compte"):
        lines.append(google_line(f"Total : {label}", " --", " --", days))
    for kind in dict.fromkeys(campaign.kind for campaign in GOOGLE):
        part = [one for one in days if one.campaign.kind == kind]
        lines.append(google_line(f"Total : {kind}", " --", " --", part))
    return "\n".join(lines) + "\n"


def google_line(label: str, campaign: str, kind: str, days: Sequence[AdDay]) -> str:
    figures = (
        french_decimal(sum((one.cost for one in days), Decimal(0))),
        french_count(sum(one.impressions for one in days)),
        french_count(sum(one.clicks for one in days)),
        french_decimal(sum((one.conversions for one in days), Decimal(0))),
    )
    return ";".join((label, campaign, kind, "EUR", *figures))


def meta_ads(days: Sequence[AdDay]) -> str:
    """Meta in French: a byte order mark, the grand total first, plain dot decimals."""
    header = [
        "Nom de la campagne",
        "Jour",
        "Couverture",
        "Impressions",
        "Clics sur un lien",
        "Clics (tous)",
        "Prospects",
        "Achats",
        "Valeur de conversion des achats",
        "Montant dépensé (EUR)",
        "Début des rapports",
        "Fin des rapports",
    ]
    # People reached on several days count once in the total: it is not the sum of the days.
    rows = [meta_row("", "", days, reach=0.21)]
    rows += [meta_row(one.campaign.name, str(one.day), [one], reach=0.83) for one in days]
    return "\ufeff" + table([header, *rows])


def meta_row(campaign: str, day: str, days: Sequence[AdDay], reach: float) -> Row:
    impressions = sum(one.impressions for one in days)
    clicks = sum(one.clicks for one in days)
    cost = sum((one.cost for one in days), Decimal(0))
    purchases = sum((one.conversions for one in days), Decimal(0))
    value = sum((one.value for one in days), Decimal(0))
    return [
        campaign,
        day,
        round(impressions * reach),
        impressions,
        clicks,
        clicks + sum(one.clicks // 6 for one in days),
        sum(one.leads for one in days) or "",
        purchases or "",
        value or "",
        cost,
        day or FIRST,
        day or LAST,
    ]


def stripe_payments(attempts: Sequence[Attempt]) -> str:
    """Stripe's payments, newest first."""
    header = (
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Converted Amount,"
        "Converted Amount Refunded,Converted Currency,Description,Fee,Mode,PaymentIntent ID,"
        "Refunded date (UTC),Status,Taxes On Fee,Customer ID,Customer Email,"
        "UTM Campaign,UTM Medium,UTM Source,course (metadata)"
    )
    rows = [stripe_row(number, attempt) for number, attempt in enumerate(attempts, start=1)]
    return header + "\n" + table(rows[::-1])


def stripe_row(number: int, attempt: Attempt) -> Row:
    amount, refunded = money(attempt.amount), money(attempt.refunded)
    fee = money(amount * Decimal("0.015") + Decimal("0.25")) if attempt.paid else money(0)
    kept = "Refunded" if refunded == amount else "Paid"
    # Some people write their address with a capital: it is the same address.
    email = attempt.customer.email.capitalize() if number % 41 == 0 else attempt.customer.email
    return [
        f"ch_{number:04}",
        attempt.moment,
        amount,
        refunded,
        "eur",
        str(attempt.paid).lower(),
        amount,
        refunded,
        "eur",
        attempt.course.title,
        fee,
        "Live",
        f"pi_{number:04}",
        attempt.refund_day or "",
        kept if attempt.paid else "Failed",
        money(0),
        f"cus_{attempt.customer.number:04}",
        email,
        *utm(attempt, number),
        attempt.course.code,
    ]


def utm(attempt: Attempt, number: int) -> tuple[str, str, str]:
    """Campaign, medium and source of the link, where the tags survived."""
    origin = attempt.origin
    if not attempt.tagged:
        return ("", "", "")
    if origin is MAIL:
        return (f"newsletter-{attempt.day:%Y-%m}", mail_label(attempt.day)[0], origin.source)
    # Hand-written links do not mind the case of a campaign's name.
    campaign = origin.campaign.lower() if number % 19 == 0 else origin.campaign
    source = "instagram" if origin.medium == "paid_social" and number % 3 == 0 else origin.source
    return (campaign, origin.medium, source)


def ga4_traffic(visits: dict[tuple[date, str, str, str], Visits]) -> str:
    """A GA4 exploration: comment lines, the header, the grand total with one field more, the rows.

    The school marks one event as key: generate_lead, the request for the free lesson.
    """
    rule = "# " + "-" * 40
    span = f"{FIRST:%Y%m%d}-{LAST:%Y%m%d}"
    comments = [rule, "# Acquisition par jour", "# Atelier Nicéphore - GA4", f"# {span}", rule, ""]
    header = (
        "Date,Session primary channel group (Default Channel Group),Session source / medium,"
        "Sessions,Engaged sessions,Key events"
    )
    rows: list[Row] = []
    for (day, channel, source, medium), one in sorted(visits.items()):
        figures = (one.sessions, one.engaged, one.leads)
        rows.append((f"{day:%Y%m%d}", channel, f"{source} / {medium}", *figures))
    total = ["", "", "", *(sum(int(str(row[n])) for row in rows) for n in (3, 4, 5)), "Grand total"]
    return "\n".join([*comments, header]) + "\n" + table([total, *rows])


def course_progress(orders: Sequence[Attempt], dice: Dice) -> str:
    """Where each learner stands on the last day; who got all the money back has left the course."""
    kept = (order for order in orders if order.refunded < order.amount)
    rows = [(one.course.code, one.customer.email, one.day, *progress(one, dice)) for one in kept]
    header = ("course", "email", "enrolled_at", "started_at", "progress", "completed_at")
    return table([header, *rows])


def progress(order: Attempt, dice: Dice) -> Row:
    """Start date, share seen and completion date."""
    started = order.day + timedelta(days=dice.pick(range(10), (40, 18, 10, 7, 6, 5, 5, 4, 3, 2)))
    if dice.chance(0.13) or started > LAST:
        return ("", "0%", "")
    needed = round(dice.around(order.course.weeks * 7, 0.5))
    passed = (LAST - started).days
    if dice.chance(order.course.finished):
        if passed >= needed:
            return (started, "100%", started + timedelta(days=needed))
        return (started, f"{max(1, 100 * passed // needed)}%", "")
    return (started, f"{min(dice.between(2, 92), max(1, 100 * passed // needed))}%", "")


def ab_landing(visits: dict[tuple[date, str, str, str], Visits], dice: Dice) -> str:
    """The page that offers a free lesson, in two versions, in October 2026: four visits in ten land there."""
    sessions: Counter[date] = Counter()
    for (day, *_), one in visits.items():
        sessions[day] += one.sessions
    rows: list[Row] = [("date", "landing_page", "variant", "visits", "leads")]
    for day in days_of(MONTHS[-1]):
        landed = round(sessions[day] * 0.4)
        arms = {"A": dice.successes(landed, 0.5)}
        arms["B"] = landed - arms["A"]
        for variant, share in (("A", 0.100), ("B", 0.115)):
            leads = dice.successes(arms[variant], share)
            rows.append((day, "/lecon-offerte", variant, arms[variant], leads))
    return table(rows)


def print_shop(dice: Dice) -> str:
    """The shop where learners order prints of their photographs: small orders that come again and again.

    People differ in how often they order, how soon they tire of it and how much they spend.
    """
    orders: list[tuple[date, int, Decimal]] = []
    for person in range(1, PRINT_CUSTOMERS + 1):
        often = dice.pick((0.006, 0.015, 0.03, 0.07), (4, 4, 3, 1))
        tires = dice.pick((0.03, 0.12, 0.35), (3, 4, 3))
        basket = dice.pick((14.0, 24.0, 38.0, 65.0), (3, 4, 3, 1))
        first = dice.between(0, len(DAYS) - 10)
        orders.append((DAYS[first], person, money(dice.around(basket, 0.7))))
        for day in DAYS[first + 1 :]:
            if dice.chance(often):
                orders.append((day, person, money(dice.around(basket, 0.7))))
                if dice.chance(tires):
                    break
    rows: list[Row] = [("date", "order_id", "customer_id", "amount", "tax", "currency")]
    for number, (day, person, amount) in enumerate(sorted(orders), 1):
        rows.append((day, f"P-{number:05}", f"print-{person:04}", amount, money(amount / 6), "EUR"))
    return table(rows)


def costs() -> str:
    """What people wrote down beside the exports: one line a month and cost."""
    lines = [
        "# What the school spends beside the ads (those costs are in exports/), in euros without VAT.",
        "# A cost without a channel stays unallocated unless --allocate says how to spread it.",
        "costs:",
    ]
    for number, month in enumerate(MONTHS):
        lines += [f"  - {{{entry}}}" for entry in month_costs(number, month)]
    return "\n".join(lines) + "\n"


def month_costs(number: int, month: date) -> Iterator[str]:
    grown = number >= 6  # since March 2026 there is more of everything
    hours = 12 + number // 3
    yield from (
        f"month: {month:%Y-%m}, category: {category}, strategy: {strategy}, {where}cost: {cost}, currency: EUR"
        for category, strategy, where, cost in (
            ("people", "inbound", "channel: Organic Search, ", "520.00" if grown else "340.00"),
            ("people", "inbound", "channel: Organic Social, ", "180.00" if grown else "120.00"),
            ("people", "outbound", "", "450.00" if grown else "250.00"),
            ("tools", "inbound", "channel: Email, ", "69.00" if grown else "25.00"),
            ("tools", "inbound", "channel: Organic Search, ", "99.90"),
            ("tools", "shared", "", "45.50"),
            ("time", "shared", "", f"{hours * 30}.00"),
        )
    )
    if month == date(2026, 2, 1):
        yield "month: 2026-02, category: other, strategy: inbound, channel: Organic Video, cost: 389.00, currency: EUR"


def files(seed: int = SEED) -> dict[str, str]:
    """Every file's name and text.

    The A/B page's own tally counts visits that GA4 counts too, and the print shop is a business of its own, so
    both stay outside exports/, where all files are meant to be read together.
    """
    school = School(Dice(seed))
    google, meta = school.ad_days(GOOGLE), school.ad_days(META)
    visits = school.visits([*google, *meta])
    return {
        "exports/google_ads.csv": google_ads(google),
        "exports/meta_ads.csv": meta_ads(meta),
        "exports/stripe_payments.csv": stripe_payments(school.attempts),
        "exports/ga4_traffic.csv": ga4_traffic(visits),
        "exports/course_progress.csv": course_progress(school.orders, Dice(seed + 1)),
        "ab_landing.csv": ab_landing(visits, Dice(seed + 2)),
        "print_shop.csv": print_shop(Dice(seed + 3)),
        "costs.yaml": costs(),
    }


def main(arguments: Sequence[str]) -> None:
    folder = Path(arguments[0]) if arguments else Path(__file__).parent
    for name, text in files().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))


if __name__ == "__main__":
    main(sys.argv[1:])
