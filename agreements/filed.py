"""A signed document together with the log entry that received it: the time of signing, whatever the signer says."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from agreements.errors import NotEntitled
from agreements.signature import Envelope, Kind


@dataclass(frozen=True, slots=True)
class Received:
    """The entry that received a document: its index in the log and its time, which has a zone."""

    index: int
    at: datetime

    @property
    def day(self) -> date:
        """The day of the entry (UTC): signers and officers are valid by days of UTC."""
        return self.at.astimezone(UTC).date()


@dataclass(frozen=True, slots=True)
class Filed:
    """A signed document as the log received it, **not verified**."""

    envelope: Envelope
    received: Received

    def require_kind(self, kind: Kind) -> None:
        """Check what kind of document it is. Raises `NotEntitled`."""
        if self.envelope.kind is not kind:
            raise NotEntitled(f"A document of kind '{self.envelope.kind}' was given where '{kind}' is needed.")

    @property
    def signed_by(self) -> frozenset[str]:
        """The thumbprints that the signatures claim; only `agreements.signature.verify` tells whether they are true."""
        return frozenset(signature.kid for signature in self.envelope.signatures)
