"""
Confirmations of held loads: what two stewards signed, verified again when the load becomes visible, and used once.

INVARIANT: the entry of the load names them. It has no entry of its own: the number of every later entry would tell a
partner that a load was held, and so that much changed of what it may not see (claim 2).
"""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.authority import Filed
from agreements.documents.load_confirmation import (
    Confirmable,
    LoadConfirmation,
    load_confirmation_bytes,
    read_load_confirmation,
)
from agreements.register import insert_document
from agreements.signature import Envelope
from agreements.stewarding import VerifiedLoadConfirmation, verify_load_confirmation
from gateway.services.filing import Desk
from gateway.services.standing.registry import Moment, Registry


class SignedConfirmation:
    """A confirmation as stewards hand it in. Raises `MalformedDocument`, `InvalidDocument`."""

    def __init__(self, desk: Desk, document: Envelope) -> None:
        self._desk = desk
        self._document = document
        self._said = read_load_confirmation(document.payload)

    @property
    def load(self) -> Confirmable:
        """What was confirmed."""
        return self._said.load

    async def require_signed(self) -> None:
        """Check who signed, before a load takes its time. Raises an `AgreementError`."""
        self._verified(*await self._desk.registry())

    async def verify(self, connection: AsyncConnection) -> Mapping[str, object]:
        """
        Verify it in the transaction of the load; return what the load's entry says of it. Raises an `AgreementError`.

        The head is locked after the register was read: whatever ends a key moves the epoch, and the load is prepared
        anew then.
        """
        verified = self._verified(*await self._desk.registry_in(connection))
        return {"document": self._document.digest, "stewards": list(verified.stewards)}

    async def file(self, connection: AsyncConnection, index: int) -> None:
        """Register it by the load's entry. A second use is refused here. Raises `AlreadyRegistered`."""
        await insert_document(connection, self._document, concerns=None, index=index)

    def _verified(self, moment: Moment, registry: Registry) -> VerifiedLoadConfirmation:
        filed = Filed(self._document, moment.received)
        return verify_load_confirmation(filed, authority=registry.authority)


def confirmation_bytes(district: str, day: date, load: Confirmable, reason: str) -> bytes:
    """Return the bytes that stewards sign to let this load through."""
    payload = load_confirmation_bytes(LoadConfirmation(district, day, load, reason))
    read_load_confirmation(payload)  # judged as it will be when it is used
    return payload
