"""
What a family asks of the district about its records, and how that ends (34 CFR 99.10, 99.20-99.22, 99.32, 99.30(c)).

Two documents that an officer signs: the request as it was taken in, and each step that answers it. INVARIANT: neither
names a student. The request commits to the student's number under a salt that stands beside the log and may be erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, NoReturn

from agreements.canonical import Json, canonical_bytes
from agreements.dates import read_date
from agreements.documents.reading import read_shaped, refuse
from agreements.shapes import DATE, DIGEST, Shape, choice, group, leaf, listing, text

WITHIN: Final = timedelta(days=45)
"""How soon after a request a family must be let in to inspect the records (34 CFR 99.10(b)). No law extends it."""
REASONABLE: Final = timedelta(days=90)
"""What "a reasonable time" is at most for an amendment or a hearing (34 CFR 99.20(b), 99.22(a)) [P]."""
_MOST: Final = 2**53 - 1
_COMMITMENT: Final = ("[0-9a-f]{64}", "64 hexadecimal digits")


class Asked(StrEnum):
    """What a family asks for."""

    INSPECTION = "inspection"
    """To see the records (34 CFR 99.10). While it is open nothing of the student is destroyed (99.10(e))."""
    AMENDMENT = "amendment"
    """To amend what is inaccurate, misleading or invades privacy (34 CFR 99.20)."""
    HEARING = "hearing"
    """To be heard, after an amendment was refused (34 CFR 99.21(a))."""
    ACCOUNTING = "accounting"
    """To see the record of disclosures (34 CFR 99.32(c)(1))."""
    COPY = "copy"
    """To have a copy of the records disclosed (34 CFR 99.30(c))."""
    STOP = "stop"
    """To stop sharing."""


class Capacity(StrEnum):
    """As what somebody asks, by their own word and what was looked at."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    ELIGIBLE_STUDENT = "eligible_student"
    REPRESENTATIVE = "representative"
    """Acts for one of the others, by a signed and dated consent (34 CFR 99.30)."""


class Identified(StrEnum):
    """By what the district knew whom it has before it (34 CFR 99.31(c))."""

    KNOWN_IN_PERSON = "known_in_person"
    PHOTO_ID = "photo_id"
    SIGNED_IN = "signed_in"
    NOTARIZED = "notarized"
    CALLED_BACK = "called_back"
    """At the telephone number or the address that the district's records hold."""
    COURT_PAPERS = "court_papers"


class Step(StrEnum):
    """What happened to a request."""

    EXTENDED = "extended"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


OUTCOMES: Final[Mapping[Asked, tuple[str, ...]]] = {
    Asked.INSPECTION: ("inspected", "copies_given"),
    Asked.AMENDMENT: ("amended",),
    Asked.HEARING: ("amended", "statement_offered"),
    Asked.ACCOUNTING: ("handed_over",),
    Asked.COPY: ("handed_over",),
    Asked.STOP: ("stopped",),
}
"""
What an answer can have come to.

`statement_offered`: not amended, and the family was told that it may place a statement (34 CFR 99.21(b)(2)).
"""

GROUNDS: Final[Mapping[str, tuple[Asked, ...]]] = {
    "no_rights": tuple(Asked),
    "not_identified": tuple(Asked),
    "not_kept_here": tuple(Asked),
    "limited_by_law": (Asked.INSPECTION, Asked.ACCOUNTING, Asked.COPY),
    "hearing_offered": (Asked.AMENDMENT,),
}
"""
Why a request can be refused, and which.

`no_rights`: whoever asks holds no rights to these records (34 CFR 99.4, 99.5); `not_identified`: nobody could tell who
asks (99.31(c)); `not_kept_here`: the district keeps no such record; `limited_by_law`: 99.12(b); `hearing_offered`: an
amendment is refused, and the family was told of its right to a hearing (99.20(c)), the only way to refuse one.
"""

FAMILY_REQUEST: Final = group(
    "The request of a family",
    {
        "format": leaf("rule", "The format", const="pactgate-family-request/1"),
        "kind": choice("obligation", "What is asked for", *Asked),
        "received_on": text("notice", "The day on which it was received", DATE),
        "answer_by": text("obligation", "The last day on which the answer is in time", DATE),
        "capacity": choice("words_only", "As what somebody asks", *Capacity),
        "identified_by": choice("words_only", "By what whoever asks was known", *Identified),
        "restricted": leaf("notice", "Whether a court's order or a law restricts their rights", type="boolean"),
        "student": text("row", "The salted commitment to the student's number", _COMMITMENT),
    },
    {
        "elements": listing("What is contested", text("notice", "An element of the catalogue", limit=80), most=100),
        "follows": text("rule", "The digest of the request for amendment that was refused", DIGEST),
        "evidence": text("words_only", "The digest of the letter, or of another file that shows it", DIGEST),
    },
)

