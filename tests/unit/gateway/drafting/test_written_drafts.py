"""What is written is read back as the same content, whatever the texts are; and the next version amends the last."""

import copy
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agreements.authored import read_authored
from agreements.canonical import require_plain_text
from agreements.document import Agreement, judge_agreement
from agreements.elements import load_catalogue
from agreements.errors import MalformedDocument
from agreements.schema import agreement_schema
from agreements.versions import require_amends
from gateway.services.drafts.amending import next_version
from gateway.services.drafts.remarks import remark_for
from gateway.services.drafts.writing import scalar, written
from tests.factories.agreements import SPS_A, SPS_B, Keyring, changed, example

CATALOGUE = load_catalogue()
RING = Keyring()
FIXED = settings(derandomize=True, deadline=None, max_examples=60)
"""Each example is judged whole, and slowly where coverage is measured."""
PAPER = ("sha256:" + "0" * 64, "The amended paper")


def _plain(text: str) -> bool:
    try:
        require_plain_text(text)
    except MalformedDocument:
        return False
    return True


TEXTS = st.text(min_size=1).filter(_plain) | st.sampled_from(
    [
        "no",
        "010",
        "1_000",
        "2026-09-01",
        "a: b",
        "# x",
        "- x",
        "{x}",
        "'",
        '"',
        "\\",
        " x ",
        "x\ny",
        "x\n",
        "~",
        "=",
        "0x1",
    ]
)


@FIXED
@given(TEXTS)
def test_any_text_is_read_back_as_it_is(text: str) -> None:
    assert read_authored(f"name: {scalar(text)}\n") == {"name": text}
    assert read_authored(f"[{scalar(text)}, {{a: {scalar(text)}}}]") == [text, {"a": text}]


@FIXED
@given(title=TEXTS, words=TEXTS, security=st.lists(TEXTS, min_size=1, max_size=3), values=st.lists(TEXTS, max_size=3))
def test_a_draft_is_read_back_as_the_same_content(
    title: str, words: str, security: list[str], values: list[str]
) -> None:
    changes: dict[str, Any] = {
        "/title": title,
        "/purpose/words": words,
        "/obligations/security": security,
        "/subrecipients": [{"name": title, "interest": words}, {}],
        "/population/all/1/in/values": values,
        "/district": {},
        "/datasets/1/dataset": words,
        "/datasets/0/elements/0/transformation": title,
    }
    content = changed(example(), changes)
    kept = copy.deepcopy(content)
    assert read_authored(written(content, CATALOGUE)) == kept


def test_names_that_are_no_part_of_the_format_are_kept_for_the_checks_to_find() -> None:
    content = changed(example(), {"/colour": "red", "/basis/colour": True, "/term/days": None, "/people": "Ana"})
    text = written(content, CATALOGUE)
    assert read_authored(text) == content
    assert "TO DO /colour" in text


@pytest.mark.parametrize("name", [SPS_A, SPS_B])
def test_a_sound_agreement_has_nothing_to_do(name: str) -> None:
    text = written(example(name), CATALOGUE)
    assert read_authored(text) == example(name)
    assert "TO DO" not in text


def test_every_part_of_the_format_says_what_is_asked_of_it() -> None:
    says_it_by_its_name = {"format", "version", "title", "obligations"}
    for name in set(agreement_schema(CATALOGUE)["properties"]) - says_it_by_its_name:
        assert remark_for(f"/{name}", None), name
    for name in agreement_schema(CATALOGUE)["properties"]["obligations"]["properties"]:
        assert remark_for(f"/obligations/{name}", None), name


def following(old: Agreement, **changes: Any) -> Agreement:
    """The next version as it is once read back from its draft."""
    drafted_by = RING.officers[1].key.thumbprint
    content = next_version(old, CATALOGUE, drafted_by=drafted_by, executed=PAPER, renew=changes.pop("renew", False))
    return judge_agreement(changed(read(written(content, CATALOGUE)), changes), CATALOGUE)


def read(text: str) -> dict[str, Any]:
    content = read_authored(text)
    assert isinstance(content, dict)
    return content


def test_a_next_version_says_nothing_that_was_true_of_the_last_one_alone() -> None:
    old = RING.agreement(SPS_B).agreement
    content = next_version(old, CATALOGUE, drafted_by=None, executed=(None, None), renew=True)
    assert {"people", "executed_pdf"}.isdisjoint(content)
    assert "annual_notice_ref" not in content["basis"]  # type: ignore[operator] # an object
    text = written(content, CATALOGUE)
    for path in ("/people", "/executed_pdf", "/basis/annual_notice_ref"):
        assert f"TO DO {path}" in text
    kept = next_version(old, CATALOGUE, drafted_by=None, executed=(None, None), renew=False)
    assert "annual_notice_ref" in kept["basis"]  # type: ignore[operator] # an object


@pytest.mark.ferpa("S4")
@pytest.mark.parametrize("name", [SPS_A, SPS_B])
def test_the_next_version_amends_the_last(name: str) -> None:
    old = RING.agreement(name).agreement
    new = following(old)
    require_amends(old, new)
    assert (new.version, new.replaces) == (2, old.digest)
    assert new.content["annexes"] == "carried_over"
    require_amends(new, following(new))


def test_a_renewal_moves_the_term_and_the_school_years_on_by_one() -> None:
    old = RING.agreement(SPS_A).agreement
    new = following(old, renew=True)
    require_amends(old, new)
    assert (new.term.first_day, new.term.last_day) == (date(2027, 9, 1), date(2028, 6, 30))
    assert {year for terms in new.datasets for year in terms.school_years} == {"2027-2028"}
    leap = RING.agreement(SPS_A, changes={"/term/first_day": "2028-02-29", "/term/last_day": "2029-02-28"}).agreement
    assert following(leap, renew=True).term.first_day == date(2029, 2, 28)
