"""A rehearsal decides like the real thing, and nothing can leave by it."""

import pytest

from agreements.elements import load_catalogue
from gateway.records.errors import NotPermitted
from gateway.records.reader import Reader
from policies.decide import decide
from policies.errors import UnsignedPromise
from policies.guardrails import load_guardrails
from policies.memo import Memo
from policies.rehearsal import Rehearsed, rehearse
from policies.request import AccessRequest
from policies.state import REHEARSAL, PolicyState
from tests.factories.policy_worlds import NOVEMBER, TUTOR, World, permitted, promise

DRAFT = Rehearsed(promise().signed.agreement, frozenset({TUTOR}))
REQUEST = AccessRequest(TUTOR, promise().digest, promise().purpose, "students")


@pytest.mark.claim(1)
@pytest.mark.parametrize("epoch", [0, 1, 7])
def test_no_state_of_a_real_epoch_holds_a_document_that_was_not_verified(epoch: int) -> None:
    with pytest.raises(UnsignedPromise):
        PolicyState(
            epoch=epoch,
            clients=(TUTOR,),
            granted={promise().digest: DRAFT},
            suspensions=(),
            catalogue=load_catalogue(),
            guardrails=load_guardrails(),
            tables=Memo(1),
        )


@pytest.mark.claim(1)
async def test_the_reader_takes_no_permit_of_a_rehearsal() -> None:
    permit = permitted(decide(rehearse([DRAFT], load_catalogue(), load_guardrails()), REQUEST, NOVEMBER))
    assert permit.epoch == REHEARSAL
    with pytest.raises(NotPermitted):
        await Reader(None).read_page(permit, limit=1)  # type: ignore[arg-type] # refused before any pool is used


def test_a_rehearsal_decides_like_the_signed_agreement() -> None:
    rehearsed = permitted(decide(rehearse([DRAFT], load_catalogue(), load_guardrails()), REQUEST, NOVEMBER))
    signed = permitted(World().decide("students"))
    assert rehearsed.fields == signed.fields
    assert rehearsed.rows == signed.rows


def test_verified_agreements_and_drafts_stand_side_by_side() -> None:
    signed = promise(changes={"/id": "agreement:sps-a-other"})
    state = rehearse([DRAFT, signed.granted], load_catalogue(), load_guardrails())
    for agreement in (DRAFT.document.digest, signed.digest):
        assert decide(state, AccessRequest(TUTOR, agreement, promise().purpose, "students"), NOVEMBER)
