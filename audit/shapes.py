"""
Which members an entry of each event has, and the check that no leaf says less, more or otherwise.

Written for people and for the check alike: `docs/events.md` shows it, and `audit.entry.leaf` asks for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from audit.errors import LeafRefused
from audit.events import Event
from audit.members import MEMBERS, Kind

_CALL = "client agreement purpose behind token proof? binding.token? network? request_id request"
_RULES = "configuration epoch dataset elements transformations clauses basis ferpa_9932_required"
_DIGESTS = "ruleset guardrails catalogue records rows listed result"
_LOAD = "batch digest mapping targets facts document? stewards?"
EVENT_MEMBERS: Final[Mapping[Event, str]] = MappingProxyType(
    {
        Event.LOG_OPENED: "origin log_public_key officers trust demo",
        Event.LOG_CHECKED: "size tree_head",
        Event.SIGNER_INTRODUCED: "document party signer officers",
        Event.AGREEMENT_SIGNED: "document signers",
        Event.AGREEMENT_APPROVED: "document approves officers",
        Event.AGREEMENT_ACTIVATED: (
            "agreement line? version? partner? basis? purpose? words_only? document? undoes? facts?"
        ),
        Event.AGREEMENT_SUSPENDED: "agreement facts? person?",
        Event.AGREEMENT_TERMINATED: "agreement facts? person?",
        Event.AGREEMENT_REPLACED: "agreement by first_day facts?",
        Event.AGREEMENT_REVIEWED: "document agreement first_day last_day pack findings conclusion officers",
        Event.AGREEMENT_CLOSED: "agreement certified",
        Event.DRAFT_REVIEWED: "draft line person?",
        Event.OFFICER_INTRODUCED: "document officer voices replaces?",
        Event.KEY_REVOKED: "document key voices since.entry?",
        Event.PEOPLE_NAMED: "document agreement people approved",
        Event.UNDERTAKING_ACCEPTED: "document agreement school_year",
        Event.EMERGENCY_ORDERED: "document officers recipients.count elements.count begins ends",
        Event.EMERGENCY_REVIEWED: "document approves officers",
        Event.EMERGENCY_RELEASED: f"document order officers recipients students request {_RULES} {_DIGESTS}",
        Event.EMERGENCY_ENDED: "order person?",
        Event.CERTIFICATE_RECEIVED: "document agreement covers disclosures last_entry leavers signers",
        Event.HOLD_PLACED: "document agreement kind officers",
        Event.HOLD_RELEASED: "document agreement hold officers",
        Event.PARTNER_DEBARRED: "document partner cause from_day until_day officers",
        Event.PARTNER_SUCCEEDED: "document predecessor successor kind signers",
        Event.PARTNER_SUSPENDED: "partner person?",
        Event.PARTNER_ACTIVATED: "partner document undoes",
        Event.PARTNER_LEFT: "partner agreements clients person?",
        Event.CLIENT_REGISTERED: "document client agreement keys earlier_last_day?",
        Event.CLIENT_KEYS_FETCHED: "client binding key_set keys",
        Event.CLIENT_EXPIRING: "client agreement binding last_day days",
        Event.CLIENT_SUSPENDED: "client person?",
        Event.CLIENT_ACTIVATED: "client document undoes",
        Event.CLIENT_SECRET_ISSUED: "client commitment ends person?",
        Event.CLIENT_SECRET_ENDED: "client entry.secret person?",
        Event.RECORDS_LOADED: _LOAD,
        Event.ROSTER_LOADED: _LOAD,
        Event.ROSTER_SUBMITTED: f"{_CALL} configuration epoch covers.roster lines",
        Event.ROSTER_READ: f"{_CALL} configuration epoch submission records listed",
        Event.ROSTER_DECIDED: "document line submission decision signers begun ended facts",
        Event.CONSENTS_LOADED: _LOAD,
        Event.CONSENT_GIVEN: "line facts person?",
        Event.CONSENT_WITHDRAWN: "line facts person?",
        Event.RIGHTS_RESTRICTED: "document officers facts",
        Event.RIGHTS_RESTORED: "document officers facts",
        Event.OPT_OUTS_LOADED: _LOAD,
        Event.OPTED_OUT: "scope line? facts person?",
        Event.PLACEMENTS_LOADED: _LOAD,
        Event.STATEMENT_PLACED: "elements facts person?",
        Event.STATEMENT_ENDED: "elements ending facts person?",
        Event.STUDENTS_MERGED: "facts",
        Event.NUMBER_REUSED: "facts",
        Event.NUMBER_KEPT: "facts",
        Event.CONFIGURATION_RECORDED: "catalogue earlier engine guardrails model release transforms tzdata zones",
        Event.GUARDRAILS_CHANGED: "was guardrails",
        Event.POPULATION_REBUILT: "agreement facts",
        Event.TOKEN_ISSUED: (
            "client partner key? epoch request_id agreement purpose datasets behind role token expires bound_to? proof?"
            " entry.secret? binding.token? network?"
        ),
        Event.TOKEN_REFUSED: "client partner key? epoch request_id error reason entry.secret? binding.token? network?",
        Event.TOKEN_REVOKED: "client partner key epoch request_id agreement token expires proof",
        Event.TOKEN_INSPECTED: "client partner key epoch request_id active token? proof",
        Event.TOKENS_ENDED: "client? agreement? person?",
        Event.TOKEN_KEY_RETIRED: "key",
        Event.SUBJECT_KEY_INTRODUCED: "key.wrapping",
        Event.SUBJECT_KEY_RETIRED: "key.wrapping",
        Event.DISCLOSURE: f"{_CALL} {_RULES} {_DIGESTS}",
        Event.REFUSAL: f"{_CALL} code configuration? epoch? dataset? elements? clause? basis? records? most?",
        Event.STRANGERS_REFUSED: "since total reasons",
        Event.GRANT_READ: f"{_CALL} configuration epoch",
        Event.RECEIPT_READ: f"{_CALL} configuration entry",
        Event.EXPLANATION_READ: "agreements elements request",
        Event.ANALYSIS_READ: "element",
        Event.OUTSIDE_DISCLOSURE: (
            "document officers basis ferpa_9932_required elements disclosed_on students request listed corrects?"
        ),
        Event.ACCOUNTING_READ: "listed form person? answers? acknowledged?",
        Event.LINES_WITHHELD: "document officers until listed replaces.withholding?",
        Event.PARTNERS_TELLING: "document officers partners.telling",
        Event.FAMILY_REQUEST_RECEIVED: (
            "document officers kind received_on answer_by capacity identified_by request listed follows.entry?"
        ),
        Event.FAMILY_REQUEST_EXTENDED: "document officers answers answer_by",
        Event.FAMILY_REQUEST_ANSWERED: "document officers answers outcome by.entry?",
        Event.FAMILY_REQUEST_REFUSED: "document officers answers ground",
        Event.FAMILY_REQUEST_TAKEN_BACK: "document officers answers",
        Event.RECORDS_SHOWN: "listed answers",
        Event.RECORDS_COPIED: "listed scope.copy person?",
        Event.DISCLOSURE_REPRODUCED: "entry.rebuilt",
        Event.LOG_SEARCHED: "searched_by request",
        Event.NAMES_SHOWN: "submission? entry.slip? person?",
        Event.ALARM_HANDLED: "case code.alarm act person? assigned_to? reason.resolution?",
        Event.INCIDENT_OPENED: "discovered since until.instant person? partner? agreement? client?",
        Event.INCIDENT_AFFECTED_READ: "incident students.affected listed person?",
        Event.INCIDENT_NOTED: "incident task? applies? person?",
        Event.INCIDENT_CLOSED: "incident person?",
        Event.LOG_RECOVERED: "document origin follows kept left trust officers facts",
        Event.LOG_KEY_INTRODUCED: "document key.log officers",
        Event.LOG_KEY_RETIRED: "document key.log officers",
        Event.CODES_CLASSIFIED: "document elements codes stewards",
        Event.WITNESSES_NAMED: "document witnesses must_cosign hours officers",
        Event.PAPER_FILED: "concerns person",
        Event.ROLE_GIVEN: "document person role.staff party.staff identity first_day last_day officers",
        Event.ROLE_ENDED: "given person?",
        Event.STAFF_LINKED: "person party.staff identity invited_by?",
        Event.STAFF_SUSPENDED: "person by.person?",
        Event.STAFF_ACTIVATED: "person document undoes",
        Event.STAFF_SIGNED_IN: "person session acr amr auth_time",
        Event.STAFF_SIGN_IN_REFUSED: "person reason",
        Event.STAFF_SIGNED_OUT: "person session",
        Event.STAFF_SESSION_REVOKED: "person session reason by.person",
        Event.STAFF_STEPPED_UP: "person session action concerns acr amr auth_time",
        Event.STAFF_ERASED: "person by.person?",
        Event.SUBJECTS_ERASED: "document students officers facts",
        Event.RECORDS_RETIRED: "batch rows.count days.kept readable_from facts",
        Event.FACTS_ADOPTED: "rows.count facts",
    }
)
"""The labels of each event's members; a question mark follows what an entry may leave out."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What an entry of one event must say, and of which types whatever it says is."""

    required: frozenset[str]
    types: Mapping[str, tuple[type, ...]]


