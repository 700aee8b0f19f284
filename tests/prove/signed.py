"""
Scenes whose agreements are signed, approved and verified, as the gateway has them: states of real epochs.

Signing takes too long for a million decisions; the tests show that rehearsals, which those are, decide like these.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from agreements.accountable import Window
from policies.state import Promise as InForce
from tests.factories.agreements import client_id
from tests.factories.policy_worlds import Promise
from tests.prove.scene import Scene, Stop, Written


@dataclass(frozen=True)
class Signed:
    """A scene, and the verified agreements of which it consists."""

    scene: Scene
    promises: Mapping[str, InForce]


def signed(
    promises: Iterable[Promise],
    *,
    stops: Iterable[str] = (),
    others: Iterable[str] = (),
    until: Mapping[str, datetime] = MappingProxyType({}),
    accountable: Mapping[str, tuple[Window, ...]] = MappingProxyType({}),
) -> Signed:
    """
    Return a scene of verified agreements.

    `stops` are ids or digests, `until` says when agreements end early, `accountable` when somebody answers for clients
    for which it is not always.
    """
    granted = {
        made.digest: replace(
            made.granted,
            until=until.get(made.digest),
            accountable={
                client: accountable.get(client, tuple(windows)) for client, windows in made.granted.accountable.items()
            },
        )
        for made in promises
    }
    written = {
        digest: Written(each.document, {name: tuple(each.accountable[name]) for name in each.clients}, each.until)
        for digest, each in granted.items()
    }
    clients = {client for each in written.values() for client in each.windows}
    stopped = tuple(Stop(concerns, 10 + index) for index, concerns in enumerate(stops))
    return Signed(Scene(written, stopped, frozenset({*clients, *map(client_id, others)})), granted)
