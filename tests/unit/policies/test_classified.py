"""What stewards classified beside the file: it opens a value, and never more of one than the file does."""

from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.basis import Basis
from agreements.canonical import Json, canonical_bytes
from agreements.documents.classification import Classification, Judgement, Verdict, read_classification
from agreements.elements import load_catalogue
from policies.classified import UNCLASSIFIED, Classified, classified_by, classified_then, read_classified
from policies.classifying import require_classifiable
from policies.errors import CodeRefused, MalformedGuardrails
from policies.guardrails import (
    Guardrails,
    classified_guardrails,
    load_guardrails,
    read_guardrails,
    recorded_guardrails,
)
from tests.factories.stewards import Code, classification

pytestmark = [pytest.mark.claim(2), pytest.mark.ferpa("M2")]

CATALOGUE = load_catalogue()
SHIPPED = load_guardrails()
NAME, TYPE, EXIT = "000626", "000225", "000110"
M2 = "project rule M2"


def act(*codes: Code) -> Classification:
    return read_classification(classification(*codes))


def guarded(*acts: Classification, closed: tuple[str, ...] = ()) -> Guardrails:
    return classified_guardrails(SHIPPED, classified_by(acts, closed), CATALOGUE)


def under(guardrails: Guardrails, element: str, value: str) -> set[str]:
    """The bases under which a value leaves."""
    found = set()
    for basis in Basis:
        codes = guardrails.codes.leaving(element, basis)
        if codes is not None and value in codes.values:
            found.add(basis.value)
    return found


def refused(*codes: Code, standing: Classified = UNCLASSIFIED) -> str:
    with pytest.raises(CodeRefused) as error:
        require_classifiable(act(*codes), SHIPPED, standing)
    return str(error.value)


def test_what_stewards_may_not_judge_is_refused_without_the_value() -> None:
    first_name, shipped = ("000115", "Robin", Verdict.OPEN), (EXIT, "01907", Verdict.NEVER)
    for wrong in (
        first_name,
        ("x-no-such", "Anything", Verdict.OPEN),
        ("000092", "Free", Verdict.OPEN),  # a gate closes it as a whole
        shipped,
        (NAME, "Robotics", Verdict.GATED, "a law of ours"),
        (NAME, "Robotics", Verdict.WITHDRAWN),
    ):
        said = refused((NAME, "Chess", Verdict.OPEN), wrong)
        assert "/codes/1" in said
        assert wrong[1] not in said
    require_classifiable(act((NAME, "Robotics", Verdict.GATED, M2)), SHIPPED, UNCLASSIFIED)
    require_classifiable(
        act((NAME, "Robotics", Verdict.WITHDRAWN)), SHIPPED, classified_by([act((NAME, "Robotics", Verdict.OPEN))])
    )


def test_nobody_receives_a_value_before_stewards_judge_it_and_each_verdict_opens_what_it_says() -> None:
    assert under(SHIPPED, NAME, "Robotics") == set()
    opened = guarded(act((NAME, "Robotics", Verdict.OPEN), (NAME, "Clinic", Verdict.GATED, M2)))
    assert under(opened, NAME, "Robotics") == {basis.value for basis in Basis}
    assert under(opened, NAME, "Clinic") == {"consent"}
    assert under(opened, NAME, "robotics") == set()  # letter by letter
    assert under(opened, TYPE, "Robotics") == set()
    for verdict in (Verdict.NEVER, Verdict.WITHDRAWN):
        assert (
            under(guarded(act((NAME, "Robotics", Verdict.OPEN)), act((NAME, "Robotics", verdict))), NAME, "Robotics")
            == set()
        )
    again = guarded(act((NAME, "Robotics", Verdict.NEVER)), act((NAME, "Robotics", Verdict.OPEN)))
    assert len(under(again, NAME, "Robotics")) == len(Basis)
    assert opened.codes.known[NAME] > opened.codes.shipped[NAME] == SHIPPED.codes.known[NAME]


def test_a_gate_that_the_guardrails_do_not_have_opens_for_nobody() -> None:
    assert under(guarded(act((NAME, "Robotics", Verdict.GATED, "a law that went"))), NAME, "Robotics") == set()