def labels_of(event: Event) -> tuple[tuple[str, bool], ...]:
    """Return the labels of an event's members, each with whether an entry may leave it out."""
    words = EVENT_MEMBERS[event].split()
    return tuple((word.removesuffix("?"), word.endswith("?")) for word in words)


def name_of(label: str) -> str:
    """Return the name under which a member stands in an entry."""
    return label.partition(".")[0]


def _shape(event: Event) -> Shape:
    labels = labels_of(event)
    return Shape(
        frozenset(name_of(label) for label, optional in labels if not optional),
        {name_of(label): MEMBERS[label].kind.value for label, _ in labels},
    )


_NUMBERS: Final = Kind.NUMBER.value
_SHAPES: Final[Mapping[Event, Shape]] = {event: _shape(event) for event in EVENT_MEMBERS}


def require_members(event: Event, body: Mapping[str, object]) -> None:
    """
    Check that `body` has the members of the event, each of its kind, and no other.

    On the path of every disclosure. Raises `LeafRefused`, naming the member and never what stands in it.
    """
    shape = _SHAPES.get(event)
    if shape is None:
        raise LeafRefused(f"the catalogue of members does not have the event {event}")
    types = shape.types
    for name, value in body.items():
        kinds = types.get(name)
        if kinds is None:
            raise LeafRefused(f"an entry of {event} has no member of that name")
        if not isinstance(value, kinds) or (kinds is _NUMBERS and isinstance(value, bool)):
            raise LeafRefused(f"{name} in an entry of {event} is a {type(value).__name__}")
    if not shape.required <= body.keys():
        raise LeafRefused(f"an entry of {event} lacks {', '.join(sorted(shape.required - body.keys()))}")
