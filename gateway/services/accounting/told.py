"""
One entry told: what the log, and the signed documents it cites, say about a disclosure.

INVARIANT: no entry is left out because what it cites does not verify any more. It is then told in the entry's own
words, and named among what could not be read.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from agreements.authority import Filed, Received
from agreements.document import Agreement
from agreements.elements import Catalogue
from agreements.errors import AgreementError
from agreements.obligations import day_of
from agreements.outside import VerifiedOutsideDisclosure, verify_outside_disclosure
from agreements.purpose import PURPOSES
from agreements.signature import Kind, read_envelope
from audit.events import Event
from gateway.services.accounting.lines import About, Channel, Further, Occurrence, Shown, Under
from gateway.services.naming import Listed
from gateway.services.obligations.history import time_of
from gateway.services.standing.registry import Ordered, Promised, Registry

DISCLOSURES: Final = frozenset({Event.DISCLOSURE, Event.EMERGENCY_RELEASED, Event.OUTSIDE_DISCLOSURE})
"""
Entries by which records left. Whatever else lists a student is a question of the district's own, or tells a partner
which record code stands for a reference of its own (`docs/decisions/0051-what-a-partner-learns-of-its-roster.md`).
"""
_UNKNOWN_AGREEMENT: Final = "The agreement that it cites does not verify any more."
_UNKNOWN_ORDER: Final = "The emergency order that it cites does not verify any more."
_UNKNOWN_RECORD: Final = "The record made by hand does not verify, or is not the one that the entry names."


@dataclass(frozen=True, slots=True)
class Told:
    """What all such disclosures have in common, this one, and what about it could not be read."""

    about: About
    occurrence: Occurrence
    unread: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it is a disclosure: not one that a later record corrects, nor the record that says it never was."""
        return self.occurrence.corrected_by is None and bool(self.about.elements)


@dataclass(frozen=True, slots=True)
class ByHand:
    """A record as it is stored, and the entry of the later record that corrects it."""

    envelope: str
    corrected_by: int | None


