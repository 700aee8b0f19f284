"""What the log says about bearer tokens: loudly that they are, who asked, from which signed network, and why not."""

from audit.entry import leaf
from audit.events import Event
from audit.log import Draft
from gateway.oauth.compatibility.deciding import AskedBySecret, BearerIssue
from policies.request import Bearer
from policies.told import told_of_bearer


def issued(asked: AskedBySecret, issue: BearerIssue, request_id: str) -> Draft:
    """Return the entry of a token. A stop that came since the client was loaded refuses it."""
    client, details = asked.known.client, issue.details
    return Draft(
        leaf=leaf(
            Event.TOKEN_ISSUED,
            client.read_at,
            **_about(asked, issue.network, request_id),
            agreement=details.agreement,
            purpose=details.purpose,
            datasets=None if details.datasets is None else list(details.datasets),
            behind=details.behind,
            role=details.role,
            token=issue.token.id,
            expires=issue.token.expires,
        ),
        read_epoch=client.epoch,
    )


def refused(asked: AskedBySecret, error: str, reason: str, request_id: str) -> Draft:
    """Return the entry of a refusal of a client whose secret was right."""
    about = _about(asked, asked.network, request_id)
    return Draft(leaf=leaf(Event.TOKEN_REFUSED, asked.known.client.read_at, **about, error=error, reason=reason))


def _about(asked: AskedBySecret, network: str | None, request_id: str) -> dict[str, object]:
    client = asked.known.client
    return {
        "client": client.id,
        "partner": client.partner,
        "entry": asked.secret,
        **told_of_bearer(Bearer(network)),
        "epoch": client.epoch,
        "request_id": request_id,
    }
