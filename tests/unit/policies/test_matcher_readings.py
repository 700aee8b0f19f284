"""One rule and one question, read in four ways: as Casbin walks the matcher, as we compile it, and twice by us."""

import ast
from collections.abc import Iterator
from importlib.resources import files
from itertools import product
from typing import Any

import casbin
import pytest

from policies.engine import Question, read_model
from policies.errors import ModelChanged
from policies.matcher import Matcher, compiled
from policies.reading import failing, matching
from policies.rule import ANY, Rule
from tests.factories.policy_worlds import TUTOR

MODEL = read_model(files("policies").joinpath("model.conf").read_text("utf-8"))
DIGEST, OTHER_DIGEST = "sha256:" + "a" * 64, "sha256:" + "b" * 64
ROLE, OTHER_ROLE = "role:agr:" + "a" * 64, "role:agr:" + "b" * 64
LINKS = ((TUTOR, ROLE),)
BEGINS, ENDS = "2026-09-01T07:00:00Z", "2027-07-01T07:00:00Z"
TIMES = ("2026-09-01T06:59:59Z", BEGINS, "2026-11-02T09:30:00Z", "2027-07-01T06:59:59Z", ENDS)


def every_case() -> Iterator[tuple[Rule, Question]]:
    """Each part of a rule that is asked for, that stands for anything, or that is another, at each kind of time."""
    for agr, obj, fld, act, sub, now in product(
        (DIGEST, ANY, OTHER_DIGEST),
        ("students", ANY, "attendance"),
        ("000100", ANY, "000115"),
        ("read:tutoring", ANY, "read:mentoring"),
        (TUTOR, ROLE, OTHER_ROLE),
        TIMES,
    ):
        rule = Rule(sub, agr, obj, fld, act, BEGINS, ENDS, "deny", "log:/7")
        yield rule, Question(TUTOR, DIGEST, "students", "000100", "read:tutoring", now)


def has_role(client: str, role: str) -> bool:
    return client == role or (client, role) in LINKS


def values(rule: Rule, question: Question) -> dict[str, str]:
    tokens = (*MODEL["r"]["r"].tokens, *MODEL["p"]["p"].tokens)
    return dict(zip(tokens, (*question, *rule.line), strict=True))


def parsed(matcher: str) -> ast.expr:
    return ast.parse(matcher, mode="eval").body


@pytest.mark.parametrize(
    "more",
    [
        "f(r_sub, p_sub)",
        "g(*r_sub)",
        "g(r_sub, name=p_sub)",
        "r_sub.g(p_sub)",
        "r_sub.upper() == p_sub",
        "__import__('os')",
        "not g(r_sub, p_sub)",
        "r_sub != p_sub",
        "r_sub in p_sub",
        "r_sub[0] == p_sub",
        "r_sub + r_agr == p_sub",
        "(lambda: g)()",
        "[g for g in r_sub]",
        "r_sub if r_agr else p_sub",
        "(r_sub := p_sub)",
    ],
)
def test_a_matcher_that_does_more_than_compare_and_ask_for_a_role_is_refused(more: str) -> None:
    with pytest.raises(ModelChanged):
        compiled(parsed(f"r_agr == p_agr and ({more})"))


@pytest.mark.parametrize("name", ["open", "eval", "print", "list", "timeMatch"])
def test_nothing_but_the_role_can_be_called_even_if_it_were_let_through(name: str) -> None:
    code = compile(f"{name}(r_sub)", "model.conf", "eval")
    with pytest.raises(NameError):
        Matcher(code, {"g": has_role, name: print}).eval({"r_sub": "x"})


def test_compiled_walked_and_read_by_us_every_rule_says_the_same() -> None:
    text = MODEL["m"]["m"].value
    walked: Any = casbin.Enforcer._get_expression(text, {"g": has_role})
    ours = Matcher(compiled(casbin.Enforcer._get_expression(text).ast_parsed_value), {"g": has_role})
    answers = []
    for rule, question in every_case():
        said = walked.eval(values(rule, question))
        assert said is ours.eval(values(rule, question))
        assert said is (matching((rule,), question, LINKS) == (rule,))
        assert said is (failing(rule, question, LINKS) == ())
        answers.append(said)
    assert sum(answers) == 2**5 * 3
