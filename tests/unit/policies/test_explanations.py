import pytest

from policies.compile import Suspension, act_of
from policies.decision import Denied
from policies.engine import Question
from policies.explain.elements import Determining, Explanation, explain
from policies.reading import failing, matching, nearest_miss
from policies.rule import instant
from tests.factories.agreements import SPS_B, client_id
from tests.factories.policy_worlds import NOVEMBER, TUTOR, World, compiled, promise

MADE = promise()
RULES = compiled(MADE)
QUESTION = Question(TUTOR, MADE.digest, "students", "000100", act_of("tutoring"), instant(NOVEMBER))


def explained(world: World, dataset: str = "students", purpose: str = "tutoring") -> dict[str, Explanation]:
    found = explain(
        world.state(),
        client=TUTOR,
        agreement=world.promises[0].digest,
        dataset=dataset,
        purpose=purpose,
        now=NOVEMBER,
    )
    assert isinstance(found, tuple)
    return {explanation.name: explanation for explanation in found}


def test_without_an_agreement_the_denial_is_all_there_is_to_explain() -> None:
    found = explain(
        World().state(), client=TUTOR, agreement="sha256:0", dataset="students", purpose="tutoring", now=NOVEMBER
    )
    assert isinstance(found, Denied)
    assert found.code == "no_agreement"


def test_each_element_that_leaves_names_the_clause_that_lets_it() -> None:
    about = explained(World())["grade_level"]
    assert about.leaves
    assert about.determining == (Determining(MADE.digest, "/datasets/0/elements/3", "allow", "exact"),)
    assert about.nearest is None


def test_an_element_that_does_not_leave_names_the_one_condition_that_comes_nearest() -> None:
    about = explained(World())["sex"]
    assert not about.leaves
    assert about.nearest is not None
    assert [conjunct.name for conjunct in about.nearest.failing] == ["element"]


def test_a_stop_stands_beside_the_clause_it_overrules() -> None:
    about = explained(World(suspensions=(Suspension(TUTOR, 12),)))["grade_level"]
    assert not about.leaves
    assert {rule.clause for rule in about.determining} == {"/datasets/0/elements/3", "log:/12"}


def test_another_agreement_of_the_same_client_is_never_mentioned() -> None:
    other = promise(SPS_B)
    for explanation in explained(World((MADE, other))).values():
        assert other.digest not in repr(explanation)


@pytest.mark.parametrize(
    ("change", "conjunct"),
    [
        ({"agr": "sha256:" + "0" * 64}, "agreement"),
        ({"fld": "000255"}, "element"),
        ({"obj": "courses"}, "dataset"),
        ({"act": "read:mentoring"}, "purpose"),
        ({"now": "2026-08-31T00:00:00Z"}, "not_before"),
        ({"now": "2027-08-31T00:00:00Z"}, "until"),
        ({"sub": client_id("other")}, "client"),
    ],
)
def test_changing_just_the_condition_that_failed_makes_the_rule_match(change: dict[str, str], conjunct: str) -> None:
    asked = QUESTION._replace(**change)
    assert matching(RULES.rules, asked, RULES.links) == ()
    miss = nearest_miss(RULES.rules, asked, RULES.links)
    assert miss is not None
    [failed] = miss.failing
    assert failed.name == conjunct
    mended = asked._replace(**{field: getattr(QUESTION, field) for field in change})
    if conjunct != "element":
        assert [rule.clause for rule in matching(RULES.rules, mended, RULES.links)] == ["/datasets/0/elements/3"]
    else:
        rule = next(rule for rule in RULES.rules if rule.clause == miss.clause)
        assert failing(rule, asked._replace(fld=failed.required), RULES.links) == ()


def test_a_rule_about_the_client_itself_needs_no_link() -> None:
    ruleset = compiled(MADE, (Suspension(TUTOR, 12),))
    assert "log:/12" in {rule.clause for rule in matching(ruleset.rules, QUESTION, ())}


def test_where_nothing_is_granted_nothing_comes_near() -> None:
    assert nearest_miss((), QUESTION, RULES.links) is None


def test_ties_go_to_the_first_clause() -> None:
    first, *_ = sorted(rule.clause for rule in RULES.rules if rule.obj == "students")
    miss = nearest_miss(RULES.rules, QUESTION._replace(fld="000255"), RULES.links)
    assert miss is not None
    assert miss.clause == first
    assert miss.failing[0].asked == "000255"
