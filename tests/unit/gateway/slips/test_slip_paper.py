"""The slip that a family takes home: one page, plain, in its language, the same bytes each time, nothing as markup."""

import datetime as dt
import re
from dataclasses import fields, replace
from string import Formatter
from zoneinfo import ZoneInfo

import pypdfium2
import pytest

from agreements.elements import load_catalogue
from agreements.purpose import PURPOSES
from gateway.records.meanings import MAX_ELEMENTS
from gateway.services.slips.paper import slip_paper
from gateway.services.slips.slips import Given, Slip
from gateway.services.slips.wording import Language, Wish, Words, words_in

LOS_ANGELES = ZoneInfo("America/Los_Angeles")
AT = dt.datetime(2026, 11, 29, 8, 5, 9, tzinfo=LOS_ANGELES)
GIVEN = Given(
    tuple(load_catalogue().element(each) for each in ("000115", "000128")),
    "tutoring",
    "Tutors plan their sessions by it.",
    dt.date(2026, 9, 1),
    None,
)
SLIP = Slip(
    wish=Wish.CONSENT,
    language=Language.ENGLISH,
    district="Emerald City School District",
    name="Calixtine Örnsköldvik",
    number="702",
    entry=41,
    at=AT,
    zone="America/Los_Angeles",
    origin="test.example/log",
    agreement="Tutoring 2026-2027",
    partner="Bright Path Tutoring",
    given=GIVEN,
)


def text_of(slip: Slip, head: tuple[str, ...] = ()) -> str:
    """The text of the one page of a slip."""
    document = pypdfium2.PdfDocument(slip_paper(slip, head))
    try:
        assert (len(document), document.is_tagged()) == (1, True)
        return " ".join(document[0].get_textpage().get_text_bounded().split())
    finally:
        document.close()


def test_what_an_agreement_or_a_form_says_is_never_read_as_markup() -> None:
    hostile = '#panic("x") *bold* $x$ @label \\ = Heading'
    told = replace(
        SLIP, partner=hostile, agreement=hostile, name=hostile, given=replace(GIVEN, what_will_be_done=hostile)
    )
    assert text_of(told, (hostile,)).count('#panic("x") *bold*') >= 5


@pytest.mark.parametrize("name", ["李小明", "علي الحداد", "김민준", "አበበ በቀለ", "Zoë 😀"])
def test_a_child_whose_name_no_font_of_ours_has_gets_a_slip_too(name: str) -> None:
    assert "702" in text_of(replace(SLIP, name=name))


@pytest.mark.parametrize("language", Language)
def test_a_consent_says_to_whom_what_why_until_when_and_how_to_check_it(language: Language) -> None:
    text, words = text_of(replace(SLIP, language=language)), words_in(language)
    for said in (
        words.titles[Wish.CONSENT],
        "Calixtine Örnsköldvik",
        "702",
        "41",
        "08:05:09 (America/Los_Angeles)",
        "test.example/log",
        "Bright Path Tutoring",
        "Tutoring 2026-2027",
        words.purpose_called("tutoring"),
        "Tutors plan their sessions by it.",
        "; ".join(words.element(each) for each in GIVEN.elements),
        words.until_withdrawn,
        "python -m audit receipt",
    ):
        assert said in text, said
    assert "{" not in text


@pytest.mark.parametrize("language", Language)
def test_each_wish_says_what_stops_and_for_whom(language: Language) -> None:
    words = words_in(language)
    plain = replace(SLIP, language=language, given=None)
    everybody = replace(plain, agreement=None, partner=None)
    for slip, effects in (
        (replace(plain, wish=Wish.WITHDRAWAL), words.effects[Wish.WITHDRAWAL]),
        (replace(plain, wish=Wish.OPT_OUT), words.opt_out_of_one),
        (replace(everybody, wish=Wish.OPT_OUT), words.effects[Wish.OPT_OUT]),
        (replace(everybody, wish=Wish.DIRECTORY), words.effects[Wish.DIRECTORY]),
    ):
        text = text_of(slip)
        assert words.titles[slip.wish] in text
        for effect in effects:
            assert effect.format(partner="Bright Path Tutoring") in text, effect


@pytest.mark.parametrize("language", Language)
def test_everything_an_agreement_can_name_fits_on_the_page(language: Language) -> None:
    longest = sorted(load_catalogue(), key=lambda each: len(words_in(language).element(each)))[-MAX_ELEMENTS:]
    assert text_of(replace(SLIP, language=language, given=replace(GIVEN, elements=tuple(longest))))
    assert words_in(language).everything in text_of(replace(SLIP, language=language, given=replace(GIVEN, elements=())))


def test_the_same_slip_has_the_same_bytes() -> None:
    assert slip_paper(SLIP) == slip_paper(SLIP)
    assert b"702" not in repr(SLIP).encode()


def blanks(words: Words) -> dict[str, list[set[str]]]:
    """The blanks in each sentence, by the place of the sentence."""
    found = {}
    for each in fields(words):
        said = getattr(words, each.name)
        sentences = [said] if isinstance(said, str) else list(said.values()) if isinstance(said, dict) else list(said)
        flat = [part for sentence in sentences for part in ([sentence] if isinstance(sentence, str) else sentence)]
        found[each.name] = [{name for _, name, _, _ in Formatter().parse(part) if name} for part in flat]
    return {name: sets for name, sets in found.items() if name not in {"purposes", "elements"}}


def test_every_language_says_the_same_with_the_same_blanks() -> None:
    english = words_in(Language.ENGLISH)
    for language in Language:
        words = words_in(language)
        assert blanks(words) == blanks(english)
        assert set(words.titles) == set(words.effects) == set(Wish)
        assert len(words.months) == 12


def test_every_purpose_and_element_has_a_name_in_spanish() -> None:
    words = words_in(Language.SPANISH)
    assert set(words.purposes) == set(PURPOSES)
    assert set(words.elements) == {each.id for each in load_catalogue()}
    assert all(re.search(r"\w", said) for said in (*words.purposes.values(), *words.elements.values()))
    assert words.purpose_called("forgotten") == "forgotten"
