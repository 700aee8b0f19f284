"""A decision on a roster by which so many students would leave that a second person is asked, as the pages have it."""

from agreements.documents.roster_decision import Answer, roster_decision_bytes
from agreements.keys import SigningKey
from agreements.roles import Role
from agreements.signature import Kind
from gateway.services.papers.held_decisions import HeldDecisions
from gateway.services.rosters.deciding import RosterDecisions
from tests.factories.cohort import MENTORING
from tests.factories.console import Console
from tests.factories.papers import papers_of, signed_paper
from tests.factories.rosters import hand_in, line


async def a_short_roster(console: Console) -> int:
    """Return the number of a whole roster on which two of four students stand."""
    return await hand_in(console.gateway, MENTORING, line("fio"), line("calixte"))


async def decided(
    console: Console, roster: int, key: SigningKey, prepared: Role = Role.STEWARD, brought: Role = Role.STEWARD
) -> str:
    """Return the digest of a decision to accept a roster, signed by this key; who prepared and who brought that."""
    papers, people = await papers_of(console), console.people
    case = await RosterDecisions(console.office.desk).plan(roster, Answer.ACCEPT, key.thumbprint)
    payload = roster_decision_bytes(case.document(None))
    digest = await papers.prepare(Kind.ROSTER_DECISION, payload, people[prepared].id, title=f"Roster {roster}: accept")
    await papers.add(digest, await signed_paper(console, digest, key), people[brought].id)
    return digest


async def a_held_decision(console: Console, roster: int | None = None) -> str:
    """Return the digest of a decision that waits; the steward and the second officer had a part in it."""
    handed = await a_short_roster(console) if roster is None else roster
    digest = await decided(console, handed, console.gateway.deployment.ring.officers[1].key)
    assert await HeldDecisions(console.office).file(digest, console.people[Role.STEWARD].id) is None
    return digest
