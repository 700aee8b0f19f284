"""Moving the log's keys: a document of two officers, its entry, and from then on another key signs."""

from agreements.documents.log_key import INTRODUCED
from agreements.log_keys import moved, verify_log_key
from agreements.signature import Envelope
from audit.events import Event
from gateway.services.filing import Desk
from gateway.services.logkeys import log_keys_in, require_key_of
from gateway.services.obligations.history import driver_of


async def move_log_key(desk: Desk, document: Envelope) -> int:
    """
    Register an introduction or a retirement of a log key; return the entry.

    Raises an `AgreementError` naming the first thing that is wrong.
    """
    async with desk.filing() as filing:
        # (1): two officers signed it, about this log.
        verified = verify_log_key(filing.filed(document), authority=filing.authority)
        # (2): it is a key that a checkpoint can be signed with.
        require_key_of(verified.move.key, verified.move.origin)
        # (3): it follows on what was before.
        known = await log_keys_in(await driver_of(filing.connection), desk.trust)
        moved(known.keys, verified, known.ended)
        return await filing.file(
            Event.LOG_KEY_INTRODUCED if verified.move.move == INTRODUCED else Event.LOG_KEY_RETIRED,
            document,
            concerns=None,
            key=verified.move.key,
            officers=sorted(signature.kid for signature in document.signatures),
        )
