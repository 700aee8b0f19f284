"""Catalogue, guardrails and time zones as they are kept: the same when read again, and refused if they cannot be."""

import json
from datetime import date
from typing import Any

import pytest

from agreements.elements import load_catalogue, recorded_catalogue
from agreements.errors import BrokenCatalogue, MalformedDocument
from policies.errors import MalformedGuardrails, UnknownTimeZone
from policies.guardrails import load_guardrails, recorded_guardrails
from policies.term import bounds
from policies.zones import PINNED, recorded_zones

pytestmark = pytest.mark.claim(6)

CATALOGUE, GUARDRAILS = load_catalogue(), load_guardrails()


@pytest.mark.parametrize("kept", [b"", b"{", b"[1]", b"[{}]", b'{"id":"000115"}', b"[null]", b"\xff", b"3"])
def test_a_catalogue_that_cannot_be_read_is_refused(kept: bytes) -> None:
    with pytest.raises(BrokenCatalogue):
        recorded_catalogue(kept, ())


@pytest.mark.parametrize("member", ["tier", "transformations", "datasets", "type", "name"])
def test_an_element_that_lacks_something_is_refused(member: str) -> None:
    rows = json.loads(CATALOGUE.canonical)
    del rows[0][member]
    with pytest.raises(BrokenCatalogue):
        recorded_catalogue(json.dumps(rows).encode(), ())


@pytest.mark.parametrize("kept", [b"", b"{", b"[]", b"{}", b'{"guardrails":{}}', b'{"code_values":{},"guardrails":{}}'])
def test_guardrails_that_cannot_be_read_are_refused(kept: bytes) -> None:
    with pytest.raises(MalformedGuardrails):
        recorded_guardrails(kept, CATALOGUE)


@pytest.mark.parametrize(
    "kept",
    [
        {"release": "2026a", "zones": {}},
        {"release": "2026a", "v": 2, "zones": {}},
        {"release": 2026, "v": 1, "zones": {}},
        {"release": "2026a", "v": 1, "zones": ["Asia/Tokyo"]},
        ["Asia/Tokyo"],
    ],
)
def test_zones_that_cannot_be_read_are_refused(kept: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        recorded_zones(json.dumps(kept).encode())
    with pytest.raises(MalformedDocument):
        recorded_zones(b"{")


def test_a_zone_that_was_not_kept_is_none() -> None:
    kept = json.loads(PINNED.canonical)
    kept["zones"] = {"Asia/Tokyo": kept["zones"]["Asia/Tokyo"]}
    zones = recorded_zones(json.dumps(kept).encode())
    day = date(2026, 9, 1)
    assert bounds(day, day, "Asia/Tokyo", zones) == bounds(day, day, "Asia/Tokyo")
    with pytest.raises(UnknownTimeZone):
        bounds(day, day, "America/Los_Angeles", zones)


def test_what_was_kept_is_the_same_when_it_is_read_again() -> None:
    catalogue = recorded_catalogue(CATALOGUE.canonical, CATALOGUE.earlier)
    assert (catalogue.digest, catalogue.elements, catalogue.earlier) == (
        CATALOGUE.digest,
        CATALOGUE.elements,
        CATALOGUE.earlier,
    )
    assert recorded_guardrails(GUARDRAILS.canonical, catalogue) == GUARDRAILS
    zones = recorded_zones(PINNED.canonical)
    assert (zones.release, zones.digest) == (PINNED.release, PINNED.digest)
    for zone in ("America/Los_Angeles", "Pacific/Kiritimati", "America/Phoenix"):
        for day in (date(2026, 11, 1), date(2027, 3, 14), date(2026, 7, 1)):
            assert bounds(day, day, zone, zones) == bounds(day, day, zone)
