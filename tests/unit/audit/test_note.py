"""Signed notes and checkpoints: pinned bytes, forged and malformed ones refused, unknown signatures ignored."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit.checkpoint import CheckpointSigner, CheckpointVerifier
from audit.errors import CheckpointInvalid, NoteInvalid
from audit.note import MAX_NOTE, NoteSigner, NoteVerifier, assemble, b64, split
from tests.factories.log import ORIGIN, signer_of

FOLDER = Path(__file__).parents[2] / "vectors"
NOTE: dict[str, str] = json.loads((FOLDER / "signed_note.json").read_text())
OURS: dict[str, str] = json.loads((FOLDER / "log.json").read_text())
VECTORS: dict[str, Any] = json.loads((FOLDER / "rfc6962.json").read_text())
HEAD = bytes.fromhex(VECTORS["heads"][8])


@pytest.mark.parametrize(
    "note",
    [
        "",
        "text\n",
        "text\n\n",
        "\n\n\u2014 a AAAAAAAA\n",
        NOTE["note"][:-1],
        NOTE["note"].replace("\u2014", "-"),
        NOTE["note"].replace("x08go/", "x08go!"),
        NOTE["note"].replace("\u2014 PeterNeumann ", "\u2014 PeterNeumann+"),
        NOTE["note"].replace("answer", "ans\twer"),
        NOTE["note"] + "\u2014 a AAAAAA==\n",
        NOTE["note"] + "\u2014 a AAAAAAB=\n",
        NOTE["note"] + "\u2014 \u00a0 AAAAAAAA\n",
        NOTE["note"] + "\n",
        "x" * MAX_NOTE + NOTE["note"],
    ],
)
def test_a_malformed_note_is_refused(note: str) -> None:
    with pytest.raises(NoteInvalid):
        NoteVerifier.parse(NOTE["vkey"]).open(note)


def test_an_altered_text_or_signature_is_refused() -> None:
    verifier = NoteVerifier.parse(NOTE["vkey"])
    with pytest.raises(NoteInvalid, match="does not hold"):
        verifier.open(NOTE["note"].replace("answer", "Answer"))
    with pytest.raises(NoteInvalid, match="does not hold"):
        verifier.open(NOTE["note"].replace("ZJku", "ZJkv"))


def test_one_signature_of_the_known_key_that_does_not_hold_spoils_the_note() -> None:
    forged = f"\u2014 PeterNeumann {b64(bytes.fromhex('c74f20a3') + bytes(64))}\n"
    with pytest.raises(NoteInvalid):
        NoteVerifier.parse(NOTE["vkey"]).open(NOTE["note"] + forged)


def test_a_note_without_a_signature_of_the_known_key_is_refused() -> None:
    stranger = NoteSigner("PeterNeumann", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(NoteInvalid, match="no signature"):
        NoteVerifier.parse(NOTE["vkey"]).open(assemble(NOTE["text"], stranger.line(NOTE["text"])))


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "a+b",
        NOTE["vkey"].replace("c74f20a3", "c74f20a4"),
        NOTE["vkey"].replace("+ARpc", "+AhpC"),
        NOTE["vkey"] + "A",
        NOTE["vkey"].replace("Peter", "Peter "),
        "a+00000000+" + b64(b"\x01" + bytes(31)),
        "a+00000000+" + b64(b"\x02" + bytes(32)),
    ],
)
def test_a_verifier_key_that_is_not_what_it_says_is_refused(vkey: str) -> None:
    with pytest.raises(NoteInvalid):
        NoteVerifier.parse(vkey)


@pytest.mark.parametrize("origin", ["", "two words", "plus+sign", "line\nbreak", "no\u00a0break"])
def test_an_origin_that_cannot_be_a_key_name_is_refused(origin: str) -> None:
    with pytest.raises(NoteInvalid):
        CheckpointSigner(origin, Ed25519PrivateKey.from_private_bytes(bytes(32)))


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n8\n",
        f"{ORIGIN}\n8\n{b64(HEAD)}\nextension\n",
        f"{ORIGIN}\n08\n{b64(HEAD)}\n",
        f"{ORIGIN}\n-8\n{b64(HEAD)}\n",
        f"{ORIGIN}\n\u0668\n{b64(HEAD)}\n",
        f"{ORIGIN}\n9223372036854775808\n{b64(HEAD)}\n",
        f"{ORIGIN}\n8\n{b64(HEAD[:-1])}\n",
        f"{ORIGIN}\n8\n{HEAD.hex()[:-1]}\n",
        f"{ORIGIN}\n0\n{b64(HEAD)}\n",
        f"other.example/log\n8\n{b64(HEAD)}\n",
        f"\n8\n{b64(HEAD)}\n",
    ],
)
def test_a_note_of_our_key_that_is_no_checkpoint_of_this_log_is_refused(text: str) -> None:
    signer = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes((1).to_bytes(32, "big")))
    with pytest.raises(CheckpointInvalid):
        signer_of().verifier.verify(assemble(text, signer.line(text)))


def test_a_checkpoint_of_another_key_or_origin_is_refused() -> None:
    for other in (signer_of(seed=2), signer_of("other.example/log")):
        with pytest.raises(NoteInvalid):
            signer_of().verifier.verify(other.sign(8, HEAD).note)


def test_the_published_note_verifies() -> None:
    verifier = NoteVerifier.parse(NOTE["vkey"])
    assert verifier.open(NOTE["note"]) == NOTE["text"]
    assert verifier.vkey == NOTE["vkey"]


def test_a_checkpoint_is_pinned_to_the_byte() -> None:
    signer = signer_of()
    checkpoint = signer.sign(8, HEAD)
    assert checkpoint.note == OURS["checkpoint"]
    assert signer.vkey == OURS["vkey"]
    assert CheckpointVerifier.parse(OURS["vkey"]).verify(checkpoint.note) == checkpoint
    assert signer.key_id == OURS["vkey"].split("+")[1]


def test_signatures_of_witnesses_are_ignored_wherever_they_stand() -> None:
    ours = signer_of().sign(8, HEAD)
    text, line = ours.note.split("\n\n")
    witness = f"\u2014 witness.example/w1 {b64(bytes(4 + 72))}\n" * 16
    for note in (ours.note + witness, f"{text}\n\n{witness}{line}"):
        assert signer_of().verifier.verify(note).size == 8


def test_the_private_key_does_not_print() -> None:
    assert "000001" not in repr(signer_of()) + str(vars(type(signer_of())))


@given(note=st.text() | st.text(alphabet="\n \u2014abcAB+/=019"))
def test_no_text_breaks_the_reader(note: str) -> None:
    try:
        text, signatures = split(note)
    except NoteInvalid:
        return
    again = assemble(text, "".join(f"\u2014 {name} {b64(raw)}\n" for name, raw in signatures))
    assert again == note
