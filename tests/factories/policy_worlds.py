"""
Worlds to decide in: states built from signed agreements, as the gateway builds them from what it read.

    world = World()                               # sps-a in force for client "tutor", nothing stopped, epoch 1
    world.state()                                 # -> PolicyState
    world.ask("students", "grade_level")          # -> AccessRequest of that client under sps-a
    world.decide("students", "grade_level")       # in November 2026
    World(promises=(promise(changes={…}), …), suspensions=(Suspension(…),))

Signing and verifying an agreement takes milliseconds, so `promise` remembers them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from agreements.accountable import Window
from agreements.elements import load_catalogue
from policies.compile import Ruleset, Suspension, compile_rules
from policies.decide import decide
from policies.decision import Denied, Permit
from policies.guardrails import Guardrails, load_guardrails
from policies.memo import Memo
from policies.request import AccessRequest
from policies.state import Granted, PolicyState, Tables
from tests.factories.agreements import SPS_A, Keyring, SignedAgreement, client_id, client_jwk

NOVEMBER = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
TUTOR = client_id("tutor")
ALWAYS = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC, microsecond=0))
"""Somebody answers for the client, whenever it asks."""
_RING = Keyring()


@dataclass(frozen=True)
class Promise:
    """An agreement in force with its clients."""

    signed: SignedAgreement
    granted: Granted

    @property
    def digest(self) -> str:
        return self.signed.digest

    @property
    def purpose(self) -> str:
        return self.signed.agreement.purpose.code


def promise(
    name: str = SPS_A, clients: tuple[str, ...] = ("tutor",), changes: Mapping[str, Any] | None = None
) -> Promise:
    """An example agreement, changed, signed, approved and verified, with verified bindings of these clients."""
    key = repr((name, clients, sorted((changes or {}).items())))
    if key not in _MADE:
        signed = _RING.agreement(name, changes=changes)
        bindings = tuple(
            _RING.binding(signed, client_id(client), [client_jwk(client)]).verified(_RING) for client in clients
        )
        accountable = {client_id(client): (ALWAYS,) for client in clients}
        _MADE[key] = Promise(signed, Granted(signed.verified(_RING), bindings, None, accountable))
    return _MADE[key]


_MADE: dict[str, Promise] = {}


def compiled(made: Promise, suspensions: tuple[Suspension, ...] = ()) -> Ruleset:
    """The rules of one promise, by the shipped catalogue and guardrails."""
    granted = made.granted
    return compile_rules(
        granted.agreement,
        granted.bindings,
        load_catalogue(),
        load_guardrails(),
        suspensions=suspensions,
        accountable=granted.accountable,
    )


@dataclass
class World:
    """What the gateway would have read in one snapshot."""

    promises: tuple[Promise, ...] = field(default_factory=lambda: (promise(),))
    suspensions: tuple[Suspension, ...] = ()
    clients: tuple[str, ...] = (TUTOR,)
    epoch: int = 1
    guardrails: Guardrails = field(default_factory=load_guardrails)
    tables: Tables = field(default_factory=lambda: Memo(1024))

    def state(self) -> PolicyState:
        return PolicyState(
            epoch=self.epoch,
            clients=self.clients,
            granted={made.digest: made.granted for made in self.promises},
            suspensions=self.suspensions,
            catalogue=load_catalogue(),
            guardrails=self.guardrails,
            tables=self.tables,
        )

    def ask(self, dataset: str, *elements: str, **other: Any) -> AccessRequest:
        """A request of the tutor under the first agreement, for its purpose; no elements means all granted."""
        made = self.promises[0]
        asked = AccessRequest(TUTOR, made.digest, made.purpose, dataset, elements or None)
        return replace(asked, **other)

    def decide(self, dataset: str, *elements: str, now: datetime = NOVEMBER, **other: Any) -> Permit | Denied:
        return decide(self.state(), self.ask(dataset, *elements, **other), now)


def permitted(decision: Permit | Denied) -> Permit:
    assert isinstance(decision, Permit), decision
    return decision


def denied(decision: Permit | Denied) -> Denied:
    assert isinstance(decision, Denied), decision
    return decision
