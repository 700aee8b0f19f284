"""Certificates, holds, releases and reviews as documents: what is missing or misspelt is refused, by its place."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.canonical import canonical_bytes, digest_of
from agreements.documents.destruction import Certificate, Disclosures, Tally, certificate_bytes, read_certificate
from agreements.documents.hold import Hold, Release, hold_bytes, read_hold, read_release, release_bytes
from agreements.documents.review import Finding, Review, read_review, review_bytes
from agreements.errors import InvalidDocument, MalformedDocument

DIGEST = "sha256:" + "5" * 64
CODES = ("rc_" + "a" * 26, "rc_" + "b" * 26)
FIGURES = Disclosures(3, 12, DIGEST)
WHOLE = Certificate(
    agreement=DIGEST,
    covers="whole",
    disclosures=FIGURES,
    what="All copies of the export on the tutoring server and its backups.",
    method="purge",
    how="Cryptographic erase of the volume, backups rotated out.",
    destroyed_on=date(2027, 7, 15),
    who="Rae Responsible",
    witness="Wim Witness",
)
LEAVERS = Certificate(
    agreement=DIGEST,
    covers="leavers",
    disclosures=FIGURES,
    what="Rows of the students listed.",
    method="clear",
    how="Deleted and vacuumed.",
    destroyed_on=date(2027, 1, 15),
    who="Rae Responsible",
    witness="Wim Witness",
    leavers=CODES,
)
NOTHING = Certificate(
    agreement=DIGEST,
    covers="whole",
    disclosures=Disclosures(0, None, digest_of(b"[]")),
    what="Nothing was received.",
    method="destroy",
    how="There was nothing.",
    destroyed_on=date(2027, 7, 15),
    who="Rae Responsible",
    witness="Wim Witness",
)
HOLD = Hold(DIGEST, "inspection", date(2027, 6, 1), "A request to inspect is open.")
RELEASE = Release(DIGEST, "The family has seen the records.")
REVIEW = Review(
    DIGEST, date(2026, 8, 20), date(2027, 8, 19), DIGEST, (Finding("Two elements never used.", "Amend."),), "amend"
)
REMOVED = object()


def altered(raw: bytes, changes: dict[str, Any]) -> bytes:
    content = {**json.loads(raw), **changes}
    return json.dumps({name: value for name, value in content.items() if value is not REMOVED}).encode()


@pytest.mark.ferpa("X2")
@pytest.mark.parametrize(
    "part", ["what", "how", "destroyed_on", "who", "witness", "disclosures", "covers", "agreement"]
)
def test_a_certificate_without_one_of_its_parts_is_refused_by_name(part: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        read_certificate(altered(certificate_bytes(WHOLE), {part: REMOVED}))
    assert [problem.path for problem in caught.value.problems] == [f"/{part}"]


@pytest.mark.ferpa("X2")
def test_a_certificate_that_nobody_witnessed_names_the_rule() -> None:
    with pytest.raises(InvalidDocument) as caught:
        read_certificate(altered(certificate_bytes(WHOLE), {"witness": REMOVED}))
    assert [(problem.path, problem.rule) for problem in caught.value.problems] == [("/witness", "X2")]


WRONG: list[tuple[Callable[[bytes], object], bytes, dict[str, Any], str]] = [
    (read_certificate, certificate_bytes(WHOLE), {"witness": ""}, "/witness"),
    (read_certificate, certificate_bytes(WHOLE), {"covers": "some"}, "/covers"),
    (read_certificate, certificate_bytes(WHOLE), {"destroyed_on": "2027-02-30"}, "/destroyed_on"),
    (read_certificate, certificate_bytes(WHOLE), {"how": {"method": "shred", "words": "x"}}, "/how/method"),
    (read_certificate, certificate_bytes(WHOLE), {"how": {"method": "purge"}}, "/how/words"),
    (read_certificate, certificate_bytes(WHOLE), {"disclosures": {"count": 3}}, "/disclosures/digest"),
    (
        read_certificate,
        certificate_bytes(WHOLE),
        {"disclosures": {"count": 3, "digest": DIGEST}},
        "/disclosures/last_entry",
    ),
    (
        read_certificate,
        certificate_bytes(WHOLE),
        {"disclosures": {"count": 0, "last_entry": 3, "digest": DIGEST}},
        "/disclosures/last_entry",
    ),
    (read_certificate, certificate_bytes(WHOLE), {"leavers": list(CODES)}, "/leavers"),
    (read_certificate, certificate_bytes(LEAVERS), {"leavers": REMOVED}, "/leavers"),
    (read_certificate, certificate_bytes(LEAVERS), {"leavers": []}, "/leavers"),
    (read_certificate, certificate_bytes(LEAVERS), {"leavers": list(reversed(CODES))}, "/leavers"),
    (read_certificate, certificate_bytes(LEAVERS), {"leavers": [CODES[0], CODES[0]]}, "/leavers"),
    (read_certificate, certificate_bytes(LEAVERS), {"leavers": ["7001"]}, "/leavers/0"),
    (read_hold, hold_bytes(HOLD), {"kind": "whim"}, "/kind"),
    (read_hold, hold_bytes(HOLD), {"since": "2027-13-01"}, "/since"),
    (read_hold, hold_bytes(HOLD), {"student": "7001"}, "/student"),
    (read_hold, hold_bytes(HOLD), {"reason": ""}, "/reason"),
    (read_release, release_bytes(RELEASE), {"hold": "7"}, "/hold"),
    (read_release, release_bytes(RELEASE), {"reason": REMOVED}, "/reason"),
    (read_review, review_bytes(REVIEW), {"to": "2026-08-19"}, "/to"),
    (read_review, review_bytes(REVIEW), {"to": "2027-02-30"}, "/to"),
    (read_review, review_bytes(REVIEW), {"from": "2027-02-30"}, "/to"),
    (read_review, review_bytes(REVIEW), {"pack": "pack.zip"}, "/pack"),
    (read_review, review_bytes(REVIEW), {"findings": [{"what": "x"}]}, "/findings/0/action"),
    (read_review, review_bytes(REVIEW), {"conclusion": "fine"}, "/conclusion"),
]


@pytest.mark.parametrize(("read", "raw", "changes", "place"), WRONG)
def test_a_wrong_document_is_refused_at_its_place(
    read: Callable[[bytes], object], raw: bytes, changes: dict[str, Any], place: str
) -> None:
    read(raw)
    with pytest.raises(InvalidDocument) as caught:
        read(altered(raw, changes))
    assert place in [problem.path for problem in caught.value.problems]


@pytest.mark.parametrize("read", [read_certificate, read_hold, read_release, read_review])
def test_what_cannot_be_read_is_malformed(read: Callable[[bytes], object]) -> None:
    with pytest.raises(MalformedDocument):
        read(b'{"format": 1.5}')


def test_documents_read_back_as_they_were_written() -> None:
    for certificate in (WHOLE, LEAVERS, NOTHING):
        assert read_certificate(certificate_bytes(certificate)) == certificate
    assert read_hold(hold_bytes(HOLD)) == HOLD
    assert read_release(release_bytes(RELEASE)) == RELEASE
    assert read_review(review_bytes(REVIEW)) == REVIEW


@pytest.mark.claim(9)
def test_people_record_codes_and_reasons_do_not_show_in_representations() -> None:
    shown = repr((LEAVERS, HOLD, RELEASE, REVIEW))
    for word in ("Rae", "Wim", "rc_", "vacuumed", "request", "family", "never used"):
        assert word not in shown


def test_no_disclosure_has_the_digest_of_an_empty_list() -> None:
    assert Tally().disclosures == Disclosures(0, None, digest_of(canonical_bytes([])))


@given(st.lists(st.integers(0, 2**53 - 1), unique=True, max_size=50).map(sorted))
def test_a_tally_is_what_a_partner_computes_over_its_own_list(indexes: list[int]) -> None:
    tally = Tally()
    for index in indexes:
        tally.add(index)
        assert tally.disclosures == tally.disclosures
    last = indexes[-1] if indexes else None
    assert tally.disclosures == Disclosures(len(indexes), last, digest_of(canonical_bytes([*indexes])))
