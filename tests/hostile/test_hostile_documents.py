"""Documents made to look like others, to say two things, or to keep the checks busy; each is refused, and soon."""

import json
import time
from typing import Any

import pytest

from agreements.authored import read_authored
from agreements.canonical import MAX_BYTES, canonical_bytes
from agreements.document import MOST, agreement_problems, parse_agreement
from agreements.documents.reinstatement import read_reinstatement
from agreements.elements import load_catalogue
from agreements.errors import AgreementError, InvalidAgreement, MalformedDocument
from tests.factories.agreements import changed, example
from tests.factories.lawful import judged, on

CYRILLIC_I, FULLWIDTH_2 = "\u0456", "\uff12"
TEXT = json.dumps(example(), ensure_ascii=False)


def spelled(old: str, new: str, name: str = "sps-a-tutoring-consent.yaml") -> str:
    """The example as JSON, with one text spelled in another way."""
    text = json.dumps(example(name), ensure_ascii=False)
    assert old in text
    return text.replace(old, new)


@pytest.mark.attack("a name in another script")
@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("partner:bright-path", f"partner:br{CYRILLIC_I}ght-path", "/partner/id"),
        ("district:emerald-city", f"district:emerald-c{CYRILLIC_I}ty", "/district/id"),
        ("agreement:sps-a-tutoring", f"agreement:sps-a-tutor{CYRILLIC_I}ng", "/id"),
        ("partner:bright-path", "partner:Bright-Path", "/partner/id"),
        ("partner:bright-path", "partner:bright-path\\n", "/partner/id"),
        ("partner:bright-path", "partner:bright\u200c-path", "/partner/id"),
        ("2026-09-01", f"{FULLWIDTH_2}026-09-01", "/term/first_day"),
        ("2026-2027", f"{FULLWIDTH_2}026-2027", "/datasets/0/school_years/0"),
        ('"consent"', '"c\u043ensent"', "/basis/type"),
        ('"tutoring"', f'"tutor{CYRILLIC_I}ng"', "/purpose/code"),
        ('"exact"}', '"ex\u0430ct"}', "/datasets/0/elements/0/transformation"),
        ('"cadence"', '"cad\u0435nce"', "/cadence"),
    ],
)
def test_a_letter_of_another_script_makes_another_word(old: str, new: str, path: str) -> None:
    with pytest.raises(InvalidAgreement) as caught:
        parse_agreement(spelled(old, new), load_catalogue())
    assert path in {problem.path for problem in caught.value.problems}


@pytest.mark.ferpa("L5")
@pytest.mark.attack("a name in another script")
def test_a_party_that_only_looks_like_one_of_the_notice_is_not_one() -> None:
    content = changed(on("directory_information"), {"/basis/limited_parties": [f"partner:br{CYRILLIC_I}ght-path"]})
    assert judged(content) == [("/basis/limited_parties", "L5"), ("/basis/limited_parties/0", "L5")]


@pytest.mark.attack("one name in two Unicode forms")
def test_a_name_has_one_form() -> None:
    composed = spelled("Bright Path", "Br\u00efght Path")
    assert parse_agreement(composed, load_catalogue()).partner.name == "Br\u00efght Path Tutoring"
    for form in ("Bri\u0308ght Path", "Bri\\u0308ght Path", "\u212bright Path"):
        with pytest.raises(MalformedDocument, match="normal form C"):
            parse_agreement(spelled("Bright Path", form), load_catalogue())


@pytest.mark.attack("text that a reader does not see")
@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param("\u200b", id="zero-width space"),
        pytest.param("\u200e", id="left-to-right mark"),
        pytest.param("\u061c", id="Arabic letter mark"),
        pytest.param("\u00ad", id="soft hyphen"),
        pytest.param("\u2060", id="word joiner"),
        pytest.param("\ufeff", id="byte order mark inside"),
        pytest.param("\u2028", id="line separator"),
        pytest.param("\u2029", id="paragraph separator"),
        pytest.param("\u202e", id="right-to-left override"),
        pytest.param("\u2066", id="isolate"),
        pytest.param("\U000e0041", id="tag letter"),
        pytest.param("\ue000", id="private use"),
        pytest.param("\u0378", id="unassigned"),
        pytest.param("\ufffe", id="no character"),
        pytest.param("\u0007", id="bell"),
    ],
)
def test_what_shows_nothing_is_not_signed(hidden: str) -> None:
    for text in (json.dumps(changed(example(), {"/title": f"Data{hidden}sharing"})), f"title: Data{hidden}sharing"):
        with pytest.raises(MalformedDocument):
            read_authored(text)


