"""The next version of a registered agreement, as a draft to go on with: an amendment, or a renewal for another year."""

from datetime import date
from typing import Any

from agreements.canonical import Json
from agreements.document import Agreement
from agreements.elements import Catalogue
from gateway.services.drafts.drafting import said


def next_version(
    old: Agreement,
    catalogue: Catalogue,
    *,
    drafted_by: str | None,
    executed: tuple[str | None, str | None],
    renew: bool,
) -> dict[str, Json]:
    """
    Return the content of the version after `old`, ready to be changed.

    What was true of the old version alone is left out, so that the checks ask for it: who drafted it, the executed
    document. `renew` moves term and school years on by one, and leaves out what was said for a past year: the annual
    notices, and the day on which opt-outs were checked.
    """
    content: dict[str, Any] = {
        **old.content,
        "catalogue": catalogue.digest,
        "version": old.version + 1,
        "replaces": old.digest,
        "annexes": "carried_over",
        "people": {"drafted_by": drafted_by},
        "executed_pdf": dict(zip(("sha256", "title"), executed, strict=True)),
    }
    if renew:
        term = content["term"]
        days = {name: _year_on(date.fromisoformat(term[name])).isoformat() for name in ("first_day", "last_day")}
        content["term"] = {**term, **days}
        content["datasets"] = [
            {**row, "school_years": [_next_year(year) for year in row["school_years"]]} for row in content["datasets"]
        ]
        stale = {"annual_notice_ref", "opt_out_checked_on"}
        content["basis"] = {name: part for name, part in content["basis"].items() if name not in stale}
    return said(content)


def _year_on(day: date) -> date:
    """Return the same day a year later; 28 February after the 29th, so that a term never grows by itself."""
    return day.replace(year=day.year + 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _next_year(school_year: str) -> str:
    first, second = (int(year) + 1 for year in school_year.split("-"))
    return f"{first}-{second}"
