"""
Secrets of clients that know nothing better: made here, shown once, kept as a salted hash, ended at any time.

SHA-256 is enough, and right: a secret is 256 random bits, which nobody guesses however fast the hash is, and a slow
hash would only give strangers a way to spend our processor. The salt keeps the log's copy from saying anything.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import insert

from audit.change import append_change
from audit.entry import leaf
from audit.events import Event
from gateway.services.errors import SecretNotEnded, SecretRefused
from gateway.services.filing import Desk, Filing
from gateway.services.standing.identity import by
from gateway.services.standing.secrets import LoggedSecret
from gateway.store.tables import client_secret
from policies.bearer import signed_networks

SECRET_BYTES: Final = 32
SALT_BYTES: Final = 32
MOST_DAYS: Final = 365
MOST_AT_ONCE: Final = 2
"""The one in use and the next one, so that a partner can change over without a gap."""
PREFIX: Final = "pactgate_secret_"
"""So that scanners of repositories and chats can find one."""
_LABEL: Final = b"pactgate-client-secret/1"


@dataclass(frozen=True, slots=True)
class Issued:
    """A secret just made. `text` is shown once and kept nowhere."""

    entry: int
    ends: datetime
    text: str = field(repr=False)


def commitment_of(secret: str, client: str, salt: bytes) -> str:
    """Return the hex digest by which a secret of this client is known."""
    parts = (_LABEL, client.encode(), salt, secret.encode())
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()


def is_secret(sent: str, client: str, salt: bytes, commitment: str) -> bool:
    """Say whether `sent` is the secret behind `commitment`, in a time that does not depend on how much of it is."""
    return hmac.compare_digest(commitment_of(sent, client, salt), commitment)


class ClientSecrets:
    """Issues and ends secrets, as the loader role."""

    def __init__(self, desk: Desk, random: Callable[[int], bytes] = secrets.token_bytes) -> None:
        self._desk = desk
        self._random = random

    async def issue(self, client_id: str, days: int, person: str | None = None) -> Issued:
        """Make a secret that is good for `days`; `person` is who signed in to do it. Raises `SecretRefused`."""
        if not 1 <= days <= MOST_DAYS:
            raise SecretRefused(f"A secret is good for 1 to {MOST_DAYS} days.")
        async with self._desk.filing() as filing:
            # (1): partner and officer have signed that this client has no keys, and where it asks from.
            if not any(signed_networks(granted, client_id) for granted in filing.registry.granted.values()):
                raise SecretRefused(f"{client_id} is bound to nothing in force as a client that knows only a secret.")
            # (2): one to use and one to change to.
            live = live_secrets(filing.registry.secrets, client_id, filing.moment.now)
            if len(live) >= MOST_AT_ONCE:
                entries = " and ".join(str(each.entry) for each in live)
                raise SecretRefused(f"{client_id} has {MOST_AT_ONCE} secrets, of the entries {entries}: end one first.")
            text = PREFIX + urlsafe_b64encode(self._random(SECRET_BYTES)).rstrip(b"=").decode()
            salt, ends = self._random(SALT_BYTES), filing.moment.now + timedelta(days=days)
            commitment = commitment_of(text, client_id, salt)
            about = {"client": client_id, "commitment": commitment, "ends": ends.isoformat(), **by(person)}
            index = await append_change(filing.connection, leaf(Event.CLIENT_SECRET_ISSUED, filing.moment.now, **about))
            await filing.connection.execute(insert(client_secret).values({"idx": index, "salt": salt}))
        return Issued(index, ends, text)

    async def end(self, client_id: str, entry: int, person: str | None = None) -> int:
        """End the secret that `entry` issued; its next use is refused. Return the entry. Raises `SecretNotEnded`."""
        async with self._desk.filing() as filing:
            _require_known(filing, client_id, entry)
            ended = leaf(Event.CLIENT_SECRET_ENDED, filing.moment.now, client=client_id, entry=entry, **by(person))
            return await append_change(filing.connection, ended)


def live_secrets(known: tuple[LoggedSecret, ...], client_id: str, now: datetime) -> tuple[LoggedSecret, ...]:
    """Return the secrets of a client that are neither ended nor over, oldest first."""
    return tuple(each for each in known if each.client == client_id and now < each.ends)


def _require_known(filing: Filing, client_id: str, entry: int) -> None:
    if not any((each.client, each.entry) == (client_id, entry) for each in filing.registry.secrets):
        raise SecretNotEnded(f"Entry {entry} issued no secret of {client_id}, or the secret was ended.")
