"""
Worlds of agreements that are signed, approved and verified: what the rehearsed decisions of `make prove` rest on.

One memory of tables serves all epochs, as in the gateway: what was remembered of one epoch is no answer at the next.
"""

from itertools import product
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from agreements.elements import DATASETS
from policies.decide import decide
from policies.decision import Permit
from policies.guardrails import load_guardrails
from policies.memo import Memo
from policies.request import AccessRequest
from policies.state import Tables
from tests.factories.agreements import client_id
from tests.factories.policy_worlds import NOVEMBER, Promise, World
from tests.prove.drawing import plain_questions, questions_in
from tests.prove.epochs import CLIENTS, EPOCHS, PROMISES, TUTORING
from tests.prove.memoised import Memoised
from tests.prove.readings import Readings, Tally
from tests.prove.scene import Asked

DRAWN: Final = settings(
    derandomize=True, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow]
)


def test_four_readings_agree_at_every_epoch_and_a_rehearsal_decides_like_the_real_thing() -> None:
    tables: Tables = Memo(4096)
    readings = [
        Readings(world.scene, world.promises, epoch=epoch, tables=tables, parse_once=True)
        for epoch, world in enumerate(EPOCHS)
    ]
    rehearsals = [Memoised(world.scene) for world in EPOCHS]
    tally = Tally()

    @settings(DRAWN, max_examples=4)
    @given(plain_questions(doors=10))
    def agree(drawn: list[tuple[int, ...]]) -> None:
        # Each epoch is asked what was asked of the first: most keys differ in the epoch alone.
        questions = questions_in(EPOCHS[0].scene, drawn)
        for read, rehearsal in zip(readings, rehearsals, strict=True):
            assert read.differences(questions, tally) == []
            for asked in questions:
                assert rehearsal.answer(asked)[0] == read.memoised.answer(asked)[0]

    agree()
    assert tally.decisions > 1000
    assert tally.reasons["permit"] > tally.decisions / 10


STATE: Final = World(PROMISES, clients=tuple(map(client_id, CLIENTS))).state()
TIMES: Final = tuple(
    edge for made in PROMISES for edge in (made.signed.agreement.term.begins, NOVEMBER, made.signed.agreement.term.ends)
)


@pytest.mark.parametrize("made", PROMISES)
def test_no_permit_ever_holds_what_guardrails_close(made: Promise) -> None:
    closed = {barrier.element for barrier in load_guardrails().closed(made.signed.agreement.basis)}
    for dataset, now in product(DATASETS, TIMES):
        decision = decide(STATE, AccessRequest(client_id("tutor"), made.digest, made.purpose, dataset), now)
        if isinstance(decision, Permit):
            assert not closed & {field.element for field in decision.fields}


@pytest.mark.parametrize("made", PROMISES[:3], ids=["sps-a", "sps-b", "sps-a-short"])
def test_a_second_agreement_never_widens_what_the_first_one_gives(made: Promise) -> None:
    alone = World((made,)).state()
    for dataset, now in product(DATASETS, TIMES):
        request = AccessRequest(client_id("tutor"), made.digest, made.purpose, dataset)
        one, many = decide(alone, request, now), decide(STATE, request, now)
        if isinstance(one, Permit) and isinstance(many, Permit):
            assert one.fields == many.fields
        else:
            assert one == many


def test_times_in_another_zone_change_nothing() -> None:
    reading = Memoised(EPOCHS[1].scene)
    asked: Any = Asked(client_id("tutor"), TUTORING.digest, "students", "000100", TUTORING.purpose, NOVEMBER)
    for now in TIMES:
        there = now.astimezone(ZoneInfo("Asia/Kathmandu"))
        assert reading.answer(asked._replace(now=now)) == reading.answer(asked._replace(now=there))