FAMILY_STEP: Final = group(
    "A step in answering a family",
    {
        "format": leaf("rule", "The format", const="pactgate-family-step/1"),
        "request": text("obligation", "The digest of the request", DIGEST),
        "step": choice("obligation", "What happened", *Step),
    },
    {
        "outcome": choice(
            "words_only", "What it came to", *sorted({each for many in OUTCOMES.values() for each in many})
        ),
        "ground": choice("words_only", "Why it is refused", *GROUNDS),
        "answer_by": text("obligation", "The new last day on which the answer is in time", DATE),
        "by_entry": leaf("notice", "The entry of the act that answers it", type="integer", minimum=0, maximum=_MOST),
        "evidence": text("words_only", "The digest of the answer that was sent", DIGEST),
    },
)


@dataclass(frozen=True, slots=True)
class FamilyRequest:
    """A request as an officer took it in. `student` is a commitment, `elements` are ids, `follows` is a digest."""

    kind: Asked
    received_on: date
    answer_by: date
    capacity: Capacity
    identified_by: Identified
    restricted: bool
    student: str
    elements: tuple[str, ...] = ()
    follows: str | None = None
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class FamilyStep:
    """One step. An answer has its `outcome`, and may name an entry; a refusal has its `ground`, more time its day."""

    request: str
    step: Step
    outcome: str | None = None
    ground: str | None = None
    answer_by: date | None = None
    by_entry: int | None = None
    evidence: str | None = None


def family_request_bytes(request: FamilyRequest) -> bytes:
    """Return the canonical bytes of a request."""
    written: dict[str, Json] = {
        "format": "pactgate-family-request/1",
        "kind": request.kind.value,
        "received_on": request.received_on.isoformat(),
        "answer_by": request.answer_by.isoformat(),
        "capacity": request.capacity.value,
        "identified_by": request.identified_by.value,
        "restricted": request.restricted,
        "student": request.student,
    }
    optional: dict[str, Json] = {
        "elements": list(request.elements) or None,
        "follows": request.follows,
        "evidence": request.evidence,
    }
    return canonical_bytes(written | {name: value for name, value in optional.items() if value is not None})


def family_step_bytes(step: FamilyStep) -> bytes:
    """Return the canonical bytes of a step."""
    written: dict[str, Json] = {
        "format": "pactgate-family-step/1",
        "request": step.request,
        "step": step.step.value,
    }
    optional: dict[str, Json] = {
        "outcome": step.outcome,
        "ground": step.ground,
        "answer_by": None if step.answer_by is None else step.answer_by.isoformat(),
        "by_entry": step.by_entry,
        "evidence": step.evidence,
    }
    return canonical_bytes(written | {name: value for name, value in optional.items() if value is not None})


def read_family_request(raw: bytes | str) -> FamilyRequest:
    """Read a request. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, FAMILY_REQUEST)
    kind = Asked(content["kind"])
    received, answer_by = _day(FAMILY_REQUEST, content, "received_on"), _day(FAMILY_REQUEST, content, "answer_by")
    # (1): in time by the law; a state's shorter limit stands in the document.
    if not received <= answer_by <= received + WITHIN:
        _refuse(FAMILY_REQUEST, "/answer_by", f"The answer is due within {WITHIN.days} days of the request.")
    # (2): what is contested is named, and nothing else is.
    if (kind in {Asked.AMENDMENT, Asked.HEARING}) != ("elements" in content):
        _refuse(
            FAMILY_REQUEST, "/elements", "A request to amend, and no other, names what is contested.", "34 CFR 99.20"
        )
    # (3): a hearing is about an amendment that was refused.
    if (kind is Asked.HEARING) != ("follows" in content):
        _refuse(FAMILY_REQUEST, "/follows", "A hearing names the refused request to amend.", "34 CFR 99.21(a)")
    return FamilyRequest(
        kind=kind,
        received_on=received,
        answer_by=answer_by,
        capacity=Capacity(content["capacity"]),
        identified_by=Identified(content["identified_by"]),
        restricted=content["restricted"],
        student=content["student"],
        elements=tuple(content.get("elements", ())),
        follows=content.get("follows"),
        evidence=content.get("evidence"),
    )


def read_family_step(raw: bytes | str) -> FamilyStep:
    """Read a step. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, FAMILY_STEP)
    step = Step(content["step"])
    # (1): each kind of step says what it must, and nothing else.
    for name, own in (("outcome", Step.ANSWERED), ("ground", Step.REFUSED), ("answer_by", Step.EXTENDED)):
        if (step is own) != (name in content):
            _refuse(FAMILY_STEP, f"/{name}", f"A request that is {own.value}, and no other, has this part.")
    if "by_entry" in content and step is not Step.ANSWERED:
        _refuse(FAMILY_STEP, "/by_entry", "Only an answer names the act that answers.")
    return FamilyStep(
        request=content["request"],
        step=step,
        outcome=content.get("outcome"),
        ground=content.get("ground"),
        answer_by=_day(FAMILY_STEP, content, "answer_by") if "answer_by" in content else None,
        by_entry=content.get("by_entry"),
        evidence=content.get("evidence"),
    )


def _day(shape: Shape, content: Mapping[str, Any], name: str) -> date:
    day = read_date(content[name])
    if day is None:
        _refuse(shape, f"/{name}", "This is not a day of the calendar (2026-09-01).")
    return day


def _refuse(shape: Shape, path: str, sentence: str, law: str = "34 CFR 99.10(b)") -> NoReturn:
    refuse(shape, path, "F1", sentence, law)
