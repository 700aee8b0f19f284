"""
What each error code means on the wire: status and title, in this one file (RFC 9457, RFC 6749 section 5.2).

A code that is not in the table is an error nobody meant to show: it becomes a plain 500 that says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import msgspec

from gateway.errors import GatewayError

PROBLEM_JSON = b"application/problem+json"
OAUTH_JSON = b"application/json"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one code is answered. `detail` stands in where the error brings no sentence of its own."""

    status: int
    title: str
    detail: str = ""
    retry_after: int | None = None
    """Seconds after which the same request may succeed."""


PROBLEMS: Mapping[str, Kind] = {
    # the request itself
    "invalid_request": Kind(400, "The request is not well formed"),
    "unknown_element": Kind(400, "Unknown data element"),
    "unknown_dataset": Kind(400, "Unknown dataset"),
    "nothing_asked": Kind(400, "Nothing was asked for"),
    "unclear_request": Kind(400, "The request cannot be judged as it stands"),
    "bad_filter": Kind(400, "A filter cannot be applied"),
    "bad_position": Kind(400, "Invalid cursor"),
    "leaf_refused": Kind(400, "The request is too large to be put on record"),
    "cursor_invalid": Kind(400, "Invalid cursor", "This cursor was not issued for this query; ask again without it."),
    "changes_lost": Kind(410, "These changes are not told any more"),
    "not_found": Kind(404, "Not found", "There is nothing here that you may see."),
    "entry_missing": Kind(404, "Not found", "There is nothing here that you may see."),
    "roster_unreadable": Kind(400, "The roster cannot be read"),
    "roster_not_asked": Kind(403, "The agreement asks for no roster"),
    "roster_repeated": Kind(409, "The idempotency key was used for another roster"),
    "rosters_waiting": Kind(429, "Too many rosters wait for the district", retry_after=86_400),
    "method_not_allowed": Kind(405, "Method not allowed", "This address does not answer to that method."),
    "request_timeout": Kind(408, "The request came too slowly", "Send the whole request within a few seconds."),
    "body_too_large": Kind(413, "The request body is too large", "Send a smaller body."),
    "too_many_requests": Kind(429, "Too many requests", "Wait a moment, then try again.", retry_after=5),
    "volume_exceeded": Kind(429, "Too many records for one day"),
    # who is asking (RFC 6750 section 3.1, RFC 9449 section 7.1)
    "token_required": Kind(401, "An access token is required", "Send a DPoP-bound access token."),
    "invalid_token": Kind(401, "The access token is not accepted", "Get a new access token and try again."),
    "invalid_dpop_proof": Kind(401, "The DPoP proof is not accepted", "Send one fresh DPoP proof for this request."),
    "insufficient_authorization": Kind(403, "The access token does not cover this"),
    # what was decided
    "token_over": Kind(401, "The access token is not accepted", "It was ended before its time; get a new one."),
    "unknown_client": Kind(401, "The access token is not accepted", "Get a new access token and try again."),
    "suspended": Kind(
        401,
        "The access token is not accepted",
        "This client, its agreement or its partner is suspended; a new token does not change that.",
    ),
    "no_agreement": Kind(403, "No agreement covers this request"),
    "agreement_not_yet_valid": Kind(403, "The agreement is not yet in force"),
    "agreement_expired": Kind(403, "The agreement has ended"),
    "no_responsible_person": Kind(403, "Nobody answers for this client"),
    "bearer_not_covered": Kind(403, "Bearer tokens open nothing here"),
    "address_not_covered": Kind(401, "The access token is not accepted"),
    "dataset_not_covered": Kind(403, "The agreement does not cover this dataset"),
    "purpose_not_covered": Kind(403, "The agreement does not cover this purpose"),
    "element_not_covered": Kind(403, "The agreement does not cover this data element"),
    "denied_by": Kind(403, "A district-wide rule forbids this"),
    "too_many_to_sort": Kind(400, "Too many students to sort by"),
    # people who sign in
    "sign_in_required": Kind(401, "Sign in to see this page"),
    "sign_in_failed": Kind(400, "The sign-in did not work"),
    "provider_refused": Kind(403, "You were not let in"),
    "sign_in_too_weak": Kind(403, "A stronger sign-in is needed"),
    "provider_away": Kind(503, "The identity provider does not answer", retry_after=60),
    "staff_suspended": Kind(403, "You cannot sign in here"),
    "foreign_form": Kind(403, "The form cannot be taken"),
    "role_missing": Kind(403, "Your role does not include this"),
    "step_up_refused": Kind(403, "The sign-in is somebody else's"),
    "step_up_required": Kind(403, "A fresh sign-in is needed"),
    "invitation_refused": Kind(400, "The invitation cannot be used"),
    "identity_taken": Kind(409, "You are known here already"),
    # the gateway's own state
    "not_served": Kind(501, "This part of the agreement is not served yet"),
    "log_damaged": Kind(503, "The log is under examination", "Nothing was disclosed; ask the district."),
    "witness_missing": Kind(503, "No witness has seen the log", "Nothing was disclosed; try again.", retry_after=60),
    "replayed": Kind(401, "The DPoP proof is not accepted", "Send one fresh DPoP proof for this request."),
    "busy": Kind(503, "The gateway is busy", "Try again in a moment.", retry_after=1),
    "timed_out": Kind(503, "The gateway took too long", "Try again in a moment.", retry_after=5),
    "log_busy": Kind(503, "The gateway is busy", "Try again in a moment.", retry_after=1),
    "log_unavailable": Kind(503, "The log cannot be written", "Nothing was disclosed; try again.", retry_after=5),
    "wrapping_key_missing": Kind(503, "A key is missing here", "Nothing was disclosed; try again.", retry_after=5),
    "database_unavailable": Kind(503, "The data store cannot be reached", "Try again shortly.", retry_after=5),
    "changes_outrun": Kind(503, "The records are changing too fast", retry_after=5),
    "epoch_moved": Kind(503, "The rules changed while answering", "Try again.", retry_after=1),
    "internal": Kind(500, "The gateway failed", "The failure is on record under this request id."),
}

