"""What this floor needs of the rest: a directory of clients and a log to append to."""

from typing import Protocol

from audit.log import Appended, Draft
from gateway.registration import ClientDirectory

SERVICES_STATE = "services"
"""Where a request finds the open services, in the ASGI state."""


class Journal(Protocol):
    """The log, as far as tokens need it (`audit.log.Log`)."""

    async def append(self, draft: Draft) -> Appended:
        """Commit one entry; raises `Replayed`, `EpochMoved`, `LogUnavailable`, `LogBusy`."""
        ...


class OAuthServices(Protocol):
    """What must be open while tokens are issued. The gateway's container of services has these and more."""

    @property
    def clients(self) -> ClientDirectory:
        """Where clients are looked up."""
        ...

    @property
    def log(self) -> Journal:
        """Where entries are appended."""
        ...
