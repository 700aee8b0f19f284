"""Chance for the fictional district: every stage draws from its own stream, all from one seed.

A stage that draws once more must not move the dice of the next one, so streams are named rather than shared.
"""

import math
from random import Random

__all__ = ["is_chosen", "poisson", "stream"]


def stream(seed: int, stage: str) -> Random:
    """Return the random numbers of one `stage`; the same seed and stage give the same numbers on every machine."""
    return Random(f"{seed}/{stage}")  # noqa: S311 - invented pupils must repeat; nothing secret is drawn here


def is_chosen(chance: Random, probability: float) -> bool:
    """Throw once; true with `probability` (0 to 1)."""
    return chance.random() < probability


def poisson(chance: Random, mean: float) -> int:
    """Return a small count with the given `mean`: Knuth's product of uniforms, fine for means below about 30."""
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count
