"""A hold on the records of one agreement of the deployment, as its canonical bytes."""

from agreements.documents.hold import Hold, hold_bytes
from tests.factories.cohort import DAY, TUTORING
from tests.factories.gateway import Gateway


def hold_of(gateway: Gateway, reason: str) -> bytes:
    """Return a hold for this reason, for a court."""
    return hold_bytes(Hold(gateway.digest(TUTORING), "legal", DAY, reason))