PAGE_PROBLEMS: Mapping[str, Kind] = {
    "invalid_search": Kind(400, "This cannot be searched for"),
    "invalid_list": Kind(400, "This list cannot be shown so"),
    "invalid_wish": Kind(400, "Something is missing"),
    "nothing_said": Kind(400, "Something is missing"),
    "no_district": Kind(409, "There is no agreement yet"),
    "consent_refused": Kind(400, "This consent lacks something"),
    "statement_refused": Kind(400, "This statement cannot be taken"),
    "no_slip": Kind(404, "There is nothing to print"),
    "code_refused": Kind(400, "This cannot be judged so"),
    "unknown_roster": Kind(404, "There is no such roster"),
    "roster_forgotten": Kind(409, "The names are not kept any more"),
    "roster_altered": Kind(409, "The roster was altered"),
    "roster_outdated": Kind(409, "A newer roster was handed in"),
    "roster_moved": Kind(409, "Something came in between"),
    "roster_held": Kind(409, "Many students would leave the roster"),
    "line_refused": Kind(409, "This cannot be said of the line"),
    "not_their_right": Kind(403, "This person cannot decide this"),
    "restriction_refused": Kind(409, "It does not fit what is on file"),
    "signer_unknown": Kind(400, "The name of who speaks is needed"),
    "not_confirmed": Kind(400, "It was not confirmed"),
    "not_acknowledged": Kind(409, "Look at each caution first"),
    "cursor_refused": Kind(400, "This page of the list is not there"),
    "unknown_agreement": Kind(404, "There is no such agreement"),
    "not_registered": Kind(404, "There is no such agreement"),
    "no_such_partner": Kind(404, "There is no such partner"),
    "unknown_student": Kind(404, "There is no such student"),
    "link_erased": Kind(404, "Nothing is kept of this student"),
    "paper_refused": Kind(409, "This document cannot be taken"),
    "no_such_paper": Kind(404, "There is no such document"),
    "sign_link_over": Kind(404, "This link is over"),
    "paper_filed": Kind(409, "It is filed already"),
    "paper_incomplete": Kind(409, "Somebody has still to sign"),
    "nothing_waits": Kind(409, "It does not wait any more"),
    "too_many_papers": Kind(409, "Too many documents wait"),
    "signature_unwanted": Kind(409, "Nobody waits for this signature"),
    "nothing_to_stop": Kind(409, "It is stopped already"),
    "already_stopped": Kind(409, "It is stopped already"),
    "already_terminated": Kind(409, "It is over already"),
    "nothing_left": Kind(409, "It is over already"),
    "invalid_order": Kind(400, "Something is missing"),
    "no_such_order": Kind(404, "There is no such order"),
    "order_was_ended": Kind(409, "It is over already"),
    "release_refused": Kind(409, "The order does not give this"),
    "other_students": Kind(409, "These are other students"),
    "too_many_students": Kind(409, "These are too many students"),
    "unknown_draft": Kind(404, "There is no such draft"),
    "draft_moved": Kind(409, "The draft was saved by somebody else"),
    "too_many_drafts": Kind(409, "Too many drafts are kept"),
    "drafted_by_another": Kind(409, "Another officer drafts this"),
    "draft_incomplete": Kind(409, "The draft is not complete"),
    "draft_refused": Kind(400, "This cannot stand in an agreement"),
    "own_line_needed": Kind(400, "A line of its own is needed"),
    "draft_budget_spent": Kind(429, "No further drafts are counted today"),
    "invalid_form": Kind(400, "A field of the form cannot be taken"),
    "invalid_document": Kind(400, "The document would not hold"),
    "malformed_document": Kind(400, "The document cannot be read"),
    "bad_key": Kind(400, "The key cannot be taken"),
    "same_person": Kind(403, "Two different people do this"),
    "no_such_client": Kind(404, "There is no such program"),
    "no_such_person": Kind(404, "There is no such person"),
    "no_such_role": Kind(404, "There is no such role"),
    "no_such_hold": Kind(404, "There is no such hold"),
    "no_load_report": Kind(404, "There is no such report"),
    "nothing_held": Kind(409, "This load is not held"),
    "staff_role_refused": Kind(409, "The role cannot be given as it stands"),
    "secret_refused": Kind(409, "No secret was made"),
    "secret_not_ended": Kind(409, "There is no such secret"),
    "nothing_to_undo": Kind(409, "There is nothing to undo"),
    "nothing_signed": Kind(409, "The log is not signed that far yet"),
    "not_rebuilt": Kind(409, "Nothing could be copied"),
    "witness_key_refused": Kind(409, "The witness's key cannot be taken"),
    "client_taken": Kind(409, "The program is registered already"),
    "pack_refused": Kind(409, "The pack is another one by now"),
    "review_refused": Kind(409, "The review cannot be taken"),
    "unknown_case": Kind(404, "There is no such case"),
    "unknown_incident": Kind(404, "There is no such incident"),
    "case_refused": Kind(400, "This cannot be noted"),
    "case_moved": Kind(409, "Somebody was quicker"),
    "duties_undone": Kind(409, "Something is still to be done"),
}
"""
What only a page of the district's own staff says.

INVARIANT: a partner is told none of these, whatever was raised: whether a student or an agreement exists is not its
business (claim 8). For it each is the plain 500 of a code that nobody meant to show.
"""

