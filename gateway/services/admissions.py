"""
Letting people and machines in: officers, signers, the people of a partner, and its clients; and taking a key's word away.

One transaction each, through `gateway.services.filing`; everything is verified before anything is written.
"""

from collections.abc import Sequence

from sqlalchemy import insert, select

from agreements.authority import build_authority
from agreements.documents.binding import read_binding
from agreements.documents.people import read_people_annex, read_undertaking
from agreements.errors import AgreementError
from agreements.in_force import VerifiedAgreement, verify_binding
from agreements.people import verify_people_annex, verify_undertaking
from agreements.register import digest_bytes
from agreements.signature import Envelope, Kind
from audit.events import Event
from gateway.services.errors import ClientTaken, UnknownAgreement
from gateway.services.filing import Desk, Filing
from gateway.store.tables import client

_EVENTS = {
    Kind.SIGNER: Event.SIGNER_INTRODUCED,
    Kind.OFFICER: Event.OFFICER_INTRODUCED,
    Kind.REVOCATION: Event.KEY_REVOKED,
}
