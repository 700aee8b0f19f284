"""The clause for programs that know only a secret, and a binding without keys: what is refused, then what is read."""

from typing import Any

import pytest

from agreements.canonical import canonical_bytes
from agreements.difference import difference
from agreements.documents.binding import ClientBinding, binding_bytes, read_binding
from agreements.elements import load_catalogue
from agreements.errors import InvalidAgreement, InvalidDocument, NotNarrower
from agreements.narrowing import require_narrower
from agreements.wording import sentences
from tests.factories.agreements import REMOVED, changed, client_id, client_jwk, example
from tests.factories.lawful import CHILD, MASTER, read

CLAUSE = {"bearer": True, "because": "It cannot bind its tokens.", "last_day": "2026-12-31"}


def refused(changes: dict[str, Any]) -> list[str]:
    """The places at which the example with this clause is refused."""
    with pytest.raises(InvalidAgreement) as error:
        read(changed(example(), changes))
    return [problem.path for problem in error.value.problems]


@pytest.mark.claim(1)
@pytest.mark.parametrize(
    ("clause", "path"),
    [
        ({**CLAUSE, "bearer": False}, "/compatibility/bearer"),
        ({"bearer": True, "because": "x"}, "/compatibility/last_day"),
        ({"bearer": True, "last_day": "2026-12-31"}, "/compatibility/because"),
        ({**CLAUSE, "last_day": "2026-02-30"}, "/compatibility/last_day"),
        ({**CLAUSE, "last_day": 20261231}, "/compatibility/last_day"),
        ({**CLAUSE, "last_day": "2026-08-31"}, "/compatibility/last_day"),
        ({**CLAUSE, "last_day": "2027-07-01"}, "/compatibility/last_day"),
        ({**CLAUSE, "always": True}, "/compatibility/always"),
        (True, "/compatibility"),
    ],
)
def test_a_clause_without_reason_or_beyond_the_term_is_refused(clause: object, path: str) -> None:
    assert path in refused({"/compatibility": clause})


def test_an_incomplete_draft_with_a_clause_is_told_what_it_lacks() -> None:
    assert "/term/first_day" in refused({"/compatibility": CLAUSE, "/term": {}})


def test_the_clause_is_read_shown_as_a_difference_and_its_reason_approved() -> None:
    before, after = read(example()), read(changed(example(), {"/compatibility": CLAUSE}))
    assert before.compatibility is None
    assert after.compatibility is not None
    assert after.compatibility.last_day.isoformat() == "2026-12-31"
    assert "/compatibility/because" in after.words_only
    said = " ".join(sentences(difference(before, after), load_catalogue()))
    assert "That tokens bound to no key are accepted: 'True' is added." in said
    assert "2026-12-31" in said


@pytest.mark.ferpa("A8")
@pytest.mark.parametrize(
    ("of_master", "path"),
    [(REMOVED, "/compatibility"), ({**CLAUSE, "last_day": "2026-12-30"}, "/compatibility/last_day"), (CLAUSE, None)],
)
def test_a_child_lets_in_no_program_that_its_master_does_not(of_master: object, path: str | None) -> None:
    content = example(MASTER)
    master = read(content if of_master is REMOVED else changed(content, {"/compatibility": of_master}))
    child = read(changed(example(CHILD), {"/master": master.digest, "/compatibility": CLAUSE}))
    if path is None:
        require_narrower(master, child)
        return
    with pytest.raises(NotNarrower) as error:
        require_narrower(master, child)
    assert [problem.path for problem in error.value.problems] == [path]


def binding(**changes: Any) -> bytes:
    """A binding without keys, changed; None takes a part out."""
    content: dict[str, Any] = {
        "format": "pactgate-client-binding/1",
        "agreement": f"sha256:{'0' * 64}",
        "client": client_id("gradebook"),
        "responsible": "person:data-lead",
        "compatibility": "client_secret",
        "allowed_addresses": ["203.0.113.7/32", "2001:db8::/32"],
    }
    merged = {**content, **changes}
    return canonical_bytes({name: value for name, value in merged.items() if value is not None})


@pytest.mark.claim(1)
@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"jwks": {"keys": [client_jwk("gradebook")]}}, "/jwks"),
        ({"jwks_url": "https://keys.example.org/jwks.json"}, "/jwks"),
        ({"compatibility": None}, "/jwks"),
        ({"compatibility": "none"}, "/compatibility"),
        ({"allowed_addresses": None}, "/allowed_addresses"),
        ({"allowed_addresses": []}, "/allowed_addresses"),
        ({"allowed_addresses": ["203.0.113.7/32", "203.0.0.0/15"]}, "/allowed_addresses/1"),
        ({"allowed_addresses": ["2001::/31"]}, "/allowed_addresses/0"),
        ({"allowed_addresses": ["0.0.0.0/0"]}, "/allowed_addresses/0"),
    ],
)
def test_a_client_without_keys_is_bound_to_its_own_addresses(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidDocument) as error:
        read_binding(binding(**changes))
    assert path in [problem.path for problem in error.value.problems]


def test_a_binding_without_keys_is_read_as_it_was_written() -> None:
    read_back = read_binding(binding())
    assert isinstance(read_back, ClientBinding)
    assert (read_back.compatibility, read_back.keys) == (True, ())
    assert [str(each) for each in read_back.allowed_addresses] == ["203.0.113.7/32", "2001:db8::/32"]
    assert binding_bytes(read_back) == binding()
