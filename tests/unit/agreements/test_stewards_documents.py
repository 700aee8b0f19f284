"""What two stewards sign: judgements of codes, confirmations of loads. Strictly read, never one person's word."""

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from agreements.authority import Filed
from agreements.canonical import canonical_bytes
from agreements.documents.classification import Verdict, classification_bytes, read_classification
from agreements.documents.load_confirmation import ExportedFile, load_confirmation_bytes, read_load_confirmation
from agreements.documents.signer import read_signer
from agreements.errors import (
    AgreementError,
    BadSignature,
    InvalidDocument,
    NotEntitled,
    NotTheNext,
    SecondVoiceMissing,
    SignatureMissing,
)
from agreements.keys import SigningKey, read_public_key
from agreements.signature import Envelope, Kind, read_envelope, verify
from agreements.stewarding import verify_classification, verify_load_confirmation
from tests.factories.agreements import RECEIVED, Keyring, key_for
from tests.factories.every_kind import SIGNED
from tests.factories.stewards import CONFIRMABLE, DISTRICT, classification, confirmation, introduce_stewards

pytestmark = [pytest.mark.claim(12), pytest.mark.ferpa("M2")]

VECTORS: Any = json.loads((Path(__file__).parents[2] / "vectors" / "stewards.json").read_text("utf-8"))
DAY = RECEIVED.date()
OPEN = ("000626", "Robotics Club", Verdict.OPEN)
CODES = classification(OPEN, ("000110", "X7", Verdict.GATED, "project rule M2"), day=DAY)
LOAD = confirmation(day=DAY)


def judged(ring: Keyring, payload: bytes, *keys: SigningKey, kind: Kind = Kind.CODE_CLASSIFICATION) -> tuple[str, ...]:
    """Who signed, if it holds."""
    filed = ring.filed(ring.sign(kind, payload, *keys))
    if kind is Kind.CODE_CLASSIFICATION:
        return verify_classification(filed, None, authority=ring.authority).stewards
    return verify_load_confirmation(filed, authority=ring.authority).stewards


@pytest.mark.parametrize(
    ("kind", "payload"), [(Kind.CODE_CLASSIFICATION, CODES), (Kind.LOAD_CONFIRMATION, LOAD)], ids=["codes", "load"]
)
def test_nobody_does_it_alone_and_no_stranger_helps(kind: Kind, payload: bytes) -> None:
    ring = Keyring()
    first, second = (each.key for each in introduce_stewards(ring))
    officer, other = (each.key for each in ring.officers)
    usual = ring.introduce(DISTRICT, "Dana Signer", may_sign=["agreement"])
    partner = ring.introduce("partner:bright-path", "Pat Partner")
    elsewhere = ring.introduce("district:elsewhere", "Eli Elsewhere", may_sign=[kind.value])
    again = ring.introduce(DISTRICT, "Stella  Steward", key_for("again"), by=[other], may_sign=[kind.value])
    alone = ring.introduce(DISTRICT, "Ada Alone", by=[officer], may_sign=[kind.value])
    ring.signers |= {each.name: each for each in (usual, partner, elsewhere, again, alone)}
    refused: list[tuple[type[AgreementError], list[SigningKey]]] = [
        (SignatureMissing, [first]),
        (SignatureMissing, [first, first]),
        (SignatureMissing, [officer]),
        (SignatureMissing, [first, again.key]),  # two keys of one person
        (SecondVoiceMissing, [first, alone.key]),  # both of one officer's making
        (SecondVoiceMissing, [first, officer]),  # and by that officer
        (NotEntitled, [first, key_for("a stranger")]),
        (NotEntitled, [first, usual.key]),
        (NotEntitled, [first, partner.key]),
        (NotEntitled, [first, elsewhere.key]),
        (NotEntitled, [first, second, key_for("a stranger")]),
    ]
    for error, keys in refused:
        with pytest.raises(error):
            judged(ring, payload, *keys, kind=kind)
    for keys in ([first, second], [officer, other], [first, other], [first, second, officer]):
        assert judged(ring, payload, *keys, kind=kind) == tuple(sorted(key.thumbprint for key in keys))
    # Whoever signed what stands in another document signed nothing of this.
    signed = ring.sign(kind, payload, first, second)
    forged = replace(signed, payload=payload.replace(b"Looked at.", b"Seen.").replace(b"compared", b"seen"))
    with pytest.raises(BadSignature):
        verify(forged, {key.thumbprint: key.public for key in (first, second)})
    ring.revocation(first.thumbprint)
    with pytest.raises(NotEntitled, match="revoked"):
        judged(ring, payload, second, first, kind=kind)


