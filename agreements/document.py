"""
One agreement: read, judged whole, and held as a frozen value.

An `Agreement` is well formed and lawful on its face. It says nothing about signatures: only
`agreements.in_force` makes the `VerifiedAgreement` from which rules may come.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast
from zoneinfo import ZoneInfo

from agreements.authored import read_authored
from agreements.canonical import Json, canonical_bytes, digest_of
from agreements.compatibility import compatibility_problems
from agreements.dates import read_date
from agreements.elements import Catalogue
from agreements.errors import InvalidAgreement, Problem
from agreements.grounds import basis_problems
from agreements.minimisation import data_problems
from agreements.pointer import MISSING, resolve
from agreements.population import population_problems
from agreements.purpose import purpose_problems
from agreements.schema import agreement_schema
from agreements.shapes import shape_problems, words_only
from agreements.terms import (
    Compatibility,
    DatasetTerms,
    ElementTerm,
    ExecutedPdf,
    Obligations,
    Party,
    People,
    PeopleBehind,
    PurposeTerms,
    Subrecipient,
    Term,
)

MOST = 1000
"""Problems listed of one document; a hostile file has a hundred thousand, a person's first draft has twenty."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    A data-sharing agreement that satisfies the format, the catalogue and the rules of its basis.

    `digest` (`sha256:<hex>`) of `canonical`, the RFC 8785 bytes that are signed, identifies it. `population` is the
    plain expression; `words_only` are the pointers of the terms that no rule carries out.

    A `framework` is a master that grants nothing by itself. `annexes_carried_over`: client bindings and people annexes
    of the version that this one replaces count for it too. Where a document does not say so, a person may stand behind
    a call (`people_behind`), and need not.
    """

    digest: str
    canonical: bytes = field(repr=False)
    id: str
    version: int
    replaces: str | None
    master: str | None
    framework: bool
    annexes_carried_over: bool
    title: str
    district: Party
    partner: Party
    basis: str
    purpose: PurposeTerms
    datasets: tuple[DatasetTerms, ...]
    population: dict[str, Json] = field(hash=False)
    term: Term
    cadence: str
    identifiers: str
    obligations: Obligations
    subrecipients: tuple[Subrecipient, ...]
    people_behind: PeopleBehind
    compatibility: Compatibility | None
    people: People
    executed_pdf: ExecutedPdf
    words_only: tuple[str, ...]
    content: dict[str, Json] = field(repr=False, compare=False)

    @property
    def element_ids(self) -> tuple[str, ...]:
        """All element ids, sorted, each once: bit k of a student's `covers` mask is `element_ids[k]`."""
        return tuple(sorted({line.element for terms in self.datasets for line in terms.elements}))


def parse_agreement(raw: bytes | str, catalogue: Catalogue) -> Agreement:
    """
    Read an agreement from YAML or JSON.

    Raises `MalformedDocument` if it cannot be read, `InvalidAgreement` with all problems at once if it is wrong.
    """
    return judge_agreement(read_authored(raw), catalogue)


def judge_agreement(content: Json, catalogue: Catalogue) -> Agreement:
    """Judge a document that was read already. Raises `InvalidAgreement` with all problems at once."""
    found = agreement_problems(content, catalogue)
    if found:
        raise InvalidAgreement("The agreement", found)
    return _agreement(cast("dict[str, Any]", content), catalogue)


def agreement_problems(content: Json, catalogue: Catalogue) -> tuple[Problem, ...]:
    """Return what is wrong, one problem a place and rule, in the order of the places: all of it, up to `MOST`."""
    lawful = [
        *basis_problems(content),
        *purpose_problems(content),
        *data_problems(content, catalogue),
        *population_problems(content),
        *_term_problems(content),
        *_version_problems(content),
        *compatibility_problems(content),
    ]
    judged = {problem.path for problem in lawful}
    shaped = [item for item in shape_problems(agreement_schema(catalogue), content) if item.path not in judged]
    found = sorted({*lawful, *shaped}, key=lambda problem: (problem.path, problem.rule, problem.sentence))
    if len(found) > MOST:
        sentence = f"{len(found) - MOST} more problems are not listed; correct these first."
        return (*found[:MOST], Problem("", "format", "agreement format 1", sentence))
    return tuple(found)


