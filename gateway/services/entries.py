"""The entry of one authenticated request: who asked for what, in words that name no student, and what opens it."""

import hashlib
from collections.abc import Callable
from datetime import datetime

from audit.commitments import SECRET_SIZE, Private, commit_bytes, pack_private
from audit.entry import leaf
from audit.events import Event
from audit.log import Draft, Once
from gateway.caller import AnyCaller, Caller
from gateway.services.volume import Volume
from policies.told import told_of_bearer

_NONCE_BYTES = 12
"""Of AES-GCM; far too many to draw one twice."""
REPLAYED = "replayed"
"""The code of the refusal that is written when a proof was used before."""


def salts_for(query: str, random: Callable[[int], bytes]) -> Private:
    """Return fresh secrets for one entry; `query` is the canonical request, which is committed to and not shown."""
    return Private(
        row_secret=random(SECRET_SIZE),
        result_salt=random(SECRET_SIZE),
        request_salt=random(SECRET_SIZE),
        request=query.encode(),
    )


def cursor_nonce(salts: Private) -> bytes:
    """
    Return the nonce of the cursor that leaves with an answer: random as the entry's secret is, and the same again.

    So the whole answer can be made again from its entry, the cursor included (claim 6).
    """
    return hashlib.sha256(b"cursor" + salts.row_secret).digest()[:_NONCE_BYTES]


def draft_for(
    caller: AnyCaller,
    event: Event,
    now: datetime,
    salts: Private,
    *,
    request_id: str,
    configuration: int | None = None,
    read_epoch: int | None = None,
    subjects: bytes = b"",
    volume: Volume | None = None,
    **body: object,
) -> Draft:
    """
    Return the draft of one request's entry. It spends the caller's proof; a proof spent before makes it a refusal.

    A bearer token comes without a proof, and the entry says so.

    `configuration` is the entry that recorded what is decided by, where a decision was made. `volume` is what the entry
    adds to its client's day; a day that is full makes it a refusal too.

    Raises `LeafRefused` if `body` cannot stand in a leaf.
    """
    about: dict[str, object] = {
        "client": caller.client,
        "agreement": caller.agreement,
        "purpose": caller.purpose,
        "behind": caller.behind,
        "token": caller.token_id,
        **told_of_bearer(caller.bearer),
        "request_id": request_id,
        "request": commit_bytes(salts.request_salt, salts.request).hex(),
    }
    once: tuple[Once, ...] = ()
    if isinstance(caller, Caller):
        about["proof"] = caller.proof_digest
        once = (Once(caller.replay_id, caller.replay_expires_at),)
    if configuration is not None:
        about["configuration"] = configuration
    return Draft(
        leaf=leaf(event, now, **about, **body),
        read_epoch=read_epoch,
        once=once,
        refusal=leaf(Event.REFUSAL, now, **about, code=REPLAYED),
        subjects=subjects,
        private=pack_private(salts),
        meter=None if volume is None else volume.meter(caller, now, leaf(Event.REFUSAL, now, **about, **volume.facts)),
    )
