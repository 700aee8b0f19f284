from dataclasses import replace
from pathlib import Path

import pytest

from agreements.elements import DATASETS, Tier, load_catalogue, read_catalogue, recorded_catalogue
from agreements.errors import BrokenCatalogue, UnknownElement

ROW = """
[elements."000115"]
name = "first_name"
datasets = ["students"]
title = "First name"
type = "text"
tier = "T2"
transformations = ["exact"]
"""


def test_an_unknown_id_or_name_finds_nothing() -> None:
    catalogue = load_catalogue()
    with pytest.raises(UnknownElement, match="999999"):
        catalogue.element("999999")
    with pytest.raises(UnknownElement, match="shoe_size"):
        catalogue.named("students", "shoe_size")
    with pytest.raises(UnknownElement):
        catalogue.named("courses", "first_name")
    assert catalogue.in_dataset("everything") == ()
    assert "*" not in catalogue


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"000115"', '"115"'),
        ('"first_name"', '"FirstName"'),
        ('["students"]', "[]"),
        ('["students"]', '["staff"]'),
        ('"text"', '"blob"'),
        ('"T2"', '"T9"'),
        ('"T2"', '"X"'),
        ('"T2"', '"T4-NSLA"'),
        ('["exact"]', "[]"),
        ('["exact"]', '["encrypt"]'),
        ('tier = "T2"', ""),
        ('tier = "T2"', 'tier = "T2"\ncolour = "red"'),
        ('tier = "T2"', 'tier = "T2"\ntiers = { count = "T3" }'),
        ("[elements", "[elements elements"),
    ],
)
def test_a_catalogue_that_contradicts_itself_is_refused(old: str, new: str) -> None:
    with pytest.raises(BrokenCatalogue):
        read_catalogue(ROW.replace(old, new, 1))


def test_two_elements_of_a_dataset_cannot_share_a_wire_name() -> None:
    with pytest.raises(BrokenCatalogue, match="first_name"):
        read_catalogue(ROW + ROW.replace("000115", "000116"))


def test_the_digest_follows_the_content_not_the_text() -> None:
    plain = read_catalogue(ROW)
    assert read_catalogue("# a comment\n" + ROW).digest == plain.digest
    assert read_catalogue(ROW.replace("First name", "Given name")).digest != plain.digest
    assert read_catalogue('earlier = ["sha256:x"]\n' + ROW).earlier == ("sha256:x",)


def test_every_dataset_has_elements_and_every_element_is_found_both_ways() -> None:
    catalogue = load_catalogue()
    assert len(list(catalogue)) == len(catalogue.elements) == 124
    for dataset in DATASETS:
        for element in catalogue.in_dataset(dataset):
            assert catalogue.named(dataset, element.name) is catalogue.element(element.id)


@pytest.mark.ferpa("M2")
def test_the_statutes_guard_their_elements() -> None:
    catalogue = load_catalogue()
    assert catalogue.element("000092").gate == "42 U.S.C. 1758(b)(6)"
    assert catalogue.element("000149").gate == "42 U.S.C. 11432(g)(3)(G)"
    assert catalogue.element("000151").gate == "34 CFR 300.622"
    assert catalogue.element("000218").tier is Tier.NEVER


def test_a_transformation_can_make_an_element_less_sensitive() -> None:
    catalogue = load_catalogue()
    assert catalogue.element("000033").tier_after("age_years") is Tier.PSEUDONYMOUS
    assert catalogue.element("000033").tier_after("exact") is Tier.IDENTIFYING
    assert catalogue.element("000501").tier_after("exact").is_sensitive
    assert not catalogue.element("000501").tier_after("count").is_sensitive


EARLIER = Path(__file__).parents[2] / "vectors" / "catalogues"
"""Each earlier catalogue as `Catalogue.canonical` gave it, named by the first digits of its digest."""


@pytest.mark.claim(1)
def test_what_was_signed_against_an_earlier_catalogue_means_what_it_meant() -> None:
    now = load_catalogue()
    kept = [recorded_catalogue(path.read_bytes(), ()) for path in EARLIER.iterdir()]
    assert {catalogue.digest for catalogue in kept} == set(now.earlier)
    for catalogue in kept:
        for element in catalogue:
            today = now.element(element.id)
            assert replace(today, datasets=element.datasets) == element
            assert set(element.datasets) <= set(today.datasets)
