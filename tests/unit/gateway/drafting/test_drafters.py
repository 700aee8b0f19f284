"""Who drafts stands in the draft (S3): an officer's own key, never another officer's beside it."""

from typing import Any

import pytest

from gateway.services.drafts.errors import DraftedByAnother
from gateway.services.drafts.offering import drafted

pytestmark = [pytest.mark.claim(12), pytest.mark.ferpa("S3")]

FIRST, SECOND, SPARE = "a" * 43, "b" * 43, "c" * 43
KEYS = {"user:one": frozenset({FIRST, SPARE}), "user:two": frozenset({SECOND})}


def test_a_second_officer_cannot_write_what_they_could_then_approve() -> None:
    content = drafted({}, KEYS, "user:one")
    with pytest.raises(DraftedByAnother) as caught:
        drafted(content, KEYS, "user:two")
    assert caught.value.code == "drafted_by_another"
    assert drafted(content, KEYS, "user:one") == content
    assert drafted({"people": {"drafted_by": SPARE}}, KEYS, "user:one") == {"people": {"drafted_by": SPARE}}


def test_an_officer_who_writes_cannot_name_somebody_else() -> None:
    contents: list[dict[str, Any]] = [{}, {"people": {"drafted_by": "d" * 43}}, {"people": "x"}, {"people": {}}]
    for content in contents:
        assert drafted(content, KEYS, "user:one")["people"] == {"drafted_by": FIRST}


def test_whoever_holds_no_officers_key_leaves_it_as_it_is() -> None:
    contents: list[dict[str, Any]] = [{}, {"people": {"drafted_by": FIRST}}, {"people": {"drafted_by": "d" * 43}}]
    for content in contents:
        assert drafted(content, KEYS, "user:three") == content
