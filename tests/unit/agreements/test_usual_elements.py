"""The table of usual elements is whole, and points at what is not in it."""

from datetime import date

import pytest

from agreements.elements import Tier, load_catalogue
from agreements.errors import BrokenCatalogue
from agreements.purpose import PURPOSES
from agreements.usual import load_usual, read_usual, unusual
from tests.factories.agreements import SPS_A, SPS_B, Keyring

RING = Keyring()
TABLE = "".join(f'[{purpose}]\nreviewed = 2026-11-20\nsource = "[P]"\nelements = []\n' for purpose in PURPOSES)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[tutoring]", "[selling]", "selling, tutoring"),
        ("[tutoring]", "[tutoring", "not TOML"),
        ("reviewed = 2026-11-20\n", "", "reviewed"),
        ("elements = []", "elements = []\nnote = 1", "note"),
    ],
)
def test_a_table_that_is_not_whole_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(BrokenCatalogue, match=said):
        read_usual(TABLE.replace(old, new, 1))


def test_every_purpose_is_there_with_the_day_of_its_review_and_its_source() -> None:
    assert set(load_usual()) == set(PURPOSES)
    for usual in load_usual().values():
        assert isinstance(usual.reviewed, date)
        assert usual.source.startswith("[P] ")
        assert usual.forms


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_usual_element_exists_in_its_forms_and_none_is_sensitive_or_never_released(purpose: str) -> None:
    catalogue = load_catalogue()
    usual = load_usual()[purpose]
    for element_id, forms in usual.forms.items():
        element = catalogue.element(element_id)
        assert forms <= set(element.transformations)
        for form in forms or element.transformations:
            tier = element.tier_after(form)
            assert not tier.is_sensitive, (element_id, form)
            assert tier is not Tier.NEVER
            if PURPOSES[purpose].bases == ("de_identified", "de_identified_with_code"):
                assert tier is not Tier.IDENTIFYING, (element_id, form)


def test_a_form_that_is_not_the_usual_one_is_pointed_at() -> None:
    form = "/datasets/0/elements/2/transformation"
    whole = RING.agreement(SPS_A, changes={form: "exact"}).agreement
    assert [line.pointer for line in unusual(whole, load_catalogue())] == ["/datasets/0/elements/2"]


def test_what_is_sensitive_is_always_pointed_at_even_if_the_table_had_it(monkeypatch: pytest.MonkeyPatch) -> None:
    english = {"element": "000180", "transformation": "exact", "own_line": True}
    agreement = RING.agreement(SPS_A, changes={"/datasets/0/elements/12": english}).agreement
    assert [line.element for line in unusual(agreement, load_catalogue())] == ["000180"]
    careless = read_usual(changed_table("tutoring", ["000180", *load_usual()["tutoring"].forms, "000033:age_years"]))
    monkeypatch.setattr("agreements.usual.load_usual", lambda: careless)
    assert [line.element for line in unusual(agreement, load_catalogue())] == ["000180"]


@pytest.mark.parametrize("name", [SPS_A, SPS_B])
def test_the_examples_ask_for_nothing_unusual(name: str) -> None:
    assert unusual(RING.agreement(name).agreement, load_catalogue()) == ()


def changed_table(purpose: str, elements: list[str]) -> str:
    listed = ", ".join(f'"{each}"' for each in elements)
    return TABLE.replace(
        f'[{purpose}]\nreviewed = 2026-11-20\nsource = "[P]"\nelements = []',
        f'[{purpose}]\nreviewed = 2026-11-20\nsource = "[P]"\nelements = [{listed}]',
    )
