"""
What an installation lacks after `pactgate init` until a partner is served: each step read from what is really there.

Nothing of it is kept: a step is done when what it leads to is there, and open again when it is gone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agreements.lifecycle import Standing
from agreements.roles import Role
from audit.events import Event
from audit.reading import newest_changes
from gateway.services.classifications import Classifications
from gateway.services.obligations.history import driver_of
from gateway.services.office import Office
from gateway.services.standing.identity import DEVELOPMENT
from gateway.services.standing.registry import Moment, Registry

OFFICERS: Final = 2
"""Two of them sign in: one person cannot do it alone (claim 12)."""


class FirstStep(StrEnum):
    """One step, by its name in addresses and texts, in the order in which they are taken."""

    KEYS = "keys"
    PROVIDER = "provider"
    OFFICERS = "officers"
    ROLES = "roles"
    WITNESSES = "witnesses"
    LOAD = "load"
    CODES = "codes"
    AGREEMENT = "agreement"
    CLIENT = "client"


@dataclass(frozen=True, slots=True)
class Taken:
    """How one step stands. `there` counts what is there of it, `lacking` what is not, as far as it can be counted."""

    step: FirstStep
    there: int
    lacking: int = 0

    @property
    def is_done(self) -> bool:
        """Whether something is there, and nothing lacks."""
        return self.there > 0 and self.lacking == 0


async def first_steps(office: Office) -> tuple[Taken, ...]:
    """Return how every step stands now."""
    moment, registry = await office.desk.registry()
    async with office.engine.connect() as connection:
        loads = len(await newest_changes(await driver_of(connection), [Event.RECORDS_LOADED], 1))
    unclassified = await Classifications(office.desk).unclassified()
    unjudged = len(unclassified.codes) + sum(unclassified.others.values())
    of_records = {
        FirstStep.LOAD: Taken(FirstStep.LOAD, loads),
        FirstStep.CODES: Taken(FirstStep.CODES, loads, unjudged),
    }
    of_documents = {each.step: each for each in steps_of(office, moment, registry)}
    return tuple({**of_documents, **of_records}[step] for step in FirstStep)


def steps_of(office: Office, moment: Moment, registry: Registry) -> tuple[Taken, ...]:
    """Return how the steps stand that documents alone tell of: all but those about records."""
    roles = _roles(registry, moment)
    in_force = [each for each in registry.history.values() if each.standing is Standing.ACTIVE]
    others = {Role.ADMINISTRATOR, Role.STEWARD}
    return (
        # Without them the gateway would not serve this page.
        Taken(FirstStep.KEYS, len(office.trust.officers)),
        Taken(FirstStep.PROVIDER, sum(identity.issuer != DEVELOPMENT for identity in registry.staff.links)),
        Taken(FirstStep.OFFICERS, roles.count(Role.OFFICER), max(0, OFFICERS - roles.count(Role.OFFICER))),
        Taken(FirstStep.ROLES, len(others & set(roles)), len(others - set(roles))),
        Taken(FirstStep.WITNESSES, int(registry.witnesses.current is not None)),
        Taken(FirstStep.AGREEMENT, len(in_force)),
        Taken(FirstStep.CLIENT, len(registry.clients)),
    )


def _roles(registry: Registry, moment: Moment) -> Sequence[Role]:
    """Return the roles of the district's people who may sign in, once for each person who holds one."""
    return [role for identity in registry.staff.links for role in registry.staff.roles_of(identity, moment.received)]