def test_a_document_of_another_kind_is_none_of_these() -> None:
    ring = Keyring()
    hold = SIGNED[Kind.HOLD].filed
    with pytest.raises(NotEntitled, match="kind"):
        verify_classification(hold, None, authority=ring.authority)
    with pytest.raises(NotEntitled, match="kind"):
        verify_load_confirmation(hold, authority=ring.authority)


def test_a_classification_follows_the_one_before_it() -> None:
    ring = Keyring()
    keys = [each.key for each in introduce_stewards(ring)]
    first = ring.sign(Kind.CODE_CLASSIFICATION, CODES, *keys)
    second = ring.sign(Kind.CODE_CLASSIFICATION, classification(OPEN, after=first.digest, day=DAY), *keys)

    def follows(document: Envelope, before: str | None) -> str | None:
        verified = verify_classification(ring.filed(document), before, authority=ring.authority)
        return verified.classification.after

    for document, before in ((first, second.digest), (second, None), (second, second.digest)):
        with pytest.raises(NotTheNext):
            follows(document, before)
    assert (follows(first, None), follows(second, first.digest)) == (None, first.digest)


@pytest.mark.parametrize(("kind", "days"), [(Kind.CODE_CLASSIFICATION, 31), (Kind.LOAD_CONFIRMATION, 7)])
def test_what_was_signed_long_ago_comes_into_force_no_more(kind: Kind, days: int) -> None:
    ring = Keyring()
    keys = [each.key for each in introduce_stewards(ring)]
    make = (lambda day: classification(OPEN, day=day)) if kind is Kind.CODE_CLASSIFICATION else _confirmed_on
    for late in (-2, days + 1):
        with pytest.raises(InvalidDocument, match="day"):
            judged(ring, make(DAY - timedelta(days=late)), *keys, kind=kind)
    for late in (-1, 0, days):
        assert len(judged(ring, make(DAY - timedelta(days=late)), *keys, kind=kind)) == 2


def _confirmed_on(day: date) -> bytes:
    return confirmation(day=day)


def test_both_are_made_by_verification_only() -> None:
    for kind, verify_it in (
        (Kind.CODE_CLASSIFICATION, lambda filed, ring: verify_classification(filed, None, authority=ring.authority)),
        (Kind.LOAD_CONFIRMATION, lambda filed, ring: verify_load_confirmation(filed, authority=ring.authority)),
    ):
        ring = Keyring()
        keys = [each.key for each in introduce_stewards(ring)]
        filed: Filed = ring.filed(ring.sign(kind, CODES if kind is Kind.CODE_CLASSIFICATION else LOAD, *keys))
        with pytest.raises(TypeError):
            replace(verify_it(filed, ring), seal=None)


def test_what_is_written_reads_back() -> None:
    assert classification_bytes(read_classification(CODES)) == CODES
    assert read_classification(CODES).elements == ("000110", "000626")
    following = classification(OPEN, after="sha256:" + "3" * 64)
    assert classification_bytes(read_classification(following)) == following
    assert load_confirmation_bytes(read_load_confirmation(LOAD)) == LOAD
    assert b"parts" not in LOAD
    parts = replace(
        CONFIRMABLE, files=(*CONFIRMABLE.files, ExportedFile(0, "Student[.-]*xml", "sha256:" + "4" * 64, 12))
    )
    in_parts = read_load_confirmation(confirmation(parts, day=DAY))
    assert (in_parts.load, in_parts.load.file_count) == (parts, 13)


