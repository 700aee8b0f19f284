"""What has to notice a mistake in the policies: edges, epochs, and drawn scenes, read four ways, the quickest first."""

from pathlib import Path
from typing import Any, Final

import yaml
from hypothesis import given, settings

from policies.errors import PolicyError
from policies.memo import Memo
from policies.state import Tables
from tests.prove.chunks import QUIETLY
from tests.prove.drawing import plain_questions, questions_in, scenes_with_questions, world_of
from tests.prove.readings import Readings
from tests.prove.scene import asked_of, scene_of

EDGES: Final[list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parents[1] / "vectors" / "policy_edges.yaml").read_text("utf-8")
)


def readings_agree() -> bool:
    """Return whether nothing differs; a refusal to compile what is written is a difference too."""
    try:
        _edges()
        _epochs()
        _drawn()
    except (AssertionError, PolicyError):
        return False
    return True


def _edges() -> None:
    for case in EDGES:
        scene = scene_of(case)
        assert not Readings(scene, parse_once=True).differences([asked_of(plain, scene) for plain in case["asks"]])


def _epochs() -> None:
    # Signing takes a while, and edges notice most mistakes without.
    from tests.prove.epochs import EPOCHS  # noqa: PLC0415

    tables: Tables = Memo(1024)
    readings = [
        Readings(world.scene, world.promises, epoch=epoch, tables=tables, parse_once=True)
        for epoch, world in enumerate(EPOCHS)
    ]

    @settings(QUIETLY, max_examples=2)
    @given(plain_questions(doors=6))
    def agree(drawn: list[tuple[int, ...]]) -> None:
        questions = questions_in(EPOCHS[0].scene, drawn)
        for read in readings:
            assert not read.differences(questions)

    agree()


def _drawn() -> None:
    @settings(QUIETLY, max_examples=12, derandomize=True)
    @given(scenes_with_questions(doors=12))
    def agree(drawn: Any) -> None:
        scene, questions = world_of(drawn)
        assert not Readings(scene, parse_once=True).differences(questions)

    agree()
