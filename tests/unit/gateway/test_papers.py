"""Papers without a database: what a kind of document is called, what one says, and the file of a signature."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from agreements.canonical import canonical_bytes, read_canonical
from agreements.documents.destruction import Certificate, Tally, certificate_bytes, read_certificate
from agreements.documents.hold import Hold, hold_bytes
from agreements.elements import load_catalogue
from agreements.keys import SigningKey
from agreements.pointer import resolve
from agreements.signature import Kind, add_signature
from gateway.cli import main
from gateway.services.papers.errors import PaperRefused
from gateway.services.papers.filing import is_filed_here
from gateway.services.papers.kinds import KINDS, kind_of
from gateway.services.papers.needs import Who
from gateway.services.papers.passkeys import signable, signed_by_passkey
from gateway.services.papers.signature_file import read_signature_file, signature_file
from gateway.services.papers.telling import terms_of
from gateway.signing.words import TITLES, WHO
from tests.factories.agreements import RECEIVED, SPS_A, Keyring, key_for
from tests.factories.authenticator import Authenticator, encoded

PAYLOAD = hold_bytes(Hold(f"sha256:{'ab' * 32}", "legal", RECEIVED.date(), "A court asks."))
KEY = key_for("a signer")


def test_each_kind_that_is_prepared_has_a_title_and_is_filed_or_handed_over() -> None:
    assert set(TITLES) == set(KINDS)
    assert set(WHO) == set(Who)
    elsewhere = {Kind.LOAD_CONFIRMATION, Kind.EMERGENCY_RELEASE, Kind.PARENTAL_RIGHTS}
    assert {kind for kind in KINDS if not is_filed_here(kind)} == elsewhere


def test_a_document_says_its_kind_and_what_names_none_is_none() -> None:
    catalogue = load_catalogue()
    for kind, known in KINDS.items():
        named = known.shape(catalogue)["properties"]["format"]["const"]
        assert kind_of({"format": named}) is kind
    for content in ({"format": "pactgate-erasure/1"}, {"format": 7}, {}, ["format"], None):
        assert kind_of(content) is None  # type: ignore[arg-type]  # whatever a file holds


@pytest.mark.claim(12)
def test_every_term_of_an_agreement_is_shown_and_those_that_only_words_carry_are_marked() -> None:
    agreement, catalogue = Keyring().agreement(SPS_A).agreement, load_catalogue()
    terms = terms_of(agreement.canonical, KINDS[Kind.AGREEMENT].shape(catalogue), catalogue)
    marked = [each.path for each in terms if each.only_words]
    # A list of words is one line: its items are under it.
    assert {path for path in agreement.words_only if path not in marked} == {
        path for path in agreement.words_only for own in marked if path.startswith(f"{own}/")
    }
    shown = " ".join(each.value or "" for each in terms)
    for path in agreement.words_only:
        assert str(resolve(agreement.content, path)) in shown, path
    for dataset in agreement.datasets:
        for line in dataset.elements:
            assert f"{catalogue.element(line.element).title} ({line.element})" in shown


@pytest.mark.claim(1)
def test_a_signature_file_is_read_back_and_nothing_else_is() -> None:
    signed = add_signature(None, Kind.HOLD, PAYLOAD, KEY)
    assert read_signature_file(signature_file(signed).decode(), Kind.HOLD, PAYLOAD) == signed
    assert read_signature_file(signed.text, Kind.HOLD, PAYLOAD) == signed
    by_passkey = Authenticator("a signer's").sign(Kind.HOLD, PAYLOAD)
    assert read_signature_file(signature_file(by_passkey).decode(), Kind.HOLD, PAYLOAD) == by_passkey
    content = json.loads(signature_file(signed))
    (one,) = content["signatures"]
    for changed in (
        {**content, "document": f"sha256:{'0' * 64}"},
        {**content, "kind": "release"},
        {**content, "signatures": []},
        {**content, "signatures": [one] * 17},
        {**content, "signatures": [{**one, "more": ""}]},
        {**content, "more": ""},
        [content],
    ):
        with pytest.raises(PaperRefused):
            read_signature_file(canonical_bytes(changed).decode(), Kind.HOLD, PAYLOAD)
    for secret in (KEY.export_pem().decode(), '{"kty": "EC", "d": "x"}'):
        with pytest.raises(PaperRefused, match="private key"):
            read_signature_file(secret, Kind.HOLD, PAYLOAD)


@pytest.mark.claim(9)
def test_of_a_certificate_pages_and_the_command_say_how_many_left_and_never_who(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = tuple(f"rc_{letter * 26}" for letter in "ab")
    about = (f"sha256:{'ab' * 32}", "leavers", Tally().disclosures)
    payload = certificate_bytes(Certificate(*about, "All.", "purge", "Purged.", RECEIVED.date(), "A", "B", codes))
    assert read_certificate(payload).leavers == codes
    kind, catalogue = KINDS[Kind.CERTIFICATE], load_catalogue()
    terms = terms_of(payload, kind.shape(catalogue), catalogue, kind.counted)
    document, key, out = files(tmp_path, payload, KEY)
    with pytest.raises(SystemExit) as left:
        main(["paper", "sign", document, "--key", key, "--out", out, "--yes"])
    assert left.value.code == 0
    for said in ("\n".join(f"{each.title}: {each.value}" for each in terms), capsys.readouterr().err):
        assert "The record codes of the leavers: 2 of them" in said
        assert "rc_" not in said


def test_the_command_says_where_the_words_of_an_undertaking_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, key, out = files(tmp_path, Keyring().undertaking(Keyring().agreement(SPS_A)).payload, KEY)
    with pytest.raises(SystemExit) as left:
        main(["paper", "sign", document, "--key", key, "--out", out, "--yes"])
    assert left.value.code == 0
    assert "pactgate people accept" in capsys.readouterr().err


def files(folder: Path, payload: bytes, key: SigningKey) -> tuple[str, str, str]:
    document, secret, out = folder / "document.json", folder / "key.pem", folder / "signature.json"
    document.write_bytes(payload)
    secret.touch(mode=0o600)
    secret.write_bytes(key.export_pem())
    return str(document), str(secret), str(out)


@pytest.mark.claim(12)
def test_the_command_shows_what_a_document_says_and_signs_exactly_its_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document, key, out = files(tmp_path, PAYLOAD, KEY)
    with pytest.raises(SystemExit) as left:
        main(["paper", "sign", document, "--key", key, "--out", out, "--yes"])
    assert left.value.code == 0
    said = capsys.readouterr()
    assert "A court asks." in said.err
    told = json.loads(said.out)
    assert (told["kind"], told["signer"]) == ("hold", KEY.thumbprint)
    found = read_signature_file(Path(out).read_text("utf-8"), Kind.HOLD, PAYLOAD)
    assert (found.digest, [each.kid for each in found.signatures]) == (told["document"], [KEY.thumbprint])


def test_no_line_of_a_value_looks_like_a_term_of_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = read_canonical(PAYLOAD)
    assert isinstance(said, dict)
    name = next(each for each, value in said.items() if value == "A court asks.")
    payload = canonical_bytes({**said, name: "A court asks.\nThe key that this one replaces: abc"})
    document, key, out = files(tmp_path, payload, KEY)
    with pytest.raises(SystemExit):
        main(["paper", "sign", document, "--key", key, "--out", out, "--yes"])
    lines = capsys.readouterr().err.splitlines()
    (second,) = [each for each in lines if "The key that this one replaces" in each]
    first = lines[lines.index(second) - 1]
    assert first.endswith(": A court asks.")
    indent = len(first) - len(first.lstrip())
    assert second == " " * indent + "  ⏎ The key that this one replaces: abc"


@pytest.mark.parametrize(
    ("payload", "because"),
    [
        (b'{"format":"pactgate-erasure/1"}', "no document that a page prepares"),
        (b'{"format": "pactgate-hold/1"}', "canonical"),
        (b'{"format":"pactgate-hold/1"}', "problem"),
        (b"\xff", "UTF-8"),
    ],
)
def test_the_command_signs_nothing_that_is_no_document_of_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], payload: bytes, because: str
) -> None:
    document, key, out = files(tmp_path, payload, KEY)
    with pytest.raises(SystemExit) as left:
        main(["paper", "sign", document, "--key", key, "--out", out, "--yes"])
    assert left.value.code == 1
    assert because in capsys.readouterr().err
    assert not Path(out).exists()


@pytest.mark.claim(1)
def test_of_two_passkeys_with_one_credential_id_the_one_that_signed_is_found() -> None:
    first, second = Authenticator("one"), Authenticator("another")
    assert first.public.passkey is not None
    (origin,) = first.public.passkey.origins
    twin = replace(second.public, passkey=first.public.passkey)
    for keys in ((first.public, twin), (twin, first.public)):
        known = signable(keys, origin)
        assert {key.thumbprint for key in known[encoded(first.credential)]} == {each.thumbprint for each in keys}
        for device in (first, second):
            made = device.assertion(Kind.HOLD, PAYLOAD)
            form = {"credential": encoded(first.credential), **{name: str(said) for name, said in made.members.items()}}
            (signature,) = signed_by_passkey(form, known, Kind.HOLD, PAYLOAD).signatures
            assert signature.kid == device.public.thumbprint
        # What neither of them signed is somebody's all the same: the paper says that it does not verify.
        foreign = Authenticator("a third").assertion(Kind.HOLD, PAYLOAD)
        form = {"credential": encoded(first.credential), **{name: str(said) for name, said in foreign.members.items()}}
        (signature,) = signed_by_passkey(form, known, Kind.HOLD, PAYLOAD).signatures
        assert signature.kid in {each.thumbprint for each in keys}