@given(
    st.sampled_from(list(Verdict)),
    st.sampled_from(["42 U.S.C. 1758(b)(6)", M2]),
    st.sampled_from(sorted(SHIPPED.codes.shipped[EXIT])),
)
def test_stewards_never_widen_what_the_file_judges(verdict: Verdict, law: str, value: str) -> None:
    judged = Judgement(EXIT, value, verdict, law if verdict is Verdict.GATED else None)
    stands = classified_guardrails(SHIPPED, Classified((judged,)), CATALOGUE)
    assert under(stands, EXIT, value) <= under(SHIPPED, EXIT, value)


def test_nothing_leaves_of_an_element_of_which_a_classification_is_missing() -> None:
    closed = guarded(act((NAME, "Robotics", Verdict.OPEN)), closed=(NAME, "x-was-coded-once"))
    for value in ("Robotics", *SHIPPED.codes.shipped[NAME]):
        assert under(closed, NAME, value) == set()
    assert under(closed, EXIT, "01907") == under(SHIPPED, EXIT, "01907")
    assert all(
        NAME not in codes or codes[NAME].values == ()
        for codes in [closed.codes.row_codes("programs", "consent", CATALOGUE)]
    )


def test_what_is_judged_of_an_element_that_is_not_coded_is_of_no_use_and_no_harm() -> None:
    stands = classified_guardrails(SHIPPED, Classified((Judgement("000115", "Robin", Verdict.NEVER),)), CATALOGUE)
    assert stands.codes.leaving("000115", "consent") is None


def test_guardrails_without_classified_codes_keep_their_digest_and_others_get_one_of_their_own() -> None:
    opened, gated = (
        guarded(act((NAME, "Robotics", Verdict.OPEN))),
        guarded(act((NAME, "Robotics", Verdict.GATED, M2))),
    )
    closed = guarded(closed=(NAME,))
    assert len({each.digest for each in (SHIPPED, opened, gated, closed)}) == 4
    assert classified_guardrails(SHIPPED, UNCLASSIFIED, CATALOGUE) is SHIPPED
    # Worked out once.
    assert guarded(act((NAME, "Robotics", Verdict.OPEN))) is opened
    # What was classified is taken away again, and not added to.
    assert classified_guardrails(opened, UNCLASSIFIED, CATALOGUE).digest == SHIPPED.digest
    assert classified_guardrails(opened, closed.classified, CATALOGUE).digest == closed.digest


def test_what_was_kept_reads_back_and_nothing_else_is_read() -> None:
    for each in (guarded(act((NAME, "Robotics", Verdict.GATED, M2)), closed=(TYPE,)), SHIPPED):
        assert recorded_guardrails(each.canonical, CATALOGUE) == each
    whole = {
        "code_values": files("policies").joinpath("code_values.toml").read_text("utf-8"),
        "guardrails": files("policies").joinpath("guardrails.toml").read_text("utf-8"),
    }
    assert read_guardrails(whole["guardrails"], CATALOGUE, whole["code_values"]) == SHIPPED
    wrongs: list[Json] = [
        {},
        {"closed": [], "judged": [["a", "b"]]},
        {"closed": [1], "judged": []},
        [],
        {"closed": [], "judged": [["a", "b", "c", None]]},
    ]
    for wrong in wrongs:
        with pytest.raises((ValueError, TypeError)):
            read_classified(wrong)
        altered = SHIPPED.canonical[:-1] + b',"classified":' + canonical_bytes(wrong) + b"}"
        with pytest.raises(MalformedGuardrails):
            recorded_guardrails(altered, CATALOGUE)


Acts = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from([NAME, TYPE]),
            st.sampled_from("ab"),
            st.sampled_from([Verdict.OPEN, Verdict.NEVER, Verdict.WITHDRAWN]),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda code: code[:2],
    ),
    max_size=6,
)


@given(Acts)
def test_of_each_value_the_last_word_stands(acts: list[list[tuple[str, str, Verdict]]]) -> None:
    last = {(element, value): verdict for codes in acts for element, value, verdict in codes}
    made = [act(*codes) for codes in acts]
    stands = classified_by(made)
    told = {(each.element, each.value): each.verdict for each in stands.judged}
    assert told == {place: verdict for place, verdict in last.items() if verdict is not Verdict.WITHDRAWN}
    assert list(told) == sorted(told)
    if made:
        assert classified_then(classified_by(made[:-1]), made[-1]) == stands