class Teller:
    """Tells entries by what is registered now: documents that were in force once stay on file for good."""

    def __init__(self, registry: Registry, catalogue: Catalogue, by_hand: Mapping[int, ByHand]) -> None:
        self._registry = registry
        self._catalogue = catalogue
        self._by_hand = by_hand
        self._orders = {each.verified.digest: each for each in registry.emergency_orders}

    def tell(self, found: Listed, numbers: Collection[bytes]) -> Told:
        """Tell one entry of `DISCLOSURES` about the student with one of these subject numbers."""
        match found.entry.event:
            case Event.EMERGENCY_RELEASED:
                return self._emergency(found, numbers)
            case Event.OUTSIDE_DISCLOSURE:
                return self._outside(found, numbers)
        return self._gateway(found, numbers)

    def _gateway(self, found: Listed, numbers: Collection[bytes]) -> Told:
        body, at = found.entry.body, time_of(found.entry)
        promised = self._registry.history.get(body["agreement"])
        elements = self._shown(body["elements"], body["transformations"])
        common: dict[str, Any] = {
            "channel": Channel.GATEWAY,
            "basis": body["basis"],
            "elements": elements,
            "ferpa_9932_required": body["ferpa_9932_required"],
            "dataset": body["dataset"],
        }
        if promised is None:
            under = Under("", body["agreement"], "")
            about = About(
                recipients=(body["client"],),
                under=under,
                purpose=_purpose(body["purpose"]),
                interest="",
                further=(),
                behind=body["behind"],
                **common,
            )
            return Told(about, _occurrence(found, numbers, at), _UNKNOWN_AGREEMENT)
        agreement = promised.verified.agreement
        about = About(
            recipients=(agreement.partner.name,),
            partner=agreement.partner.id,
            under=Under(agreement.id, agreement.digest, agreement.title),
            purpose=_purpose(agreement.purpose.code),
            interest=agreement.purpose.words,
            further=tuple(Further(each.name, each.interest) for each in agreement.subrecipients),
            behind=_behind(promised, body["behind"]),
            **common,
        )
        return Told(about, _occurrence(found, numbers, at, agreement))

    def _emergency(self, found: Listed, numbers: Collection[bytes]) -> Told:
        body, at = found.entry.body, time_of(found.entry)
        ordered: Ordered | None = self._orders.get(body["order"])
        order = None if ordered is None else ordered.verified.order
        about = About(
            channel=Channel.EMERGENCY,
            recipients=() if order is None else tuple(order.recipients[at].name for at in body["recipients"]),
            under=Under("" if order is None else order.id, body["order"], ""),
            basis=body["basis"],
            purpose=PURPOSES["emergency"].title,
            interest="" if order is None else " ".join(order.recipients[at].why_needed for at in body["recipients"]),
            elements=self._shown(body["elements"], body["transformations"]),
            further=(),
            ferpa_9932_required=body["ferpa_9932_required"],
            dataset=body["dataset"],
            threat=None if order is None else order.threat,
        )
        return Told(about, _occurrence(found, numbers, at), None if order is not None else _UNKNOWN_ORDER)

    def _outside(self, found: Listed, numbers: Collection[bytes]) -> Told:
        body, at = found.entry.body, time_of(found.entry)
        kept = self._by_hand.get(found.index)
        verified = None if kept is None else self._verified(found, kept)
        if kept is None or verified is None:
            about = About(
                channel=Channel.BY_HAND,
                recipients=(),
                under=None,
                basis=body["basis"],
                purpose="",
                interest="",
                elements=self._shown(body["elements"], ()),
                further=(),
                ferpa_9932_required=body["ferpa_9932_required"],
            )
            return Told(about, _occurrence(found, numbers, at), _UNKNOWN_RECORD)
        said = verified.disclosure
        about = About(
            channel=Channel.BY_HAND,
            recipients=(f"{said.party} ({said.party_kind})",),
            under=None,
            basis=said.basis,
            purpose="",
            interest=said.interest,
            elements=self._shown(said.elements, ()),
            further=tuple(Further(each.name, each.interest) for each in said.further_recipients),
            ferpa_9932_required=body["ferpa_9932_required"],
            threat=said.threat,
            how=said.how,
            recorded_by=verified.recorded_by.name,
            evidence=said.evidence,
        )
        occurrence = Occurrence(
            found.index,
            at,
            said.disclosed_on,
            len(found.places(numbers)),
            found.checked,
            corrected_by=kept.corrected_by,
            corrects=said.corrects,
            why_corrected=said.why_corrected,
        )
        return Told(about, occurrence)

    def _verified(self, found: Listed, kept: ByHand) -> VerifiedOutsideDisclosure | None:
        """Return the record if an officer signed it, the entry names it, and it holds; None otherwise."""
        try:
            envelope = read_envelope(kept.envelope, Kind.OUTSIDE_DISCLOSURE)
            filed = Filed(envelope, Received(found.index, time_of(found.entry)))
            held = verify_outside_disclosure(filed, authority=self._registry.authority, catalogue=self._catalogue)
        except AgreementError:
            return None
        return held if envelope.digest == found.entry.body.get("document") else None

    def _shown(self, elements: Sequence[str], transformations: Sequence[str]) -> tuple[Shown, ...]:
        how = [*transformations, *[None] * (len(elements) - len(transformations))]
        return tuple(Shown(each, self._title(each), to) for each, to in zip(elements, how, strict=True))

    def _title(self, element: str) -> str:
        return self._catalogue.element(element).title if element in self._catalogue else element


def _occurrence(
    found: Listed, numbers: Collection[bytes], at: datetime, agreement: Agreement | None = None
) -> Occurrence:
    day = at.date() if agreement is None else day_of(agreement.term, at)
    return Occurrence(found.index, at, day, len(found.places(numbers)), found.checked)


def _purpose(code: str) -> str:
    return PURPOSES[code].title if code in PURPOSES else code


def _behind(promised: Promised, behind: str) -> str:
    """Return who is behind a request, by name if the people annex names the person: the partner's word, not ours."""
    named = {each.id: each.name for annex in promised.annexes for each in annex.annex.people}
    return f"{named[behind]} ({behind})" if behind in named else behind
