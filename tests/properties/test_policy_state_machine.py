"""
Whatever is done in whatever order, a gateway that lived through it answers like a fresh one, and as was promised.

A longer run of the same walks: `python -m tests.prove.rows --steps 500`.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.factories.database import TestServer
from tests.factories.long_lived_walk import walk
from tests.factories.small_district import deploy_small

SEEDS, STEPS = (1, 2), 8


@pytest.mark.claim(1)
@pytest.mark.claim(2)
@pytest.mark.claim(3)
@pytest.mark.claim(7)
async def test_a_gateway_that_lived_through_everything_answers_like_a_fresh_one(
    postgres: TestServer, tmp_path: Path
) -> None:
    made = await deploy_small(postgres, "small_district", tmp_path)
    seen: Counter[str] = Counter()
    try:
        for seed in SEEDS:
            seen += await walk(made, tmp_path, seed=seed, steps=STEPS)
    finally:
        await postgres.drop(made.template)
    assert seen["rows"] > 100
    assert seen.keys() >= {"suspended", "no_agreement", "element_not_covered", "unknown_client"}
