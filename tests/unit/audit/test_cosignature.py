"""Cosignatures: published bytes verify, forged and undated ones are refused, unknown ones are ignored."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from audit.cosignature import ED25519, CheckpointBody, WitnessSigner, WitnessVerifier, _message
from audit.errors import CosignatureInvalid, NoteInvalid
from audit.note import NoteVerifier, b64, signature_line
from audit.witness.submission import read_body
from tests.factories.witness import NAME, SmallLog, body_of

VECTOR: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "cosignatures.json").read_text())
LINES = VECTOR["note"].partition("\n\n")[2]
BODY, _ = read_body(VECTOR["note"])
REMORA = WitnessVerifier.parse(VECTOR["witness"])
OURS = body_of(SmallLog().grow(1, 2, 3).checkpoint())
SIGNERS = [
    WitnessSigner(NAME, Ed25519PrivateKey.from_private_bytes(bytes(32))),
    WitnessSigner(NAME, MLDSA44PrivateKey.from_seed_bytes(bytes(32))),
]
pytestmark = pytest.mark.claim(5)


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("place", [0, 11, 12, -1])
def test_a_changed_time_or_signature_is_refused(signer: WitnessSigner, place: int) -> None:
    raw = bytearray(_raw(signer.line(OURS, 1_790_000_000)))
    raw[(4 + place) if place >= 0 else place] ^= 1
    with pytest.raises(CosignatureInvalid):
        signer.verifier.verify(OURS, signature_line(NAME, bytes(raw)))


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize(
    "other",
    [
        CheckpointBody(OURS.origin, 4, OURS.tree_head, OURS.text.replace("\n3\n", "\n4\n")),
        CheckpointBody(OURS.origin, 3, bytes(32), OURS.text.replace(b64(OURS.tree_head), b64(bytes(32)))),
        CheckpointBody("other.example/log", 3, OURS.tree_head, OURS.text.replace(OURS.origin, "other.example/log")),
    ],
)
def test_a_cosignature_is_of_one_log_one_size_and_one_head(signer: WitnessSigner, other: CheckpointBody) -> None:
    with pytest.raises(CosignatureInvalid, match="does not hold"):
        signer.verifier.verify(other, signer.line(OURS, 5))


@pytest.mark.parametrize("signer", SIGNERS)
@pytest.mark.parametrize("time", [0, 2**63])
def test_a_cosignature_without_a_time_is_refused(signer: WitnessSigner, time: int) -> None:
    with pytest.raises(CosignatureInvalid, match="no time"):
        signer.verifier.verify(OURS, signer.line(OURS, time))


def test_a_cosignature_of_another_length_is_refused() -> None:
    raw = _raw(SIGNERS[0].line(OURS, 5))
    for changed in (raw[:-1], raw + b"\0"):
        with pytest.raises(CosignatureInvalid, match="length"):
            SIGNERS[0].verifier.verify(OURS, signature_line(NAME, changed))


def test_no_cosignature_of_this_witness_is_none() -> None:
    with pytest.raises(CosignatureInvalid, match="no cosignature"):
        SIGNERS[0].verifier.verify(OURS, SIGNERS[1].line(OURS, 5))
    with pytest.raises(NoteInvalid):
        SIGNERS[0].verifier.verify(OURS, "")


def test_one_line_that_does_not_hold_spoils_the_others() -> None:
    good, bad = SIGNERS[0].line(OURS, 5), _raw(SIGNERS[0].line(OURS, 6))
    spoiled = good + signature_line(NAME, bad[:-1] + bytes([bad[-1] ^ 1]))
    with pytest.raises(CosignatureInvalid):
        SIGNERS[0].verifier.verify(OURS, spoiled)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a+b",
        VECTOR["log"],
        VECTOR["witness"].replace("da77ade7", "da77ade8"),
        VECTOR["witness"].replace("remora", "rem ora"),
        f"a+00000000+{b64(ED25519 + bytes(31))}",
        f"{'a' * 256}+00000000+{b64(ED25519 + bytes(32))}",
    ],
)
def test_a_key_that_is_no_witness_s_is_refused(vkey: str) -> None:
    with pytest.raises(NoteInvalid):
        WitnessVerifier.parse(vkey)


def test_an_origin_too_long_to_be_signed_is_refused() -> None:
    origin = "o" * 256
    body = CheckpointBody(origin, 0, bytes(32), f"{origin}\n0\n{b64(bytes(32))}\n")
    with pytest.raises(NoteInvalid, match="255"):
        SIGNERS[1].line(body, 5)


def test_the_published_cosignature_of_a_public_witness_holds() -> None:
    found = REMORA.verify(BODY, LINES)
    assert (found.witness, found.time) == ("remora.n621.de", VECTOR["time"])
    assert found.line in LINES
    assert REMORA.vkey == VECTOR["witness"]
    # The log's own line in it is of a key that we know too.
    assert NoteVerifier.parse(VECTOR["log"]).open(VECTOR["note"]) == BODY.text


def test_the_newest_of_several_counts_and_unknown_ones_are_ignored() -> None:
    for signer in SIGNERS:
        lines = signer.line(OURS, 7) + SIGNERS[0].line(OURS, 9) + signer.line(OURS, 9) + signer.line(OURS, 8)
        assert signer.verifier.verify(OURS, lines + LINES).time == 9


def test_both_kinds_of_key_read_back_from_their_text() -> None:
    for signer in SIGNERS:
        assert WitnessVerifier.parse(signer.verifier.vkey) == signer.verifier


def test_the_bytes_signed_with_ml_dsa_are_those_of_the_specification() -> None:
    """The `cosigned_message` of tlog-cosignature, written out by hand."""
    head = bytes(range(32))
    body = CheckpointBody("log", 258, head, "")
    said = _message(SIGNERS[1].verifier, body, 1)
    assert said == (
        b"subtree/v1\n\x00"
        b"\x12witness.example/w1"
        b"\x00\x00\x00\x00\x00\x00\x00\x01"
        b"\x03log"
        b"\x00\x00\x00\x00\x00\x00\x00\x00"
        b"\x00\x00\x00\x00\x00\x00\x01\x02" + head
    )


def _raw(line: str) -> bytes:
    return base64.b64decode(line.split(" ")[2])
