"""Every kind of entry there is: the catalogue that documents and tests are made from."""

from enum import StrEnum
from typing import Self


class Event(StrEnum):
    """
    What an entry records; the value stands in the leaf, `description` says it for people.

    Values are never renamed or reused: leaves that carry them are kept for as long as the log.
    """

    description: str

    def __new__(cls, value: str, description: str) -> Self:
        """Make a member that is its value and knows its description."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.description = description
        return member

    LOG_OPENED = "log.opened", "The log was opened: origin, its public key and the first officers' keys (entry 0)."
    LOG_RECOVERED = (
        "log.recovered",
        "The log goes on under a new origin after a disaster: the checkpoint kept of the old one, and what is left.",
    )
    LOG_CHECKED = "log.checked", "Somebody verified the whole log; the tree head that was found."
    SIGNER_INTRODUCED = "signer.introduced", "An officer introduced a key that may sign documents for a party."
    AGREEMENT_SIGNED = "agreement.signed", "A party's signature over an agreement was received."
    AGREEMENT_APPROVED = "agreement.approved", "A privacy officer who did not draft the agreement approved it."
    AGREEMENT_ACTIVATED = "agreement.activated", "An agreement came into force."
    AGREEMENT_SUSPENDED = "agreement.suspended", "An agreement was stopped until further notice."
    AGREEMENT_TERMINATED = "agreement.terminated", "An agreement ended for good; its obligations begin."
    AGREEMENT_REPLACED = "agreement.replaced", "A later version takes over from an agreement on its own first day."
    AGREEMENT_REVIEWED = "agreement.reviewed", "An officer signed the yearly review of an agreement."
    AGREEMENT_CLOSED = "agreement.closed", "The obligations of an agreement that is over were met."
    DRAFT_REVIEWED = "draft.reviewed", "Somebody asked what a draft would let leave; rounded counts were shown."
    OFFICER_INTRODUCED = "officer.introduced", "Officers in office took in another officer."
    KEY_REVOKED = "key.revoked", "A signer's or an officer's key no longer signs, and from which entry on."
    LOG_KEY_INTRODUCED = "log_key.introduced", "Two officers introduced a key that signs the log's checkpoints."
    LOG_KEY_RETIRED = "log_key.retired", "Two officers ended a key of the log: it counts for no later checkpoint."
    PEOPLE_NAMED = "people.named", "A partner named the people who may see data under an agreement."
    UNDERTAKING_ACCEPTED = (
        "undertaking.accepted",
        "A named person accepted the limits of an agreement for a school year.",
    )
    EMERGENCY_ORDERED = "emergency.ordered", "An officer ordered a disclosure in an emergency (34 CFR 99.36)."
    EMERGENCY_REVIEWED = "emergency.reviewed", "A second officer reviewed an emergency order."
    EMERGENCY_RELEASED = (
        "emergency.released",
        "An officer handed over records by an emergency order: to which of its recipients, how many, committed to.",
    )
    EMERGENCY_ENDED = "emergency.ended", "An emergency order was ended before its hours were over."
    CERTIFICATE_RECEIVED = "certificate.received", "A partner certified that records were destroyed."
    HOLD_PLACED = "hold.placed", "An officer ordered that records are kept although their destruction is due."
    HOLD_RELEASED = "hold.released", "An officer ended a hold."
    PARTNER_DEBARRED = "partner.debarred", "A partner was debarred from student data (34 CFR 99.67)."
    PARTNER_SUCCEEDED = "partner.succeeded", "A partner took over what another one owes."
    PARTNER_SUSPENDED = "partner.suspended", "A partner was stopped under every agreement, until further notice."
    PARTNER_ACTIVATED = "partner.activated", "A stopped partner may ask again."
    PARTNER_LEFT = "partner.left", "A partner left: its agreements and clients ended together."
    CLIENT_REGISTERED = "client.registered", "A key set of a partner was bound to an agreement."
    CLIENT_KEYS_FETCHED = (
        "client.keys_fetched",
        "The keys that a client publishes were fetched from the address in its binding; the digest of the set.",
    )
    CLIENT_EXPIRING = "client.expiring", "A client's last binding to an agreement ends soon; somebody was reminded."
    CLIENT_SUSPENDED = "client.suspended", "A client was stopped."
    CLIENT_ACTIVATED = "client.activated", "A stopped client may ask again."
    CLIENT_SECRET_ISSUED = (
        "client.secret_issued",
        "A client of the compatibility mode received a secret, until when; committed to.",
    )
    CLIENT_SECRET_ENDED = "client.secret_ended", "A client's secret was ended before its time."
    RECORDS_LOADED = "records.loaded", "A batch of student records became visible; its digest and counts."
    ROSTER_LOADED = "roster.loaded", "A partner's roster, accepted by the district, became visible."
    ROSTER_SUBMITTED = "roster.submitted", "A partner submitted a roster; how many lines, and nobody is named."
    ROSTER_READ = (
        "roster.read",
        "A partner asked about a roster of its own; whose record codes it was told stands beside the entry.",
    )
    ROSTER_DECIDED = "roster.decided", "A named person accepted, refused or confirmed a partner's roster."
    CONSENTS_LOADED = "consents.loaded", "A batch of consents became visible."
    CONSENT_GIVEN = "consent.given", "A person of the district entered a consent that a family signed."
    CONSENT_WITHDRAWN = "consent.withdrawn", "A consent was withdrawn."
    RIGHTS_RESTRICTED = "rights.restricted", "An officer put on file that a parent's rights are revoked (34 CFR 99.4)."
    RIGHTS_RESTORED = "rights.restored", "An officer put on file that a parent has those rights again."
    OPT_OUTS_LOADED = "opt_outs.loaded", "A batch of opt-outs became visible."
    OPTED_OUT = "opted_out", "A student was opted out."
    PLACEMENTS_LOADED = "placements.loaded", "A batch of placements became visible."
    STATEMENT_PLACED = "statement.placed", "A family's statement goes along with what it contests (34 CFR 99.21)."
    STUDENTS_MERGED = "students.merged", "Two student numbers turned out to be one child's."
    NUMBER_REUSED = "number.reused", "A student number is another child's from now on."
    NUMBER_KEPT = "number.kept", "A student number in question is the same child's still."
    STATEMENT_ENDED = "statement.ended", "A family's statement ended with what it contests, or was taken back."
    CONFIGURATION_RECORDED = (
        "configuration.recorded",
        "What decisions rest on besides signed documents, by digest: catalogue, guardrails, time zones, code.",
    )
    GUARDRAILS_CHANGED = "guardrails.changed", "The district-wide rules that no agreement can override changed."
    CODES_CLASSIFIED = (
        "codes.classified",
        "Two stewards classified values of coded elements: of which elements, and how many values.",
    )
    WITNESSES_NAMED = (
        "witnesses.named",
        "Two officers named who cosigns the log from elsewhere, and after how long without them nothing leaves.",
    )
    PAPER_FILED = (
        "paper.filed",
        "Somebody who signed in filed a document that others had signed, on the district's pages.",
    )
    ROLE_GIVEN = "role.given", "Two officers gave a role to somebody who signs in."
    ROLE_ENDED = "role.ended", "A role of somebody who signs in ended before its last day."
    STAFF_LINKED = "staff.linked", "Somebody took up an invitation: an identity to sign in with, committed to."
    STAFF_SUSPENDED = "staff.suspended", "Somebody who signs in was stopped, in every role."
    STAFF_ACTIVATED = "staff.activated", "Somebody who was stopped may sign in again."
    STAFF_SIGNED_IN = "staff.signed_in", "Somebody known signed in: how, and by which session from then on."
    STAFF_SIGN_IN_REFUSED = "staff.sign_in_refused", "Somebody known proved who they are, and was not let in, and why."
    STAFF_SIGNED_OUT = "staff.signed_out", "Somebody ended the session that they signed in for."
    STAFF_SESSION_REVOKED = "staff.session_revoked", "A session was ended from elsewhere, or by a stop, and by whom."
    STAFF_STEPPED_UP = "staff.stepped_up", "Somebody signed in again for one act about one document."
    STAFF_ERASED = "staff.erased", "The identity of somebody who signed in was erased, and every role ended."
    POPULATION_REBUILT = "population.rebuilt", "Who an agreement covers was computed anew without new records."
    SUBJECTS_ERASED = (
        "subjects.erased",
        "Officers erased the links of students of whom nothing is kept any longer: how many, never whose.",
    )
    RECORDS_RETIRED = (
        "records.retired",
        "Old versions of records were deleted: how many, and the oldest entry as of which all can be read.",
    )
    FACTS_ADOPTED = "facts.adopted", "The office answered for all rows about students that were there; committed to."
    TOKEN_ISSUED = "token.issued", "A client received an access token for one agreement and one purpose."
    TOKEN_REFUSED = "token.refused", "A client that proved its key was refused a token."
    TOKEN_REVOKED = "token.revoked", "A client ended a token of its own."
    TOKEN_INSPECTED = (
        "token.inspected",
        "A client asked whether a token is its own and good, or to end one that was neither.",
    )
    TOKENS_ENDED = "tokens.ended", "The district ended all tokens issued before: of a client, or for an agreement."
    TOKEN_KEY_RETIRED = "token_key.retired", "A key of the gateway that signs access tokens counts no more."
    SUBJECT_KEY_INTRODUCED = (
        "subject_key.introduced",
        "Another key of the gateway wraps the links between students and the log from now on.",
    )
    SUBJECT_KEY_RETIRED = "subject_key.retired", "A key wraps no link between a student and the log any more, for good."
    DISCLOSURE = "disclosure", "Records left the district: to whom, under which clauses, how many, committed to."
    REFUSAL = "refusal", "An authenticated request was refused, and why."
    STRANGERS_REFUSED = "strangers.refused", "How many unauthenticated requests were refused in a period."
    GRANT_READ = "grant.read", "A partner asked what it may see, until when and by which clauses."
    RECEIPT_READ = "receipt.read", "A partner fetched the receipt of an entry of its own."
    EXPLANATION_READ = "explanation.read", "The district asked why partners see an element of a student, or do not."
    OUTSIDE_DISCLOSURE = "disclosure.recorded", "An officer recorded by hand that records left outside the gateway."
    ACCOUNTING_READ = "accounting.read", "The district read the accounting of one student, who stands beside it."
    LINES_WITHHELD = (
        "accounting.withheld",
        "Two officers withhold something from the accounting of one student, who stands beside it, until a day.",
    )
    PARTNERS_TELLING = (
        "partners.telling",
        "An officer listed the partners whose mere name tells something of a student.",
    )
    FAMILY_REQUEST_RECEIVED = (
        "family_request.received",
        "A family asked for something; what, and until when it is answered. The student stands beside it.",
    )
    FAMILY_REQUEST_EXTENDED = "family_request.extended", "An officer took more time for the request of a family."
    FAMILY_REQUEST_ANSWERED = "family_request.answered", "An officer answered the request of a family."
    FAMILY_REQUEST_REFUSED = "family_request.refused", "An officer refused the request of a family, and why."
    FAMILY_REQUEST_TAKEN_BACK = "family_request.taken_back", "A family took its request back."
    RECORDS_SHOWN = (
        "records.shown",
        "The district took out everything that it keeps about one student, who stands beside it, to be inspected.",
    )
    RECORDS_COPIED = (
        "records.copied",
        "The district copied the records disclosed about one student, who stands beside it.",
    )
    DISCLOSURE_REPRODUCED = (
        "disclosure.reproduced",
        "The district rebuilt the whole answer of a disclosure, to compare it with what was committed to.",
    )
    ANALYSIS_READ = "analysis.read", "An officer asked who can obtain an element of one student, who stands beside it."
    LOG_SEARCHED = "log.searched", "An officer searched the log for one student; by what else, and nobody is named."
    NAMES_SHOWN = "names.shown", "Somebody of the district was shown names of students: of a roster, or on a slip."
    ALARM_HANDLED = "alarm.handled", "Somebody looked at an alarm, gave it to somebody, noted something or resolved it."
    INCIDENT_OPENED = "incident.opened", "An officer put an incident on file: whom it concerns, and from when to when."
    INCIDENT_AFFECTED_READ = (
        "incident.affected_read",
        "Whose records an incident may concern was taken out of the log; the students stand beside it.",
    )
    INCIDENT_NOTED = (
        "incident.noted",
        "Somebody noted something about an incident, or that what was to be done is done, or does not apply.",
    )
    INCIDENT_CLOSED = "incident.closed", "An officer closed an incident."


MOVES_EPOCH: frozenset[Event] = frozenset(
    {
        Event.LOG_OPENED,
        Event.LOG_RECOVERED,
        Event.SIGNER_INTRODUCED,
        Event.AGREEMENT_ACTIVATED,
        Event.AGREEMENT_SUSPENDED,
        Event.AGREEMENT_TERMINATED,
        Event.AGREEMENT_REPLACED,
        Event.OFFICER_INTRODUCED,
        Event.KEY_REVOKED,
        Event.PEOPLE_NAMED,
        Event.UNDERTAKING_ACCEPTED,
        Event.EMERGENCY_ORDERED,
        Event.EMERGENCY_REVIEWED,
        Event.EMERGENCY_ENDED,
        Event.PARTNER_DEBARRED,
        Event.PARTNER_SUCCEEDED,
        Event.PARTNER_SUSPENDED,
        Event.PARTNER_ACTIVATED,
        Event.PARTNER_LEFT,
        Event.CLIENT_REGISTERED,
        Event.CLIENT_KEYS_FETCHED,
        Event.CLIENT_SUSPENDED,
        Event.CLIENT_ACTIVATED,
        Event.TOKEN_REVOKED,
        Event.TOKENS_ENDED,
        Event.TOKEN_KEY_RETIRED,
        Event.CLIENT_SECRET_ISSUED,
        Event.CLIENT_SECRET_ENDED,
        Event.RECORDS_LOADED,
        Event.ROSTER_LOADED,
        Event.ROSTER_DECIDED,
        Event.CONSENTS_LOADED,
        Event.CONSENT_GIVEN,
        Event.CONSENT_WITHDRAWN,
        Event.RIGHTS_RESTRICTED,
        Event.RIGHTS_RESTORED,
        Event.OPT_OUTS_LOADED,
        Event.OPTED_OUT,
        Event.PLACEMENTS_LOADED,
        Event.STATEMENT_PLACED,
        Event.STATEMENT_ENDED,
        Event.STUDENTS_MERGED,
        Event.NUMBER_REUSED,
        Event.NUMBER_KEPT,
        Event.CONFIGURATION_RECORDED,
        Event.GUARDRAILS_CHANGED,
        Event.CODES_CLASSIFIED,
        Event.WITNESSES_NAMED,
        Event.ROLE_GIVEN,
        Event.ROLE_ENDED,
        Event.STAFF_LINKED,
        Event.STAFF_SUSPENDED,
        Event.STAFF_ACTIVATED,
        Event.STAFF_ERASED,
        Event.POPULATION_REBUILT,
        Event.FACTS_ADOPTED,
    },
)
"""Events that change what may leave: their entry's index becomes the epoch (DESIGN, "One order")."""
