"""Collecting signatures over one document: the first, and another one on another machine, on top of those before."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from agreements.errors import BadEnvelope, InvalidDocument
from agreements.keys import SigningKey
from agreements.signature import Envelope, Kind, add_signature, read_envelope
from gateway.cli import papers
from gateway.cli.run import known_trust, say, show


@contextmanager
def problems_said() -> Iterator[None]:
    """Say everything that is wrong with a document on the way to refusing it."""
    try:
        yield
    except InvalidDocument as error:
        for problem in error.problems:
            say(f"{problem.path or '/'}: {problem.sentence} ({problem.rule}, {problem.source})")
        raise


def sign_all(kind: Kind, payload: bytes, keys: Sequence[SigningKey]) -> Envelope:
    """Return the document signed with each of these keys, of which there is at least one."""
    first, *others = keys
    document = add_signature(None, kind, payload, first)
    for key in others:
        document = add_signature(document, kind, payload, key)
    return document


def sign_as_officer(kind: Kind, payload: bytes, officer_key: Path, out: Path) -> Envelope:
    """Write a document that an officer signs, to `out`; say so if the key is none of the officers pinned here."""
    officer = papers.read_key(officer_key)
    papers.hint_unless_officer(officer, known_trust())
    document = add_signature(None, kind, payload, officer)
    papers.write_signed(out, document)
    return document


def sign_again(file: Path, kinds: Sequence[Kind], key: Path) -> None:
    """Add a signature to the signed document in `file`, which is written anew."""
    envelope = read_one_of(file, kinds)
    signed = add_signature(envelope, envelope.kind, envelope.payload, papers.read_key(key))
    papers.write_signed(file, signed, replace=True)
    say(f"Signed {signed.digest} in {file}.")
    show({"document": signed.digest, "file": str(file), "signers": [item.kid for item in signed.signatures]})


def read_one_of(file: Path, kinds: Sequence[Kind]) -> Envelope:
    """Return the signed document in `file`, of one of these kinds. Raises `FileRefused`."""
    raw = papers.read_file(file)
    for kind in kinds:
        try:
            return read_envelope(raw, kind)
        except BadEnvelope:
            continue
    listed = " or ".join(kind.value.replace("_", " ") for kind in kinds)
    raise papers.FileRefused(f"{file} is no signed document of the kind {listed}.", remedy="Check the path.")
