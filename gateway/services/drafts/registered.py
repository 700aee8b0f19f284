"""Agreements as they were registered, read back for people to go on from or to compare. Nothing is granted by this."""

from agreements.document import Agreement, parse_agreement
from agreements.elements import load_catalogue
from agreements.errors import AgreementError
from agreements.register import load_agreement
from gateway.services.errors import UnknownAgreement
from gateway.services.office import Office


async def registered_agreement(office: Office, digest: str) -> Agreement:
    """Return the agreement with this digest, in force or not. Raises `UnknownAgreement`."""
    try:
        async with office.engine.connect() as connection:
            stored = (await load_agreement(connection, digest)).document
        return parse_agreement(stored.envelope.payload, load_catalogue())
    except AgreementError:
        raise UnknownAgreement(f"No agreement {digest} is registered that can be read.") from None
