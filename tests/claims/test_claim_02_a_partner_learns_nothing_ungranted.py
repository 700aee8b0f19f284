"""
Claim 2, against a partner that tries: what it is told depends on nothing but what is agreed.

The same questions, each chosen by the answers before it, are put to two worlds over several days. They differ only in
what no agreement of this partner gives; every status, body and header is the same. `make prove` asks 10,000.
"""

from pathlib import Path

import pytest

from agreements.elements import DATASETS
from tests.factories.gateway import Deployment
from tests.factories.leak_walk import NoDriver
from tests.factories.spy import Spy, require_granted
from tests.factories.twins import deploy_twins, twins

DAYS = (0, 1, 5, 6)
"""A Wednesday and days after it; on day 5, a Monday, last week's counts are told."""
QUERIES = 440
"""Each asked in both worlds."""


@pytest.mark.claim(2)
@pytest.mark.claim(8)
@pytest.mark.ferpa("M3")
async def test_no_question_tells_two_worlds_apart_that_differ_in_what_is_not_agreed(
    deployment: Deployment, tmp_path: Path
) -> None:
    made = await deploy_twins(deployment, tmp_path)
    async with twins(made, tmp_path) as pair:
        spy = Spy(pair.ask, pair.paths, pair.changes, seed=7)
        for day in DAYS:
            await pair.to(day)
            await spy.spend(QUERIES // len(DAYS), lambda: pair.asked)
        assert pair.asked == QUERIES
        assert {200, 400, 403, 404, 429} <= spy.statuses.keys()
        assert {"created", "changed", "deleted"} == spy.told.keys()


@pytest.mark.claim(2)
def test_a_dataset_that_nobody_spies_on_is_found() -> None:
    require_granted(DATASETS)
    with pytest.raises(NoDriver, match="the dataset library_loans"):
        require_granted([*DATASETS, "library_loans"])
