"""What the log says about tokens: who asked, what was granted, why not. Never the token, the assertion or the proof."""

from audit.entry import leaf
from audit.events import Event
from audit.log import Draft, Once
from gateway.oauth.assertion import AuthenticatedClient
from gateway.oauth.dpop import Proof
from gateway.oauth.grants import Issue
from gateway.oauth.tokens import VerifiedToken


def issued(who: AuthenticatedClient, issue: Issue, request_id: str) -> Draft:
    """
    Return the entry of a token, spending assertion and proof.

    The epoch under which the client was loaded goes along: a stop that came since refuses the token.
    """
    details = issue.details
    return Draft(
        leaf=leaf(
            Event.TOKEN_ISSUED,
            who.client.read_at,
            **_about(who, request_id),
            agreement=details.agreement,
            purpose=details.purpose,
            datasets=None if details.datasets is None else list(details.datasets),
            behind=details.behind,
            role=details.role,
            token=issue.token.id,
            expires=issue.token.expires,
            bound_to=issue.proof.thumbprint,
            proof=issue.proof.digest,
        ),
        read_epoch=who.client.epoch,
        once=_both(who, issue.proof),
        refusal=_replayed(who, request_id),
    )


def revoked(who: AuthenticatedClient, token: VerifiedToken, proof: Proof, request_id: str) -> Draft:
    """Return the entry that ends a client's own token, spending assertion and proof. It moves the epoch."""
    return Draft(
        leaf=leaf(
            Event.TOKEN_REVOKED,
            who.client.read_at,
            **_about(who, request_id),
            agreement=token.details.agreement,
            token=token.id,
            expires=token.expires,
            proof=proof.digest,
        ),
        read_epoch=who.client.epoch,
        once=_both(who, proof),
        refusal=_replayed(who, request_id),
        moves_epoch=True,
    )


def inspected(who: AuthenticatedClient, token: str | None, proof: Proof, request_id: str, *, active: bool) -> Draft:
    """
    Return the entry of a question about a token, spending assertion and proof.

    `token` is its id, None if it is not the client's own. What was told holds at the epoch of the entry.
    """
    return Draft(
        leaf=leaf(
            Event.TOKEN_INSPECTED,
            who.client.read_at,
            **_about(who, request_id),
            active=active,
            proof=proof.digest,
            **({} if token is None else {"token": token}),
        ),
        read_epoch=who.client.epoch,
        once=_both(who, proof),
        refusal=_replayed(who, request_id),
    )


def refused(who: AuthenticatedClient, error: str, reason: str, request_id: str) -> Draft:
    """
    Return the entry of a refusal.

    The assertion is spent here too: whoever saw it go by must not be able to use it with a proof of their own.
    """
    return Draft(
        leaf=_refusal(who, error, reason, request_id),
        once=(Once(who.replay_id, who.replay_expires_at),),
        refusal=_replayed(who, request_id),
    )


def _both(who: AuthenticatedClient, proof: Proof) -> tuple[Once, Once]:
    return (Once(who.replay_id, who.replay_expires_at), Once(proof.replay_id, proof.replay_expires_at))


def _replayed(who: AuthenticatedClient, request_id: str) -> bytes:
    return _refusal(who, "invalid_client", "replayed", request_id)


def _refusal(who: AuthenticatedClient, error: str, reason: str, request_id: str) -> bytes:
    about = _about(who, request_id)
    return leaf(Event.TOKEN_REFUSED, who.client.read_at, **about, error=error, reason=reason)


def _about(who: AuthenticatedClient, request_id: str) -> dict[str, object]:
    return {
        "client": who.client.id,
        "partner": who.client.partner,
        "key": who.key_id,
        "epoch": who.client.epoch,
        "request_id": request_id,
    }