_UNDONE = Kind(409, "It cannot be done as things stand")

TOKEN_ERRORS: Mapping[str, Kind] = {
    "invalid_request": Kind(400, "The request is missing something, repeats something or is otherwise malformed"),
    "invalid_client": Kind(400, "Client authentication failed"),
    "unauthorized_client": Kind(400, "This client may not use this grant"),
    "unsupported_grant_type": Kind(400, "Only client_credentials is served here"),
    "invalid_scope": Kind(400, "The scope goes beyond the registration"),
    "invalid_authorization_details": Kind(400, "The authorization details are not acceptable (RFC 9396)"),
    "invalid_target": Kind(400, "The resource is not served here (RFC 8707)"),
    "invalid_dpop_proof": Kind(400, "The DPoP proof is not acceptable (RFC 9449)"),
    "use_dpop_nonce": Kind(400, "Repeat the request with the nonce in the DPoP proof (RFC 9449)"),
    "temporarily_unavailable": Kind(503, "No token can be issued right now; try again", retry_after=5),
}


class Problem(Exception):
    """
    A refusal that needs no class of its own: a code of the table, and a sentence for whoever asked.

    `members` are extra fields of the answer. Nothing in it may be personal data or a secret.
    """

    retry_after: int | None = None
    """Seconds, if the table cannot know them."""

    def __init__(self, code: str, detail: str | None = None, **members: object) -> None:
        super().__init__(code)
        self.code = code
        self.public_detail = detail or ""
        self.members = members
        self.recorded = code
        """What the log says, where it says more than the answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished error answer; `title` and `detail` are what it says, for a page in the reader's language."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    title: str = ""
    detail: str = ""


def problem(
    code: str,
    detail: str = "",
    *,
    members: Mapping[str, object] | None = None,
    retry_after: int | None = None,
    to_staff: bool = False,
) -> Answer:
    """
    Return the RFC 9457 answer for `code`; an unknown code says no more than that the gateway failed.

    `to_staff` says that a page of the district's staff shows it: there whatever a room refused with a sentence is told
    by this sentence, also where the table has no title for it.
    """
    kind = (PAGE_PROBLEMS.get(code) if to_staff else None) or PROBLEMS.get(code)
    # Who says no more than that it could not be done says nothing to a person: it is a fault of ours.
    if kind is None and to_staff and detail not in {"", GatewayError.public_detail}:
        kind = _UNDONE
    if kind is None:
        code, kind, detail, members = "internal", PROBLEMS["internal"], "", None
    said = detail or kind.detail or HTTPStatus(kind.status).description
    body: dict[str, object] = {
        **(members or {}),
        "type": f"urn:pactgate:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": str(said),
        "code": code,
    }
    headers = _headers(PROBLEM_JSON, retry_after or kind.retry_after)
    return Answer(kind.status, headers, msgspec.json.encode(body), kind.title, said)


def token_error(error: str, *, basic: bool = False) -> Answer:
    """
    Return the RFC 6749 section 5.2 answer for `error`. The text is a constant: one for each class of failure.

    `basic` says that the client tried HTTP Basic and nothing else; only then does the RFC ask for a 401 challenge.
    """
    kind = TOKEN_ERRORS[error]
    status, headers = kind.status, _headers(OAUTH_JSON, kind.retry_after)
    if basic:
        status, headers = 401, (*headers, (b"www-authenticate", b'Basic realm="token"'))
    return Answer(status, headers, msgspec.json.encode({"error": error, "error_description": kind.title}))


def _headers(content_type: bytes, retry_after: int | None) -> tuple[tuple[bytes, bytes], ...]:
    headers = [(b"content-type", content_type), (b"cache-control", b"no-store")]
    if retry_after is not None:
        headers.append((b"retry-after", str(retry_after).encode()))
    return tuple(headers)
