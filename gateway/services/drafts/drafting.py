"""
A new agreement's content from a person's answers.

Pure, and never more than was said or offered: what was not answered is left out, and the checks name it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from agreements.basis import Basis
from agreements.canonical import Json
from agreements.elements import Catalogue
from agreements.purpose import PURPOSES
from agreements.schema import FORMAT
from gateway.services.drafts.choosing import Chosen
from gateway.services.drafts.parts import parts_said

NOTICE: Final = (
    "These records are protected by 34 CFR Part 99. Use them only for the purpose of the agreement; do not pass them on"
    " to anyone without the prior consent of the parent or eligible student."
)
SECURITY: Final = (
    "TLS 1.2 or later in transit and encryption at rest",
    "Multi-factor authentication and named users only",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a person said about a new agreement. None and empty mean: not said."""

    basis: Basis
    purpose: str | None = None
    purpose_words: str | None = None
    id: str | None = None
    title: str | None = None
    district: tuple[str | None, str | None] = (None, None)
    partner: tuple[str | None, str | None] = (None, None)
    partner_type: str | None = None
    parts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    agency_parts: Mapping[str, str] = field(default_factory=dict)
    school_years: Sequence[str] = ()
    chosen: Sequence[Chosen] = ()
    population: str = "roster"
    schools: Sequence[str] = ()
    first_day: str | None = None
    last_day: str | None = None
    time_zone: str | None = None
    cadence: str = "weekly"
    identifiers: str = "record_code"
    notice: str = NOTICE
    destroy_when: str = "term_end"
    destruction_period_days: int = 30
    breach_notice_hours: int = 24
    security: Sequence[str] = SECURITY
    subrecipients: Sequence[tuple[str, str]] = ()
    drafted_by: str | None = None
    executed: tuple[str | None, str | None] = (None, None)


def purposes_for(basis: Basis) -> tuple[str, ...]:
    """Return the purposes that a basis can carry."""
    return tuple(code for code, purpose in PURPOSES.items() if basis in purpose.bases)


def drafted(answers: Answers, catalogue: Catalogue) -> dict[str, Json]:
    """Return the content of a first version. It need not be complete."""
    district, partner = (dict(zip(("id", "name"), each, strict=True)) for each in (answers.district, answers.partner))
    listed = bool(answers.subrecipients)
    parts = parts_said(answers.basis, answers.parts, answers.school_years, catalogue)
    content: dict[str, Any] = {
        "format": FORMAT,
        "catalogue": catalogue.digest,
        "id": answers.id,
        "version": 1,
        "title": answers.title,
        "district": district,
        "partner": {**partner, "type": answers.partner_type},
        "basis": {"type": answers.basis.value, **parts},
        "purpose": {"code": answers.purpose, "words": answers.purpose_words},
        "datasets": _datasets(answers),
        "population": _population(answers),
        "term": {"first_day": answers.first_day, "last_day": answers.last_day, "time_zone": answers.time_zone},
        "cadence": answers.cadence,
        "identifiers": answers.identifiers,
        "obligations": {
            "redisclosure": {"permitted": "listed_subrecipients" if listed else "nobody", "notice": answers.notice},
            "destruction": {
                "destroy_when": answers.destroy_when,
                "destruction_period_days": answers.destruction_period_days,
            },
            "breach_notice_hours": answers.breach_notice_hours,
            "security": list(answers.security),
        },
        "subrecipients": [{"name": name, "interest": interest} for name, interest in answers.subrecipients],
        "public_agency": dict(answers.agency_parts),
        "people": {"drafted_by": answers.drafted_by},
        "executed_pdf": dict(zip(("sha256", "title"), answers.executed, strict=True)),
    }
    return said(content)


def said(content: dict[str, Any]) -> dict[str, Json]:
    """Return `content` without what was not said."""
    kept: dict[str, Json] = {}
    for name, value in content.items():
        told = said(value) if isinstance(value, dict) else value
        if told not in (None, "", [], {}):
            kept[name] = told
    return kept


def _datasets(answers: Answers) -> list[Json]:
    rows: dict[str, list[Json]] = {}
    for each in answers.chosen:
        line: dict[str, Json] = {"element": each.element, "transformation": each.transformation}
        rows.setdefault(each.dataset, []).append({**line, "own_line": True} if each.own_line else line)
    return [
        {"dataset": dataset, "school_years": list(answers.school_years), "elements": elements}
        for dataset, elements in rows.items()
    ]


def _population(answers: Answers) -> Json:
    who: Json = {answers.population: True}
    if not answers.schools:
        return who
    return {"all": [who, {"in": {"column": "school_identifier", "values": list(answers.schools)}}]}
