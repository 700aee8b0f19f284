"""
What an entry may say: each member once, with its kind and its meaning. Which event has which stands in `audit.shapes`.

INVARIANT: no member is for a name, a student's number, a value, a secret or a digest of data that is not salted (claim
9), and nothing gets into the log that has no place here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType, NoneType
from typing import Final


class Kind(Enum):
    """What stands in a member; its value are the types that Python has for it."""

    TEXT = (str,)
    TEXT_OR_NULL = (str, NoneType)
    NUMBER = (int,)
    NUMBER_OR_NULL = (int, NoneType)
    FLAG = (bool,)
    LIST = (list, tuple)
    LIST_OR_NULL = (list, tuple, NoneType)
    TABLE = (dict,)

    @property
    def word(self) -> str:
        """Return what it is called on the page."""
        return self.name.lower().replace("_", " ").replace("flag", "true or false")


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its kind, and its meaning in a sentence for people."""

    kind: Kind
    meaning: str


_TEXT, _NUMBER, _LIST = Kind.TEXT, Kind.NUMBER, Kind.LIST
MEMBERS: Final[Mapping[str, Member]] = MappingProxyType(
    {
        "acknowledged": Member(_LIST, "Codes of the warnings that an officer saw and took upon themselves."),
        "active": Member(Kind.FLAG, "Whether the token is the client's own and good."),
        "acr": Member(
            Kind.TEXT_OR_NULL,
            "How strongly somebody signed in, as the identity provider names it; `urn:pactgate:development` in a demo.",
        ),
        "act": Member(_TEXT, "Code of what somebody did about a case."),
        "action": Member(_TEXT, "What somebody signed in again for."),
        "agreement": Member(_TEXT, "Digest of the agreement."),
        "agreements": Member(_LIST, "Digests of agreements."),
        "amr": Member(Kind.LIST, "By which means somebody signed in, as the identity provider names them."),
        "answer_by": Member(_TEXT, "Last day on which an answer is in time."),
        "answers": Member(_NUMBER, "Entry of the request of a family that it answers."),
        "applies": Member(
            Kind.FLAG, "False where somebody said that what was to be done about an incident need not be."
        ),
        "approved": Member(Kind.FLAG, "Whether an officer's approval came with it."),
        "approves": Member(_TEXT, "Digest of the document that is approved."),
        "assigned_to": Member(_TEXT, "Random id of the person whom a case was given to."),
        "auth_time": Member(_TEXT, "When the identity provider saw somebody sign in."),
        "basis": Member(Kind.TEXT_OR_NULL, "Code of the legal basis, as far as it is known."),
        "batch": Member(_NUMBER, "Number of the batch of rows that became visible."),
        "begins": Member(_TEXT, "First instant."),
        "behind": Member(
            Kind.TEXT_OR_NULL, "Opaque id of the person behind the call, said by the partner; or `automated`."
        ),
        "begun": Member(_NUMBER, "How many rows began."),
        "binding": Member(_TEXT, "Digest of the client binding."),
        "binding.token": Member(
            _TEXT, "`bearer` where the token is bound to no key; left out where it is bound to one."
        ),
        "bound_to": Member(_TEXT, "Thumbprint of the key that the token is bound to (RFC 9449)."),
        "by": Member(_TEXT, "Digest of the version that takes over."),
        "by.person": Member(Kind.TEXT_OR_NULL, "Random id of whoever ended it; null if a stop did."),
        "by.entry": Member(_NUMBER, "Entry of the act that answers the request."),
        "capacity": Member(_TEXT, "Code of as what somebody asks: a parent, the student at 18."),
        "case": Member(_NUMBER, "Number of the case of an alarm; it stands beside the log."),
        "catalogue": Member(_TEXT, "Digest of the element catalogue that was decided by."),
        "cause": Member(_TEXT, "Code of the finding that a debarment rests on."),
        "certified": Member(_NUMBER, "Entry of the certificate that met the obligations."),
        "clause": Member(Kind.TEXT_OR_NULL, "Clause or rule that a denial stands on."),
        "clauses": Member(_LIST, "For each element, the clauses of the agreement that let it leave."),
        "client": Member(_TEXT, "Id of the client."),
        "clients": Member(_LIST, "Ids of clients."),
        "code": Member(_TEXT, "Stable code of the refusal."),
        "code.alarm": Member(_TEXT, "Code of an alarm, or the name of the rule that found something unusual."),
        "codes": Member(_NUMBER, "How many values of coded elements were classified."),
        "commitment": Member(_TEXT, "Salted commitment to what a client proves itself with."),
        "concerns": Member(_TEXT, "Digest of the document that somebody signed in again for."),
        "conclusion": Member(_TEXT, "Code of what a yearly review concludes."),
        "configuration": Member(_NUMBER, "Entry that recorded what was decided by besides signed documents."),
        "corrects": Member(_NUMBER, "Entry of the record by hand that this one corrects."),
        "covers": Member(_TEXT, "Code of what a certificate covers: all, or those who left."),
        "covers.roster": Member(_TEXT, "Whether a roster is the whole one, or additions to the one before."),
        "dataset": Member(_TEXT, "The dataset."),
        "days": Member(_NUMBER, "How many days ahead."),
        "days.kept": Member(_NUMBER, "For how many days versions of records are kept."),
        "datasets": Member(Kind.LIST_OR_NULL, "Datasets that a token is narrowed to; null for all of the agreement."),
        "decision": Member(_TEXT, "What was decided: accept, refuse or confirm."),
        "demo": Member(Kind.FLAG, "Whether the database is marked as a demo, for good."),
        "digest": Member(_TEXT, "Digest of the batch; it covers random ids."),
        "disclosures": Member(_NUMBER, "How many disclosures a certificate covers."),
        "disclosed_on": Member(_TEXT, "Day on which records left outside the gateway."),
        "discovered": Member(_TEXT, "Instant at which an incident was discovered."),
        "document": Member(_TEXT, "Digest of the signed document that was received."),
        "draft": Member(_TEXT, "Digest of the draft."),
        "earlier": Member(_LIST, "Digests of the catalogues before it that agreements may be written against."),
        "element": Member(_TEXT, "Id of the element that was asked about."),
        "elements": Member(_LIST, "Ids of the elements; in a refusal, the names that were asked for and are refused."),
        "elements.count": Member(_NUMBER, "How many elements an emergency order lists."),
        "ending": Member(_TEXT, "Why a statement ended: amended, destroyed or withdrawn."),
        "earlier_last_day": Member(_TEXT, "Last day of the client's earlier bindings to the agreement."),
        "ended": Member(_NUMBER, "How many rows ended."),
        "ends": Member(_TEXT, "First instant after it."),
        "engine": Member(_TEXT, "Name and version of the policy engine."),
        "entry": Member(_NUMBER, "Entry whose receipt was fetched."),
        "entry.secret": Member(_NUMBER, "Entry that issued the client's secret."),
        "entry.slip": Member(_NUMBER, "Entry about which a slip was written."),
        "entry.rebuilt": Member(_NUMBER, "Entry of the disclosure that was rebuilt."),
        "epoch": Member(_NUMBER, "Epoch at which it was decided, and rows were read."),
        "error": Member(_TEXT, "Error code of the answer (RFC 6749)."),
        "expires": Member(_NUMBER, "When the token expires, in seconds since 1970."),
        "facts": Member(_TEXT, "Salted commitment to the rows about students that this entry dates."),
        "ferpa_9932_required": Member(Kind.FLAG, "Whether 34 CFR 99.32 asks for a record of this disclosure."),
        "findings": Member(_NUMBER, "How many findings a yearly review has."),
        "first_day": Member(_TEXT, "First day."),
        "follows": Member(_TEXT, "Name of the log before it."),
        "follows.entry": Member(_NUMBER, "Entry of the request to amend that was refused before."),
        "form": Member(_TEXT, "Form in which an accounting was given out."),
        "from_day": Member(_TEXT, "First day of a ban."),
        "given": Member(_TEXT, "Digest of the document that gave the role."),
        "ground": Member(_TEXT, "Code of why a request is refused."),
        "guardrails": Member(_TEXT, "Digest of the district's guardrails that were decided by."),
        "hours": Member(_NUMBER, "Hours without a cosignature after which nothing is disclosed."),
        "hold": Member(_TEXT, "Digest of the hold that is released."),
        "key": Member(_TEXT, "Thumbprint of the key."),
        "identified_by": Member(_TEXT, "Code of how the district knew who asks."),
        "identity": Member(_TEXT, "Salted commitment to who signs in, at which identity provider; erasable."),
        "incident": Member(_NUMBER, "Entry that opened the incident."),
        "invited_by": Member(_TEXT, "Random id of whoever signed in and invited them."),
        "kept": Member(Kind.TABLE, "Size and tree head of the newest checkpoint that was kept elsewhere."),
        "key.log": Member(_TEXT, "Verifier key of the log (C2SP signed-note)."),
        "key.wrapping": Member(_TEXT, "Name of a key that wraps links of students; `first` for the one made first."),
        "key_set": Member(_TEXT, "Digest of the set of keys that was fetched."),
        "keys": Member(_LIST, "Thumbprints of the client's keys."),
        "kind": Member(_TEXT, "Code of its kind."),
        "last_day": Member(_TEXT, "Last day."),
        "last_entry": Member(Kind.NUMBER_OR_NULL, "Last disclosure that a certificate covers; null if there is none."),
        "leavers": Member(_NUMBER, "How many students who left a certificate is about."),
        "left": Member(Kind.TABLE, "Size and tree head of what is left of the log before it."),
        "line": Member(_TEXT, "Id that all versions of the agreement share."),
        "lines": Member(_NUMBER, "How many lines a roster has."),
        "listed": Member(_TEXT, "Salted commitment to the list of subject numbers beside the tree."),
        "log_public_key": Member(_TEXT, "Public key of the log."),
        "mapping": Member(_TEXT, "Name of the mapping file that rows were loaded by."),
        "model": Member(_TEXT, "Digest of the policy model."),
        "most": Member(_NUMBER, "How many rows of the dataset the client may take in a day."),
        "must_cosign": Member(_NUMBER, "How many of the witnesses must cosign."),
        "network": Member(
            Kind.TEXT_OR_NULL, "Signed network from which a bearer token came; null for an address in none of them."
        ),
        "officer": Member(_TEXT, "Thumbprint of the officer's key."),
        "officers": Member(_LIST, "Thumbprints of the officers' keys; in entry 0 the public keys themselves."),
        "order": Member(_TEXT, "Digest of the emergency order."),
        "origin": Member(_TEXT, "Name of the log."),
        "outcome": Member(_TEXT, "Code of what an answer came to."),
        "pack": Member(_TEXT, "Digest of the review pack."),
        "partner": Member(_TEXT, "Id of the partner."),
        "party": Member(_TEXT, "Id of the party a signer signs for."),
        "party.staff": Member(_TEXT, "Id of the party whose staff it is."),
        "partners.telling": Member(_NUMBER, "How many partners the list has."),
        "people": Member(_NUMBER, "How many people are named."),
        "person": Member(_TEXT, "Random id of somebody who signs in."),
        "predecessor": Member(_TEXT, "Id of the partner that went."),
        "proof": Member(_TEXT, "Digest of the DPoP proof: the partner's own signature over this request."),
        "purpose": Member(_TEXT, "Code of the purpose."),
        "readable_from": Member(_NUMBER, "Oldest entry as of which records can be read."),
        "reason": Member(_TEXT, "Code of what was wrong, for the operator."),
        "reason.resolution": Member(_TEXT, "Code of why a case was resolved."),
        "reasons": Member(Kind.TABLE, "How many were refused for which reason; reasons are constants."),
        "recipients": Member(_LIST, "Places of the recipients in the emergency order."),
        "recipients.count": Member(_NUMBER, "How many recipients an emergency order lists."),
        "received_on": Member(_TEXT, "Day on which a request was received."),
        "records": Member(_NUMBER, "How many rows left, or would have."),
        "release": Member(_TEXT, "Version of Pactgate."),
        "replaces": Member(_TEXT, "Thumbprint of the key that the officer's replaces."),
        "replaces.withholding": Member(_NUMBER, "Entry of the withholding that it takes the place of."),
        "request": Member(_TEXT, "Salted commitment to the request in its canonical form."),
        "request_id": Member(_TEXT, "Id of the request, as in the operator's log."),
        "result": Member(_TEXT, "Salted commitment to the bytes of the answer."),
        "role": Member(Kind.TEXT_OR_NULL, "Role of the person behind the call, said by the partner."),
        "role.staff": Member(_TEXT, "Role of somebody who signs in."),
        "rows": Member(_TEXT, "Root of the salted commitments to each row."),
        "rows.count": Member(_NUMBER, "How many rows."),
        "ruleset": Member(_TEXT, "Digest of the compiled rules, and of all they rest on."),
        "school_year": Member(_TEXT, "The school year."),
        "scope": Member(_TEXT, "What an opt-out is from: all sharing, or directory information."),
        "scope.copy": Member(_TEXT, "Whether all entries were copied from, or some."),
        "searched_by": Member(_LIST, "What the log was searched by besides the student; never for what."),
        "session": Member(_TEXT, "Random number of a session; it opens nothing."),
        "signer": Member(_TEXT, "Thumbprint of the signer's key."),
        "signers": Member(_LIST, "Thumbprints of the signers' keys."),
        "size": Member(_NUMBER, "Size of the log."),
        "since": Member(_TEXT, "First instant of the period."),
        "since.entry": Member(_NUMBER, "Entry from which on a key's signatures do not count."),
        "stewards": Member(_LIST, "Thumbprints of the keys of the stewards who signed."),
        "students": Member(_NUMBER, "How many students an officer named."),
        "students.affected": Member(_NUMBER, "How many students an incident may concern."),
        "submission": Member(_NUMBER, "Entry that received the roster."),
        "successor": Member(_TEXT, "Id of the partner that goes on."),
        "targets": Member(Kind.TABLE, "For each kind of rows, how many were added, changed, ended and refused."),
        "task": Member(_TEXT, "Code of what was to be done about an incident."),
        "token": Member(_TEXT, "Id of the access token; never the token."),
        "total": Member(_NUMBER, "How many in all."),
        "transformations": Member(_LIST, "How each element left."),
        "transforms": Member(_TEXT, "Version of the code that transforms values."),
        "tree_head": Member(_TEXT, "Head of the tree, as hex digits."),
        "trust": Member(_TEXT, "Digest of what was pinned in the trust file."),
        "tzdata": Member(_TEXT, "Release of the time-zone data."),
        "undoes": Member(_NUMBER, "Entry of the stop that is undone."),
        "until": Member(_TEXT, "Last day of it."),
        "until.instant": Member(_TEXT, "First instant after the period."),
        "until_day": Member(_TEXT, "Last day of a ban."),
        "version": Member(_NUMBER, "Version of the agreement."),
        "voices": Member(_LIST, "Thumbprints of the officers' keys that signed."),
        "was": Member(_TEXT, "Digest of the guardrails before."),
        "witnesses": Member(_LIST, "Names and key ids of the witnesses."),
        "words_only": Member(_NUMBER, "How many terms were approved as words only."),
        "zones": Member(_TEXT, "Digest of all time zones."),
    }
)
"""By label. A label is the name of the member; where one name means two things, a word after a dot tells them apart."""
