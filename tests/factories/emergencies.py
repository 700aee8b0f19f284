"""Emergency orders that stand, and releases by them that wait for an officer."""

from dataclasses import replace
from typing import Any, Final

from agreements.documents.emergency import emergency_order_bytes
from agreements.signature import Kind, add_signature
from gateway.services.emergencies.orders import Emergencies
from gateway.services.papers.papers import Papers
from gateway.services.papers.releases import PaperReleases
from policies.emergency_release import Handing
from tests.factories.cohort import STUDENTS
from tests.factories.gateway import NOON, Gateway
from tests.factories.partners import ORDER

NAMES: Final = ("000115", "000172", "000149", "000201")
"""First name, last name, an element that the guardrails shut, and one of another dataset."""
FIRST_AND_LAST: Final = ("000115", "000172")
MOST: Final = 3
BY: Final = "user:0b7f3a52-6c1e-4d0a-9f55-2a8f4f1f9d10"


async def an_order(gateway: Gateway, name: str = "emergency:flood-at-cedar", **changes: Any) -> str:
    """Return the digest of an order that stands, for three students; asked for again, it is the same one."""
    emergencies = Emergencies((await gateway.office()).desk)
    for line in await emergencies.lines():
        if line.id == name:
            return line.digest
    order = replace(ORDER, **{"id": name, "begins": NOON, "elements": NAMES, "count": MOST, **changes})
    ring = gateway.deployment.ring
    signed = ring.sign(Kind.EMERGENCY_ORDER, emergency_order_bytes(order), ring.officers[1].key)
    return (await emergencies.order(signed)).digest


async def a_release(gateway: Gateway, *roles: str, order: str = "", is_signed: bool = True) -> str:
    """Return the digest of a release of these students' names to all recipients, signed by an officer or not."""
    office, named = await gateway.office(), order or await an_order(gateway)
    releases, papers = PaperReleases(office, gateway.deployment.keys.subject), Papers(office)
    digest = await releases.prepare(named, Handing((0, 1), "students", FIRST_AND_LAST), numbers_of(*roles), BY)
    if is_signed:
        found = (await papers.paper(digest)).envelope
        key = gateway.deployment.ring.officers[0].key
        await papers.add(digest, add_signature(None, found.kind, found.payload, key), BY)
    return digest


def numbers_of(*roles: str) -> tuple[str, ...]:
    """Return the numbers of these students of the cohort."""
    return tuple(STUDENTS[role].number for role in roles)