@pytest.mark.parametrize("known", VECTORS["documents"], ids=lambda known: str(known["kind"]))
def test_what_was_signed_once_stays_readable_by_the_same_digest(known: dict[str, str]) -> None:
    envelope = read_envelope(known["signed"], Kind(known["kind"]))
    keys = [read_public_key(jwk) for jwk in VECTORS["keys"]]
    assert verify(envelope, {key.thumbprint: key for key in keys}).signed_by == {key.thumbprint for key in keys}
    assert (envelope.digest, envelope.payload.decode()) == (known["digest"], known["payload"])
    if envelope.kind is Kind.CODE_CLASSIFICATION:
        assert classification_bytes(read_classification(envelope.payload)) == envelope.payload
    else:
        assert load_confirmation_bytes(read_load_confirmation(envelope.payload)) == envelope.payload


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"codes": []}, "/codes"),
        ({"day": "2026-02-30"}, "/day"),
        ({"district": "partner:bright-path"}, "/district"),
        ({"reason": ""}, "/reason"),
        ({"after": "sha256:1"}, "/after"),
        ({"format": "pactgate-code-classification/2"}, "/format"),
        ({"more": "than there is"}, "/more"),
        ({"code": {"value": ""}}, "/codes/0/value"),
        ({"code": {"value": "x" * 401}}, "/codes/0/value"),
        ({"code": {"element": "first_name"}}, "/codes/0/element"),
        ({"code": {"verdict": "TO DO"}}, "/codes/0/verdict"),
        ({"code": {"verdict": "gated"}}, "/codes/0/law"),
        ({"code": {"law": "project rule M2"}}, "/codes/0/law"),
        ({"code": {"verdict": "never", "law": "project rule M2"}}, "/codes/0/law"),
        ({"twice": True}, "/codes"),
    ],
)
def test_a_classification_that_is_wrong_anywhere_is_refused_there(change: dict[str, Any], place: str) -> None:
    content = json.loads(classification(OPEN))
    content["codes"][0] |= change.pop("code", {})
    if change.pop("twice", False):
        content["codes"].append({**content["codes"][0], "verdict": "never"})
    with pytest.raises(InvalidDocument) as refused:
        read_classification(canonical_bytes(content | change))
    assert place in {problem.path for problem in refused.value.problems}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"files": []}, "/files"),
        ({"file": {"parts": 0}}, "/files/0/parts"),
        ({"file": {"parts": 10_001}}, "/files/0/parts"),
        ({"targets": []}, "/targets"),
        ({"mapping": "mapping.toml"}, "/mapping"),
        ({"day": "2026-13-01"}, "/day"),
        ({"day": "2026-02-30"}, "/day"),
        ({"target": {"ended": -1}}, "/targets/0/ended"),
        ({"target": {"ended": True}}, "/targets/0/ended"),
        ({"target": {"more": 1}}, "/targets/0/more"),
    ],
)
def test_a_confirmation_that_is_wrong_anywhere_is_refused_there(change: dict[str, Any], place: str) -> None:
    content = json.loads(LOAD)
    content["targets"][0] |= change.pop("target", {})
    content["files"][0] |= change.pop("file", {})
    with pytest.raises(InvalidDocument) as refused:
        read_load_confirmation(canonical_bytes(content | change))
    assert place in {problem.path for problem in refused.value.problems}


def test_no_partner_has_stewards() -> None:
    ring = Keyring()
    document = ring.introduce(DISTRICT, "Stella Steward", may_sign=["load_confirmation"]).document
    assert document is not None
    content = json.loads(document.payload)
    assert read_signer(document.payload).may_sign == ("load_confirmation",)
    wrong = content | {"party": "partner:bright-path", "role": "partner_signer"}
    with pytest.raises(InvalidDocument, match="/may_sign"):
        read_signer(canonical_bytes(wrong))


def test_two_loads_of_one_table_that_change_as_little_are_two_and_a_file_named_twice_is_refused() -> None:
    said = read_load_confirmation(LOAD)
    twice = replace(said, load=replace(said.load, targets=said.load.targets * 2))
    assert read_load_confirmation(load_confirmation_bytes(twice)) == twice
    with pytest.raises(InvalidDocument):
        read_load_confirmation(
            load_confirmation_bytes(replace(said, load=replace(said.load, files=said.load.files * 2)))
        )
