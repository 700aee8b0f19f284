"""
From signed bytes to rules: what a child lets out, its master would have let out as an agreement of its own.

Both are signed, approved and verified, and compiled as the gateway compiles them. Each rule that allows is one point:
dataset, element, purpose, window and school years, with how strictly the value leaves.
"""

from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.document import Agreement
from agreements.elements import Transformation, load_catalogue
from agreements.errors import AgreementError, InvalidAgreement
from agreements.in_force import VerifiedAgreement
from policies.compile import Ruleset, compile_rules
from policies.guardrails import load_guardrails
from policies.strictness import strictest
from tests.factories.agreements import Keyring, SignedAgreement, example
from tests.factories.lawful import CHILD, MASTER

FIXED = settings(derandomize=True, deadline=None, max_examples=60)
RING = Keyring()
ELEMENTS = {"students": ["000033", "000100", "000128", "000255"], "attendance": ["000201", "000202", "002022"]}
YEARS = ["2026-2027", "2027-2028"]
DAYS = ["2026-09-01", "2026-12-01", "2027-03-01", "2027-06-30", "2027-09-01"]


@dataclass(frozen=True)
class Point:
    """One element that may leave: in which window, of which school years, and how."""

    window: tuple[str, str]
    years: frozenset[str]
    transformation: str

    def within(self, other: "Point") -> bool:
        """Whether nothing leaves by this that could not leave by the other."""
        (begins, ends), (first, last) = self.window, other.window
        kept = self.transformation == strictest([self.transformation, other.transformation])
        comparable = other.transformation in {self.transformation, Transformation.EXACT}
        dropped = self.transformation in {"blank", "drop"}
        return first <= begins <= ends <= last and self.years <= other.years and kept and (comparable or dropped)


def points(verified: VerifiedAgreement) -> dict[tuple[str, str, str], Point]:
    """What the compiled rules let out: (dataset, element, act) -> how."""
    ruleset = compiled(verified)
    years = {terms.dataset: frozenset(terms.school_years) for terms in verified.agreement.datasets}
    return {
        (rule.obj, rule.fld, rule.act): Point((rule.nbf, rule.exp), years[rule.obj], ruleset.released[rule.clause])
        for rule in ruleset.rules
        if rule.eft == "allow"
    }


def denied(verified: VerifiedAgreement) -> set[str]:
    """The elements that the district withholds."""
    return {rule.fld for rule in compiled(verified).rules if rule.eft == "deny"}


def compiled(verified: VerifiedAgreement) -> Ruleset:
    return compile_rules(verified, (), load_catalogue(), load_guardrails())


def as_normal_agreement(master: Agreement) -> VerifiedAgreement:
    """What the master would be if it were no framework."""
    content = deepcopy(dict(master.content))
    content.pop("framework", None)
    return RING.agreement(content=content).verified(RING)


@st.composite
def sections(draw: st.DrawFn) -> list[Any]:
    """The data of an agreement, of a few elements, so that two of them often overlap."""
    catalogue, found = load_catalogue(), []
    for dataset in draw(st.lists(st.sampled_from(sorted(ELEMENTS)), min_size=1, unique=True)):
        elements = draw(st.lists(st.sampled_from(ELEMENTS[dataset]), min_size=1, unique=True))
        years = draw(st.lists(st.sampled_from(YEARS), min_size=1, unique=True))
        lines = [
            {
                "element": each,
                "transformation": draw(st.sampled_from(catalogue.element(each).transformations)).value,
            }
            for each in elements
        ]
        found.append({"dataset": dataset, "school_years": years, "elements": lines})
    return found


def some(values: list[Any], key: str) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.sampled_from(values), min_size=1, unique_by=lambda each: each[key])


def less(data: st.DataObject, theirs: list[Any]) -> list[Any]:
    """Some of the elements and years of a master, as it lets them out."""
    kept = []
    for terms in data.draw(some(theirs, "dataset")):
        lines = data.draw(
            st.lists(st.sampled_from(terms["elements"]), min_size=1, unique_by=lambda one: one["element"])
        )
        years = data.draw(st.lists(st.sampled_from(terms["school_years"]), min_size=1, unique=True))
        kept.append({**terms, "elements": lines, "school_years": years})
    return kept


@st.composite
def terms_within_example(draw: st.DrawFn, name: str) -> dict[str, Any]:
    first, last = sorted(draw(st.lists(st.sampled_from(DAYS), min_size=2, max_size=2, unique=True)))
    return {**example(name)["term"], "first_day": first, "last_day": last}


def master_of(theirs: list[Any], term: dict[str, Any], *, framework: bool) -> SignedAgreement:
    content = example(MASTER)
    content.pop("framework", None)
    content |= {"datasets": theirs, "identifiers": "record_code", "term": term}
    return RING.agreement(content={**content, "framework": True} if framework else content)


@pytest.mark.ferpa("A8")
def test_no_rule_of_a_child_lets_out_what_none_of_its_master_would() -> None:
    reached = set()

    @FIXED
    @given(st.data(), sections(), terms_within_example(MASTER), st.booleans())
    def compare(data: st.DataObject, theirs: Any, lasts: Any, framework: bool) -> None:
        try:
            master = master_of(theirs, lasts, framework=framework)
        except InvalidAgreement:
            return  # what is not lawful by itself has no children
        ours, term = less(data, theirs), lasts
        if data.draw(st.booleans()):
            ours, term = data.draw(sections()), data.draw(terms_within_example(CHILD))
        verified = master.verified(RING)
        try:
            child = RING.agreement(content={**example(CHILD), "datasets": ours, "term": term, "master": master.digest})
            held = child.verified(RING, master=verified)
        except AgreementError as error:
            reached.add(error.code)
            return
        reached.add("held")
        outer = as_normal_agreement(master.agreement)
        inner, wide = points(held), points(outer)
        assert inner
        assert set(inner) <= set(wide)
        assert all(inner[point].within(wide[point]) for point in inner)
        assert denied(outer) & {element for _, element, _ in inner} <= denied(held), "what is withheld stays withheld"
        assert not framework or not points(verified), "a framework lets out nothing by itself"

    compare()
    assert {"held", "not_narrower"} <= reached
