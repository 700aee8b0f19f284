"""
Which guardrails this process decides by, and which entry recorded them.

They are those of its release with what stewards have classified by signed acts, as the registry of an epoch has it.
INVARIANT: nothing is decided by guardrails that no entry recorded (claim 6).
"""

from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from agreements.elements import Catalogue
from gateway.services.configuration import Configuration, record_configuration
from gateway.services.filing import Desk
from gateway.services.standing.registry import Registry
from policies.guardrails import Guardrails, classified_guardrails, load_guardrails

UNKNOWN: Final = -1
"""The entry of a configuration that is not known yet."""


def guardrails_of(desk: Desk, registry: Registry) -> Guardrails:
    """Return the guardrails of this release with what stewards classified by this registry, for the office's work."""
    return classified_guardrails(load_guardrails(), registry.codes.standing, desk.catalogue)


class LawInForce:
    """Holds what was recorded last of one process's own guardrails, and records what has come since."""

    def __init__(
        self, engine: AsyncEngine, catalogue: Catalogue, guardrails: Guardrails, configuration: int | None = None
    ) -> None:
        """`guardrails` are those of the release; `configuration` is the entry that recorded what is in force now."""
        self._engine = engine
        self._catalogue = catalogue
        self._own = guardrails
        self._given = configuration
        self._recorded: str | None = None
        self._last = guardrails.classified, guardrails
        self.guardrails = guardrails
        self.configuration = UNKNOWN if configuration is None else configuration

    def of(self, registry: Registry) -> Guardrails:
        """Return the guardrails that hold at the epoch of this registry."""
        standing = registry.codes.standing
        if standing is not self._last[0]:  # a long list is compared once an epoch, and not at each refusal
            self._last = standing, classified_guardrails(self._own, standing, self._catalogue)
        return self._last[1]

    def is_recorded(self, registry: Registry) -> bool:
        """Return whether an entry of the log, or whoever made this, recorded what holds by this registry; take it."""
        guardrails = self.of(registry)
        if guardrails.digest == self._recorded:
            return True
        if self._recorded is None and self._given is not None:
            self._take(guardrails, self._given)
            return True
        facts = Configuration(self._catalogue, guardrails).facts
        # Two replicas of two releases record one each: each one goes on by its own.
        found = max((index for index, body in registry.configurations.items() if body == facts), default=None)
        if found is None or self._recorded is None:
            return False
        self._take(guardrails, found)
        return True

    async def record(self, registry: Registry) -> None:
        """Write what holds by this registry into the log, unless its newest such entry says the same."""
        guardrails = self.of(registry)
        async with self._engine.begin() as connection:
            index = await record_configuration(connection, Configuration(self._catalogue, guardrails))
        self._take(guardrails, index)

    def _take(self, guardrails: Guardrails, configuration: int) -> None:
        self._recorded, self.guardrails, self.configuration = guardrails.digest, guardrails, configuration
