"""
Four readings of the same agreements give the same answer to every question, and the same reason.

The documents themselves, one big Casbin enforcer, the memoised decision of the gateway, and Cedar (`tests/prove`). Here
a few thousand decisions; `make prove` makes a million.
"""

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings

from policies.decision import Permit
from policies.reasons import Code
from tests.prove.cedar import Cedar, Unsound
from tests.prove.documents import PERMIT, Answer, Documents
from tests.prove.drawing import scenes_with_questions, world_of
from tests.prove.minimise import ReadingsDiffer, require_agreement
from tests.prove.noticing import EDGES
from tests.prove.readings import Readings, Tally
from tests.prove.scene import Asked, asked_of, scene_of

pytestmark = pytest.mark.claim(2)

# A counter-example is made small by `tests.prove.minimise`, which knows what can be left out of an agreement.
DRAWN = settings(derandomize=True, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow])


def test_four_readings_of_agreements_that_nobody_thought_of_agree() -> None:
    tally = Tally()

    @settings(DRAWN, max_examples=60)
    @given(scenes_with_questions(doors=16))
    def agree(drawn: Any) -> None:
        scene, questions = world_of(drawn)
        require_agreement(drawn[0], Readings(scene, parse_once=True).differences(questions, tally))

    agree()
    # No token in these scenes is bound to no key: `tests/unit/policies/test_bearer.py` judges those.
    assert {*tally.reasons} == {PERMIT, "unknown_element", *Code} - {Code.BEARER, Code.ADDRESS}
    assert tally.decisions > 4000
    assert tally.reasons[PERMIT] > tally.decisions / 20


@pytest.mark.parametrize("case", EDGES, ids=lambda case: case["name"])
def test_the_edges_found_so_far_are_read_alike_and_as_written_down(case: dict[str, Any]) -> None:
    scene = scene_of(case)
    readings = Readings(scene)
    for plain in case["asks"]:
        asked = asked_of(plain, scene)
        assert readings.documents.answer(asked).code == plain["answer"], plain
        assert readings.differences([asked]) == []


class TestTheProofItself:
    """A comparison that finds nothing proves nothing unless it would find something."""

    CASE = EDGES[0] | {"stops": ["partner:somebody-else"], "others": ["idle"]}
    SCENE = scene_of(CASE)
    ASKED = asked_of(CASE["asks"][0], SCENE)

    @pytest.mark.parametrize("reading", ["documents", "one big enforcer", "memoised", "cedar"])
    def test_a_reading_that_answers_otherwise_is_found(self, reading: str, monkeypatch: pytest.MonkeyPatch) -> None:
        readings = Readings(self.SCENE)
        other = Answer("denied_by")
        said: dict[str, tuple[object, str, object]] = {
            "documents": (readings.documents, "answer", lambda _: other),
            "one big enforcer": (readings.big, "answer", lambda _: False),
            "memoised": (readings.memoised, "answer", lambda _: (other, None)),
            "cedar": (readings.cedar, "answers", lambda asked: [False for _ in asked]),
        }
        monkeypatch.setattr(*said[reading])
        found = {difference.other for difference in readings.differences([self.ASKED])}
        assert found >= ({reading} if reading != "documents" else {*said} - {reading})

    def test_a_permit_that_claims_to_last_too_long_is_found(self, monkeypatch: pytest.MonkeyPatch) -> None:
        readings = Readings(self.SCENE)
        answer, permit = readings.memoised.answer(self.ASKED)
        assert isinstance(permit, Permit)
        object.__setattr__(permit, "valid_until", permit.valid_until.replace(year=2099))
        monkeypatch.setattr(readings.memoised, "answer", lambda _: (answer, permit))
        assert [each.other for each in readings.differences([self.ASKED])] == ["memoised"]

    def test_a_counter_example_is_made_small_and_can_be_replayed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def forgetful(self: Documents, asked: Asked) -> Answer:
            found = original(self, asked)
            return Answer("denied_by") if found.code == "agreement_expired" else found

        original = Documents.answer
        monkeypatch.setattr(Documents, "answer", forgetful)
        scene = scene_of(self.CASE)
        questions = [asked_of(plain, scene) for plain in self.CASE["asks"]]
        with pytest.raises(ReadingsDiffer) as differing:
            require_agreement(self.CASE, Readings(scene).differences(questions))
        [case] = yaml.safe_load(str(differing.value))
        assert (case["stops"], case["others"], list(case["agreements"][0]["datasets"])) == ([], [], ["attendance"])
        monkeypatch.undo()
        again = scene_of(case)
        assert Documents(again).answer(asked_of(case["asks"][0], again)).code == "agreement_expired"

    def test_a_translation_that_cedar_cannot_check_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("tests.prove.cedar._stop", lambda _: "forbid(principal, action, resource) when { 1 };")
        with pytest.raises(Unsound):
            Cedar(self.SCENE)

    def test_a_forbid_that_fails_is_an_error_and_not_a_permit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # It fits the schema, and fails only when it is evaluated: Cedar leaves it out and permits (cedar issue 2428).
        overflow = "forbid(principal, action, resource) when { context.now * 9223372036854775807 > 0 };"
        monkeypatch.setattr("tests.prove.cedar._stop", lambda _: overflow)
        with pytest.raises(Unsound):
            Cedar(self.SCENE).answers([self.ASKED])

    @pytest.mark.parametrize("name", ["documents", "cedar", "guardrails", "scene", "wall"])
    def test_the_readings_of_documents_know_no_module_that_decides(self, name: str) -> None:
        tree = ast.parse((Path(__file__).parents[1] / "prove" / f"{name}.py").read_text("utf-8"))
        imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        imported |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        ours = {name for name in imported if name.startswith(("policies", "tests.prove"))}
        assert ours <= {f"tests.prove.{each}" for each in ("guardrails", "scene", "wall")}
