"""
The development sign-in: whoever sits at this machine picks who they are. It is for a demo and proves nothing.

INVARIANT: it is there only in a database marked as a demo, on a loopback address, with nothing in front and no identity
provider: `development_for` makes the one object that its routes need, and each request is looked at again. What it
opens is the same session under the same rules; every entry of it says how it was opened. A trigger of the database
keeps its identities out of any other.
"""

from collections.abc import Callable
from dataclasses import InitVar, dataclass
from time import time
from typing import Final, Protocol
from urllib.parse import urlsplit

import asyncpg

from gateway.addresses import Terminators, is_loopback
from gateway.errors import SettingsError

_IS_DEMO: Final = "SELECT demo FROM gateway.installation"
_CHECKED: Final = object()


class Surroundings(Protocol):
    """What of the settings says whether this may be offered."""

    @property
    def public_url(self) -> str:
        """The address that browsers use."""
        ...

    @property
    def host(self) -> str:
        """The address listened on."""
        ...

    @property
    def terminators(self) -> Terminators:
        """What stands in front."""
        ...

    @property
    def sign_in(self) -> object | None:
        """The file with the identity providers."""
        ...


@dataclass(frozen=True, slots=True)
class Development:
    """Leave to offer it, at `public_url`; made by `development_for` alone. `clock` is in seconds of the epoch."""

    public_url: str
    clock: Callable[[], float]
    checked: InitVar[object]

    def __post_init__(self, checked: object) -> None:
        """Refuse to be made by anybody else."""
        if checked is not _CHECKED:
            raise TypeError("made by development_for alone")


def require_on_this_machine(settings: Surroundings) -> None:
    """Check that the settings leave a development sign-in to this machine alone. Raises `SettingsError`."""
    # (1): who has an identity provider signs in there. A second way in beside it would be a back door.
    if settings.sign_in is not None:
        raise SettingsError(
            "An identity provider is configured, so there is no development sign-in.",
            remedy="Unset PACTGATE_DEVELOPMENT_SIGN_IN or PACTGATE_SIGN_IN.",
        )
    # (2): nothing stands in front: behind a terminator everybody comes from this machine.
    if settings.terminators.networks:
        raise SettingsError(
            "PACTGATE_TERMINATORS names something in front, so there is no development sign-in.",
            remedy="Unset PACTGATE_DEVELOPMENT_SIGN_IN or PACTGATE_TERMINATORS.",
        )
    # (3): it is reached from this machine alone. Over https something else terminates TLS.
    parts = urlsplit(settings.public_url)
    if parts.scheme != "http" or not is_loopback(parts.hostname or "") or not is_loopback(settings.host):
        raise SettingsError(
            f"{settings.public_url} is not a plain address of this machine alone, so there is no development sign-in.",
            remedy="Unset PACTGATE_DEVELOPMENT_SIGN_IN, or serve on http://127.0.0.1 with nothing in front.",
        )


async def development_for(settings: Surroundings, pool: asyncpg.Pool, clock: Callable[[], float] = time) -> Development:
    """Return leave to offer the development sign-in. Raises `SettingsError`: then the gateway does not start."""
    require_on_this_machine(settings)
    # (4): the database says so of itself, and entry 0 of its log too (`gateway.services.readiness`).
    if await pool.fetchval(_IS_DEMO) is not True:
        raise SettingsError(
            "This database is not marked as a demo, so there is no development sign-in.",
            remedy="Unset PACTGATE_DEVELOPMENT_SIGN_IN, or run `pactgate init --demo` on a database of its own.",
        )
    return Development(settings.public_url, clock, _CHECKED)
