"""
Claim 7. A stop acts on the next request, on every replica. The log's order decides.

The one stop that is no entry, the end of a term, when it comes between the moment a request read its rows and the
moment of its entry. Every stop that is one: `test_claim_07_every_stop_at_every_route`.
"""

import asyncio
import datetime as dt

import pytest

from gateway.problems import Problem
from tests.factories.cohort import MENTORING
from tests.factories.gateway import Gateway
from tests.factories.held_up import HeldUp

pytestmark = pytest.mark.claim(7)


async def test_what_was_read_within_the_term_is_entered_with_the_time_of_its_reading(gateway: Gateway) -> None:
    # The clock that came with the rows judges them, and stands in their entry.
    term, slow = gateway.deployment.agreements[MENTORING].agreement.term, HeldUp(gateway.services.log)
    gateway.services.disclosures._log = slow  # type: ignore[assignment] # the log itself, later
    await gateway.at(term.ends - dt.timedelta(minutes=5))
    slow.hold()
    asked = asyncio.create_task(gateway.ask(MENTORING, limit=100))
    await slow.until(1)
    await gateway.at(term.ends)
    slow.let_go()
    assert (await asked).body
    (entry,) = await gateway.entries(await gateway.size() - 1)
    assert entry["event"] == "disclosure"
    with pytest.raises(Problem) as refused:
        await gateway.ask(MENTORING, limit=100)
    assert refused.value.code == "agreement_expired"