def test_a_name_keeps_the_joiners_that_its_language_needs() -> None:
    title = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert parse_agreement(canonical_bytes(changed(example(), {"/title": title})), load_catalogue()).title == title


@pytest.mark.attack("two programs read one file differently")
@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(TEXT.replace('"version": 1', '"version": 1, "version": 2'), id="a version twice"),
        pytest.param(TEXT.replace('"cadence"', '"cad\\u0065nce": "daily", "cadence"'), id="a member spelled twice"),
        pytest.param(TEXT.replace('"version": 1', f'"version": 1{"0" * 400}'), id="a version of 401 digits"),
        pytest.param(TEXT.replace('"version": 1', '"version": 1e0'), id="a version with an exponent"),
        pytest.param(TEXT.replace(": 30}", ": 30.0}"), id="a fraction of days"),
        pytest.param(TEXT.replace("Bright Path", "Bright\\u0000Path"), id="NUL in a name"),
        pytest.param("base: &b {version: 1}\n<<: *b", id="a merge key"),
        pytest.param("version: 1\nversion: 2", id="YAML, a version twice"),
        pytest.param("version: 0x1", id="YAML, a number of base 16"),
        pytest.param("format: !pactgate pactgate-agreement/1", id="YAML, a tag"),
    ],
)
def test_a_document_that_can_be_read_in_two_ways_is_read_in_none(raw: str) -> None:
    with pytest.raises(MalformedDocument):
        parse_agreement(raw, load_catalogue())
    with pytest.raises(AgreementError):
        read_reinstatement(raw)


def _full(make: Any) -> Any:
    """As many things as a file may hold."""
    return [make(index) for index in range(MAX_BYTES // (len(json.dumps(make(99_999))) + 2))]


BUSY: list[tuple[str, dict[str, Any]]] = [
    ("elements", {"/datasets/0/elements": _full(lambda index: {"element": f"{index:06}", "transformation": "exact"})}),
    ("subrecipients", {"/subrecipients": _full(lambda index: {"name": str(index), "interest": "x"})}),
    ("values", {"/population": {"in": {"column": "grade_level", "values": _full(str)}}}),
    ("conditions", {"/population": {"any": [{"any": [{"any": [{"roster": False}] * 50}] * 50}] * 20}}),
    ("measures", {"/obligations/security": _full(lambda index: [index])}),
    ("years", {"/datasets/0/school_years": _full(lambda index: f"{index % 9000 + 1000}-{index % 9000 + 1001}")}),
    ("members", {f"/m{index}": 1 for index in range(60_000)}),
]


@pytest.mark.attack("a file made to keep the checks busy")
@pytest.mark.parametrize("changes", [changes for _, changes in BUSY], ids=[name for name, _ in BUSY])
def test_a_full_file_is_judged_in_seconds(changes: dict[str, Any]) -> None:
    content = changed(example(), changes)
    began = time.process_time()
    assert 0 < len(agreement_problems(content, load_catalogue())) <= MOST + 1
    assert time.process_time() - began < 20, "a generous bound: compared each with each other, elements took minutes"


@pytest.mark.attack("a file made to keep its reader busy")
def test_a_list_of_problems_ends_and_says_how_many_there_are() -> None:
    problems = agreement_problems(changed(example(), dict(BUSY)["members"]), load_catalogue())
    assert len(problems) == MOST + 1
    assert problems[-1].sentence == "59000 more problems are not listed; correct these first."


@pytest.mark.ferpa("A5")
@pytest.mark.attack("a file made to keep the checks busy")
def test_a_term_of_a_thousand_years_is_judged_in_seconds() -> None:
    notices = _full(lambda index: {"school_year": f"{index % 900 + 1900}-{index % 900 + 1901}", "reference": "x"})
    days = {"/term/first_day": "1900-07-01", "/term/last_day": "2999-06-30", "/basis/annual_notice_ref": notices}
    began = time.process_time()
    assert ("/basis/annual_notice_ref", "A5") in judged(changed(on("school_official"), days))
    assert time.process_time() - began < 20
