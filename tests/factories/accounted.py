"""Accountings made up for tests of what is shown: no log and no database behind them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from gateway.services.accounting.folding import fold
from gateway.services.accounting.lines import About, Accounting, Channel, Further, Occurrence, Shown, Under
from gateway.services.naming import Checked

NOW: Final = dt.datetime(2027, 3, 10, 20, tzinfo=dt.UTC)
UNDER: Final = Under("agreement:tutoring", "sha256:" + "a" * 64, "Tutoring after school, 2026-2027")
ABOUT: Final = About(
    channel=Channel.GATEWAY,
    recipients=("Bright Path Tutoring",),
    under=UNDER,
    basis="consent",
    purpose="Tutoring and academic support",
    interest="To plan and give tutoring after school, and to see whether it helps.",
    elements=(
        Shown("000115", "First Name", "exact"),
        Shown("000172", "Last or Surname", "exact"),
        Shown("000100", "Grade Level When Assessed", "exact"),
        Shown("000127", "Grade Point Average", "band"),
    ),
    further=(Further("Quiet Hosting Company", "It stores the tutoring plans."),),
    ferpa_9932_required=False,
    dataset="students",
    behind="automated",
)
BY_HAND: Final = replace(
    ABOUT,
    channel=Channel.BY_HAND,
    recipients=("Cedar County Health (a county agency)",),
    under=None,
    basis="audit_evaluation",
    purpose="",
    interest="To audit the school nurse program that the county supports.",
    elements=(Shown("000115", "First Name", None),),
    further=(),
    ferpa_9932_required=True,
    behind="",
    how="a letter",
    recorded_by="Ines Duarte",
)


def once(entry: int, day: dt.date, **changes: Any) -> Occurrence:
    """One disclosure on a day, at noon."""
    at = dt.datetime.combine(day, dt.time(12), dt.UTC)
    return replace(Occurrence(entry, at, day, 1, Checked.HOLDS), **changes)


def nightly(about: About, first: dt.date, count: int, start: int = 20) -> list[tuple[About, Occurrence]]:
    """Disclosures on `count` days from Monday to Friday in a row."""
    days = [first + dt.timedelta(days=each) for each in range(count * 2)]
    return [(about, once(start + at, day)) for at, day in enumerate([d for d in days if d.weekday() < 5][:count])]


def accounting(disclosures: Sequence[tuple[About, Occurrence]], **changes: Any) -> Accounting:
    """An accounting over these disclosures, as of entry 900."""
    made = Accounting(
        entry=900,
        size=901,
        since=dt.datetime(2026, 8, 1, tzinfo=dt.UTC),
        now=NOW,
        district="Emerald City School District",
        number="Nr00702xcalixte",
        name="Calixtine Örnsköldvik",
        lines=fold(disclosures),
        refused=(),
        looks=(("accounting.read", 2),),
        altered=(),
        not_opened=0,
        unread=(),
    )
    return replace(made, **changes)
