"""What a partner holds together, and by what records could be joined (claim 10)."""

import pytest

from agreements.elements import load_catalogue
from policies.analyse.linking import LinkKind, joinable, load_linking, read_linking
from policies.analyse.obtained import obtained
from policies.analyse.together import adding_up, together
from policies.errors import MalformedLinking
from policies.rehearsal import Rehearsed
from tests.factories.analysed import (
    MENTOR,
    MENTORING,
    SECOND,
    TUTORING,
    alone,
    everything,
    only_lines,
    with_lines,
)
from tests.factories.policy_worlds import TUTOR

LISTED = """version = 1
[[sets]]
name = "number"
kind = "identifier"
reason = "It is unique."
elements = { "001071" = ["exact"] }
"""


def named(*ways: dict[str, str]) -> set[str]:
    """The sets by which records under agreements of different partners with these elements could be joined."""
    sides = zip((TUTORING, MENTORING), (TUTOR, MENTOR), ways, strict=True)
    state = alone(*(Rehearsed(only_lines(agreement, each), frozenset({client})) for agreement, client, each in sides))
    return {each.by.name for each in joinable(obtained(state), load_linking())}


@pytest.mark.claim(10)
@pytest.mark.parametrize(
    ("element", "by"),
    [
        ("001071", "student number"),
        ("000088", "e-mail address"),
        ("000279", "telephone number"),
        ("000269", "street address"),
    ],
)
def test_an_identifier_in_two_agreements_is_warned_of_and_in_one_it_is_not(element: str, by: str) -> None:
    assert named({element: "exact"}, {element: "exact"}) == {by}
    assert named({element: "exact"}, {"000100": "exact"}) == set()


@pytest.mark.claim(10)
def test_values_that_single_out_together_are_warned_of_only_as_they_leave() -> None:
    exact = {"000033": "exact", "000255": "exact", "001069": "exact"}
    assert named(exact, exact) == {"birth date, sex and school"}
    assert named(exact, {**exact, "000033": "age_years"}) == set()
    assert named(exact, {"000033": "exact", "000255": "exact"}) == set()


@pytest.mark.claim(10)
def test_a_warning_names_both_sides_and_their_clauses() -> None:
    found = joinable(everything(), load_linking())
    names = next(each for each in found if each.by.name == "full name")
    assert names.partners == (TUTORING.partner.id, MENTORING.partner.id)
    sides = {side.line: side for side in names.sides}
    assert sides[MENTORING.id].agreements == (MENTORING.digest,)
    assert sides[MENTORING.id].clauses == ("/datasets/0/elements/0", "/datasets/0/elements/1")
    assert SECOND.id in sides


def test_two_versions_of_one_line_are_one_side() -> None:
    number = only_lines(TUTORING, {"001071": "exact"})
    state = alone(Rehearsed(number, frozenset({TUTOR})), Rehearsed(number, frozenset({MENTOR})))
    assert joinable(obtained(state), load_linking()) == ()


def test_a_partner_holds_the_most_open_of_its_agreements() -> None:
    holdings = {(each.dataset, each.element): each for each in together(everything(), TUTORING.partner.id)}
    birth = holdings["students", "000033"]
    assert (birth.most_open, birth.ways) == ("age_years", ("year", "age_years"))
    assert {each.line for each in holdings["students", "000100"].by} > {TUTORING.id, SECOND.id}
    assert all(each.partner == TUTORING.partner.id for holding in holdings.values() for each in holding.by)


def test_two_agreements_add_up_to_more_than_either_and_by_what_they_join() -> None:
    holdings = together(everything(), TUTORING.partner.id)
    pairs = {(each.one, each.other): each for each in adding_up(holdings, joinable(everything(), load_linking()))}
    both = pairs[TUTORING.id, SECOND.id]
    assert "attendance:002022:exact" in both.only_other
    assert "students:000033:age_years" in both.only_one
    assert "full name" in both.joined_by


def test_one_agreement_within_another_adds_nothing() -> None:
    more = Rehearsed(with_lines(only_lines(TUTORING, {"000100": "exact"}), ("000094", "exact")), frozenset({TUTOR}))
    less = Rehearsed(only_lines(SECOND, {"000100": "exact"}), frozenset({TUTOR}))
    assert adding_up(together(obtained(alone(more, less)), TUTORING.partner.id), ()) == ()


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("001071", "999999"),
        ("exact", "exactly"),
        ("version = 1", "version = 2"),
        ('kind = "identifier"', 'kind = "key"'),
        ('reason = "It is unique."', 'reason = ""'),
        ('name = "number"', 'title = "number"'),
        ('["exact"]', "[]"),
        ("[[sets]]", "sets = ["),
        ('{ "001071" = ["exact"] }', "[1]"),
    ],
)
def test_a_list_that_would_miss_something_is_refused(was: str, becomes: str) -> None:
    with pytest.raises(MalformedLinking):
        read_linking(LISTED.replace(was, becomes), load_catalogue())


def test_every_set_has_a_reason_and_identifiers_come_first() -> None:
    assert [each.name for each in read_linking(LISTED, load_catalogue())] == ["number"]
    kinds = [each.kind for each in load_linking()]
    assert kinds == sorted(kinds, key=list(LinkKind).index)
    assert len({each.name for each in load_linking()}) == len(kinds)
