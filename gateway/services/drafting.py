"""
A new agreement's content from a person's answers, and the next version's content from one that is registered.

Pure, and never more than was said or offered: what was not answered is left out, and the checks name it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from agreements.basis import REQUIRED, Basis, Part
from agreements.canonical import Json
from agreements.document import Agreement
from agreements.elements import Catalogue
from agreements.purpose import PURPOSES
from agreements.schema import FORMAT, agreement_schema
from agreements.shapes import Shape
from gateway.services.choosing import Chosen

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


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing to say for a basis: the name of its part (`group.member` within a group), in words, and its source."""

    name: str
    title: str
    source: str
    choices: tuple[str, ...] = ()
    several: bool = False

    @property
    def question(self) -> str:
        """The question, with what can be answered and the law that asks."""
        return f"{self.title} ({'; '.join([*([', '.join(self.choices)] if self.choices else []), self.source])})"


def purposes_for(basis: Basis) -> tuple[str, ...]:
    """Return the purposes that a basis can carry."""
    return tuple(code for code, purpose in PURPOSES.items() if basis in purpose.bases)


def asked_parts(basis: Basis, catalogue: Catalogue) -> tuple[Asked, ...]:
    """
    Return what a person has to say for `basis`, in the order of the law.

    A part with one possible text is how the gateway works, and is not asked; a fact, such as that a study is for the
    district, is, although it has one possible value.
    """
    return tuple(each for part in REQUIRED[basis] for each in _asked(part, catalogue))


def drafted(answers: Answers, catalogue: Catalogue) -> dict[str, Json]:
    """Return the content of a first version. It need not be complete."""
    district, partner = (dict(zip(("id", "name"), each, strict=True)) for each in (answers.district, answers.partner))
    listed = bool(answers.subrecipients)
    content: dict[str, Any] = {
        "format": FORMAT,
        "catalogue": catalogue.digest,
        "id": answers.id,
        "version": 1,
        "title": answers.title,
        "district": district,
        "partner": {**partner, "type": answers.partner_type},
        "basis": {"type": answers.basis.value, **_parts(answers, catalogue)},
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
    return _said(content)


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
    return _said(content)


def _asked(part: Part, catalogue: Catalogue) -> Iterator[Asked]:
    root, _, name = part.path.removeprefix("/").partition("/")
    if root != "basis":
        return
    shape = _basis_shapes(catalogue)[name]
    members = shape.get("properties")
    if members is not None:
        for inner, node in members.items():
            yield Asked(f"{name}.{inner}", node["title"], part.source, choices=tuple(node.get("enum", ())))
    elif not isinstance(shape.get("const"), str):
        choices = ("true",) if "const" in shape else tuple(shape.get("enum", ()))
        yield Asked(name, part.title, part.source, choices=choices, several=shape.get("type") == "array")


def _basis_shapes(catalogue: Catalogue) -> Mapping[str, Shape]:
    shapes: Mapping[str, Shape] = agreement_schema(catalogue)["properties"]["basis"]["properties"]
    return shapes


def _parts(answers: Answers, catalogue: Catalogue) -> dict[str, Json]:
    """Return the parts of the basis in the form the format wants."""
    shapes = _basis_shapes(catalogue)
    found: dict[str, Any] = {}
    for part in REQUIRED[answers.basis]:
        name = part.path.rpartition("/")[2]
        if part.path == f"/basis/{name}" and isinstance(shapes[name].get("const"), str):
            found[name] = shapes[name]["const"]
    for asked in asked_parts(answers.basis, catalogue):
        values = [value for value in answers.parts.get(asked.name, ()) if value]
        name, _, member = asked.name.partition(".")
        if not values:
            continue
        if member:
            found.setdefault(name, {})[member] = values[0]
        elif name == "annual_notice_ref":
            years = enumerate(answers.school_years)
            found[name] = [{"school_year": year, "reference": values[min(k, len(values) - 1)]} for k, year in years]
        elif asked.several:
            found[name] = values
        else:
            found[name] = True if (asked.choices, values[0]) == (("true",), "true") else values[0]
    return found


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


def _said(content: dict[str, Any]) -> dict[str, Json]:
    """Return `content` without what was not said."""
    kept: dict[str, Json] = {}
    for name, value in content.items():
        told = _said(value) if isinstance(value, dict) else value
        if told not in (None, "", [], {}):
            kept[name] = told
    return kept


def _year_on(day: date) -> date:
    """Return the same day a year later; 28 February after the 29th, so that a term never grows by itself."""
    return day.replace(year=day.year + 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _next_year(school_year: str) -> str:
    first, second = (int(year) + 1 for year in school_year.split("-"))
    return f"{first}-{second}"
