"""The fictional district of the demo, made once a test process: it is frozen, so tests may share it."""

from datetime import date
from functools import cache

from gateway.demo.district import District, Edge, generate

TODAY = date(2026, 11, 23)
SEED = 7


@cache
def district() -> District:
    """Return the full-size district."""
    return generate(SEED, today=TODAY)


def the(edge: Edge) -> str:
    """Return the first student number that carries a label."""
    return district().edges[edge][0]
