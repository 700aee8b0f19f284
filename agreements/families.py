"""
Requests of families, verified, and where each stands: open until an officer's signed step ends it.

INVARIANT: a step that does not verify ended nothing. An open request to inspect keeps the records (34 CFR 99.10(e)), so
whoever lets them go signs for it.
"""

from collections.abc import Iterable
from dataclasses import InitVar, dataclass
from datetime import date, timedelta

from agreements.authority import Authority, Filed, Received
from agreements.canonical import read_canonical
from agreements.documents.family import (
    FAMILY_REQUEST,
    FAMILY_STEP,
    GROUNDS,
    OUTCOMES,
    REASONABLE,
    WITHIN,
    Asked,
    FamilyRequest,
    FamilyStep,
    Step,
    read_family_request,
    read_family_step,
)
from agreements.documents.reading import refuse
from agreements.elements import Catalogue
from agreements.errors import NotEntitled, SamePerson
from agreements.names import person
from agreements.pointer import pointer
from agreements.seal import SEAL, require_seal
from agreements.signature import Kind
from agreements.trust import Officer


@dataclass(frozen=True, slots=True)
class VerifiedFamilyRequest:
    """A request that an officer took in, and the entry that received it."""

    request: FamilyRequest
    digest: str
    officers: tuple[Officer, ...]
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


@dataclass(frozen=True, slots=True)
class VerifiedFamilyStep:
    """A step that an officer signed, and the entry that received it."""

    step: FamilyStep
    digest: str
    officers: tuple[Officer, ...]
    received: Received
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        require_seal(seal)


@dataclass(frozen=True, slots=True)
class Asking:
    """A request and the steps taken so far, in the order of the log; each was verified after those before it."""

    asked: VerifiedFamilyRequest
    steps: tuple[VerifiedFamilyStep, ...] = ()

    @property
    def answer_by(self) -> date:
        """The last day on which the answer is in time."""
        later = [each.step.answer_by for each in self.steps if each.step.answer_by is not None]
        return max([self.asked.request.answer_by, *later])

    @property
    def ended(self) -> VerifiedFamilyStep | None:
        """The step that ended it; None while it is open."""
        return next((each for each in self.steps if each.step.step is not Step.EXTENDED), None)

    def is_overdue(self, today: date) -> bool:
        """Return whether it is open and its time is over."""
        return self.ended is None and today > self.answer_by


def verify_family_request(
    filed: Filed, *, authority: Authority, catalogue: Catalogue, before: Iterable[Asking] = ()
) -> VerifiedFamilyRequest:
    """
    Verify that an officer took in a request that can have been made. `before` are the requests there were.

    Raises `NotEntitled`, `BadSignature`, `MalformedDocument`, `InvalidDocument`.
    """
    filed.require_kind(Kind.FAMILY_REQUEST)
    # (1): officers signed exactly this, and nobody else did.
    officers = authority.signed_by_officers(filed.envelope, filed.received)
    read_canonical(filed.envelope.payload)
    request = read_family_request(filed.envelope.payload)
    # (2): it came before it was taken in; a day of grace, because zones differ.
    if request.received_on - filed.received.at.date() > timedelta(days=1):
        refuse(FAMILY_REQUEST, "/received_on", "F1", "The request lies in the future.", "34 CFR 99.10(b)")
    # (3): what is contested is something that the catalogue names.
    for index, element in enumerate(request.elements):
        if element not in catalogue:
            path = pointer("elements", index)
            refuse(FAMILY_REQUEST, path, "F2", f"No element has the id {element}.", "34 CFR 99.20(a)")
    # (4): a hearing follows an amendment that was refused, and about the same.
    if request.follows is not None and _refused(request, before) is None:
        refuse(FAMILY_REQUEST, "/follows", "F2", "No request to amend exactly this was refused.", "34 CFR 99.21(a)")
    return VerifiedFamilyRequest(request, filed.envelope.digest, officers, filed.received, SEAL)


def verify_family_step(
    filed: Filed, asking: Asking, *, authority: Authority, before: Iterable[Asking] = ()
) -> VerifiedFamilyStep:
    """
    Verify that an officer took a step that this request, as it stands, can take. `before` are the requests there were.

    Raises `NotEntitled`, `BadSignature`, `MalformedDocument`, `InvalidDocument`, and `SamePerson` if who refused an
    amendment decides after the hearing.
    """
    filed.require_kind(Kind.FAMILY_STEP)
    # (1): officers signed exactly this, and nobody else did.
    officers = authority.signed_by_officers(filed.envelope, filed.received)
    read_canonical(filed.envelope.payload)
    step, request = read_family_step(filed.envelope.payload), asking.asked.request
    # (2): it is about this request, which is open.
    if step.request != asking.asked.digest or asking.ended is not None:
        raise NotEntitled("The step is about another request, or about one that has ended.")
    # (3): it is one that a request of this kind can take.
    if step.outcome is not None and step.outcome not in OUTCOMES[request.kind]:
        refuse(FAMILY_STEP, "/outcome", "F1", f"A request of kind '{request.kind}' does not end so.")
    if step.ground is not None and request.kind not in GROUNDS[step.ground]:
        refuse(FAMILY_STEP, "/ground", "F1", f"A request of kind '{request.kind}' is not refused for that.")
    # (4): more time is later than before, and never more than the law gives.
    if step.answer_by is not None:
        most = REASONABLE if request.kind in {Asked.AMENDMENT, Asked.HEARING} else WITHIN
        if not asking.answer_by < step.answer_by <= request.received_on + most:
            words = f"More time is later than before and ends {most.days} days after the request at the latest."
            refuse(FAMILY_STEP, "/answer_by", "F1", words, "34 CFR 99.10(b)")
    # (5): INVARIANT: who refused an amendment has an interest in how the hearing ends (34 CFR 99.22(c)).
    if request.kind is Asked.HEARING and step.step is Step.ANSWERED:
        refusal = _refused(request, before)
        had = set() if refusal is None else {person(each.name) for each in refusal.officers}
        if refusal is None or had & {person(each.name) for each in officers}:
            raise SamePerson(
                "The outcome of a hearing is signed by nobody who refused the amendment (34 CFR 99.22(c))."
            )
    return VerifiedFamilyStep(step, filed.envelope.digest, officers, filed.received, SEAL)


def _refused(hearing: FamilyRequest, before: Iterable[Asking]) -> VerifiedFamilyStep | None:
    """Return the step that refused the amendment which this hearing is about; None if there is none."""
    for each in before:
        ended, asked = each.ended, each.asked
        same = asked.digest == hearing.follows and asked.request.elements == hearing.elements
        if same and asked.request.kind is Asked.AMENDMENT and ended is not None and ended.step.step is Step.REFUSED:
            return ended
    return None