def _term_problems(content: Json) -> Iterator[Problem]:
    days: dict[str, date] = {}
    for name in ("first_day", "last_day"):
        written = resolve(content, f"/term/{name}")
        day = read_date(written)
        if day is not None:
            days[name] = day
        elif isinstance(written, str):
            yield Problem(
                f"/term/{name}", "T1", "agreement format 1", "This is not a day of the calendar (2026-09-01)."
            )
    if len(days) == len(("first_day", "last_day")) and days["last_day"] < days["first_day"]:
        yield Problem("/term/last_day", "T1", "agreement format 1", "The term ends before it begins.")
    zone = resolve(content, "/term/time_zone")
    if isinstance(zone, str):
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            sentence = "This is not a time zone of the IANA database, such as America/Los_Angeles."
            yield Problem("/term/time_zone", "T1", "agreement format 1", sentence)


def _version_problems(content: Json) -> Iterator[Problem]:
    version, replaces = resolve(content, "/version"), resolve(content, "/replaces")
    if isinstance(version, int) and (version > 1) != isinstance(replaces, str):
        yield Problem(
            "/replaces",
            "S4",
            "project rule S4",
            "A later version names the digest of the version it replaces in 'replaces'; version 1 replaces nothing.",
        )
    if resolve(content, "/annexes") is not MISSING and not isinstance(replaces, str):
        sentence = "Only a later version can carry annexes over: there is no version before this one."
        yield Problem("/annexes", "S4", "project rule S4", sentence)
    if resolve(content, "/framework") is not MISSING and resolve(content, "/master") is not MISSING:
        sentence = "There is one level of masters: an agreement that narrows a master cannot be a framework itself."
        yield Problem("/framework", "A8", "project rule A8", sentence)
    passes_on = resolve(content, "/obligations/redisclosure/permitted") == "listed_subrecipients"
    listed = bool(resolve(content, "/subrecipients"))
    if passes_on != listed:
        yield Problem(
            "/subrecipients",
            "D2",
            "34 CFR 99.33(b), 99.32(b)",
            "Subrecipients are listed exactly when redisclosure is permitted to 'listed_subrecipients'.",
        )


def _agreement(content: dict[str, Any], catalogue: Catalogue) -> Agreement:
    canonical = canonical_bytes(content)
    obligations, term, pdf = content["obligations"], content["term"], content["executed_pdf"]
    return Agreement(
        digest=digest_of(canonical),
        canonical=canonical,
        id=content["id"],
        version=content["version"],
        replaces=content.get("replaces"),
        master=content.get("master"),
        framework=content.get("framework", False),
        annexes_carried_over="annexes" in content,
        title=content["title"],
        district=Party(content["district"]["id"], content["district"]["name"], "district"),
        partner=Party(content["partner"]["id"], content["partner"]["name"], content["partner"]["type"]),
        basis=content["basis"]["type"],
        purpose=PurposeTerms(content["purpose"]["code"], content["purpose"]["words"]),
        datasets=tuple(_dataset(f"/datasets/{index}", row) for index, row in enumerate(content["datasets"])),
        population=content["population"],
        term=Term(date.fromisoformat(term["first_day"]), date.fromisoformat(term["last_day"]), term["time_zone"]),
        cadence=content["cadence"],
        identifiers=content["identifiers"],
        obligations=Obligations(
            redisclosure_permitted=obligations["redisclosure"]["permitted"],
            redisclosure_notice=obligations["redisclosure"]["notice"],
            destroy_when=obligations["destruction"]["destroy_when"],
            destruction_period_days=obligations["destruction"]["destruction_period_days"],
            breach_notice_hours=obligations["breach_notice_hours"],
            security=tuple(obligations["security"]),
        ),
        subrecipients=tuple(Subrecipient(row["name"], row["interest"]) for row in content.get("subrecipients", ())),
        people_behind=PeopleBehind(content.get("people_behind", PeopleBehind.ALLOWED)),
        compatibility=_compatibility(content.get("compatibility")),
        people=People(content["people"]["drafted_by"]),
        executed_pdf=ExecutedPdf(pdf["sha256"], pdf["title"]),
        words_only=words_only(agreement_schema(catalogue), content),
        content=content,
    )


def _compatibility(clause: dict[str, Any] | None) -> Compatibility | None:
    if clause is None:
        return None
    return Compatibility(clause["because"], date.fromisoformat(clause["last_day"]))


def _dataset(path: str, row: dict[str, Any]) -> DatasetTerms:
    return DatasetTerms(
        dataset=row["dataset"],
        school_years=tuple(row["school_years"]),
        elements=tuple(
            ElementTerm(
                line["element"], line["transformation"], line.get("own_line", False), f"{path}/elements/{index}"
            )
            for index, line in enumerate(row["elements"])
        ),
        pointer=path,
    )
