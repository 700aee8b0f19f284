"""A running gateway compares what it remembers with its rules: what differs is refused, on the log, with an alarm."""

import logging
from dataclasses import replace

import pytest

from gateway.problems import Problem
from gateway.records.extent import Extents
from gateway.records.following import Follower
from gateway.records.reader import Reader
from gateway.records.subjects import SubjectKey
from gateway.services.disclosure import Disclosures
from gateway.services.grants import Grants
from policies.decision import Permit
from policies.request import AccessRequest
from policies.seal import SEAL
from tests.factories.cohort import TUTORING
from tests.factories.gateway import BRIGHT_PATH, Gateway


@pytest.mark.claim(4)
async def test_an_answer_remembered_wrong_is_refused_and_the_next_one_is_right(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    made, services = gateway.deployment, gateway.services
    grants = Grants(services.database.engine, made.trust, configuration=services.grants.configuration, recheck_every=1)
    pool = services.database.pool
    watched = replace(
        services,
        grants=grants,
        disclosures=Disclosures(
            grants,
            Reader(pool),
            Extents(pool),
            services.log,
            SubjectKey(made.keys.subject),
            follower=Follower(pool),
        ),
    )
    right = (await gateway.ask(TUTORING, services=watched)).body
    signed = made.agreements[TUTORING].agreement
    request = AccessRequest(
        made.partners[BRIGHT_PATH].client, signed.digest, signed.purpose.code, "students", ("first_name",)
    )
    state, moment = await grants.current()
    table = state.table_for(request.client, request.agreement, request.dataset, request.purpose, moment.now)
    decisions = getattr(table, "decisions", {})
    ((asked, permit),) = decisions.items()
    assert isinstance(permit, Permit)
    decisions[asked] = replace(
        permit, fields=(replace(permit.fields[0], element="000172", name="last_name"),), seal=SEAL
    )
    size = await gateway.size()
    with caplog.at_level(logging.ERROR, "pactgate"), pytest.raises(Problem):
        await gateway.ask(TUTORING, services=watched)
    assert [entry["event"] for entry in await gateway.entries(size)] == ["refusal"]
    assert "alarm memory_differs" in caplog.text
    assert (await gateway.ask(TUTORING, services=watched)).body == right
