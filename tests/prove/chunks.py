"""
A stretch of the long proof: so many drawn scenes from one seed, read four ways, in a process of its own.

Chunks are short, because Hypothesis remembers what it has drawn within one run: memory stays bounded.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings

from tests.prove.drawing import scenes_with_questions, world_of
from tests.prove.minimise import ReadingsDiffer, require_agreement
from tests.prove.readings import Readings, Tally

SCENES: Final = 40
DOORS: Final = 80
"""Questions in a scene, each asked of several elements: many share a table, as requests do."""
QUIETLY: Final = settings(
    max_examples=SCENES,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    verbosity=Verbosity.quiet,
    print_blob=False,
)


@dataclass(frozen=True)
class Outcome:
    """What one chunk decided, and the minimised counter-example if it found a difference."""

    tally: Tally = field(default_factory=Tally)
    differing: str | None = None


def chunk(number: int) -> Outcome:
    """Draw and compare; the same number gives the same decisions."""
    tally = Tally()

    @seed(number)
    @settings(QUIETLY)
    @given(scenes_with_questions(DOORS))
    def agree(drawn: Any) -> None:
        scene, questions = world_of(drawn)
        require_agreement(drawn[0], Readings(scene, parse_once=True).differences(questions, tally))
        tally.scenes += 1

    try:
        agree()
    except ReadingsDiffer as differing:
        return Outcome(tally, str(differing))
    return Outcome(tally)
