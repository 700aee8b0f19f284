"""Files and envelopes made to mislead: each refused with a code, quickly, and without an accident."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OctKey

from agreements.authored import read_authored, read_yaml
from agreements.canonical import MAX_BYTES, read_json
from agreements.document import parse_agreement
from agreements.elements import load_catalogue
from agreements.errors import (
    AgreementError,
    BadEnvelope,
    BadSignature,
    InvalidAgreement,
    MalformedDocument,
    NotEntitled,
)
from agreements.in_force import verify_agreement
from agreements.signature import Envelope, Kind, Signature, add_signature, read_envelope, verify
from tests.factories.agreements import SPS_B, Keyring, SignedAgreement, key_for

ANCHOR_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{previous}'] * 9)}]\n"
    for previous, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.attack("two programs read one file differently")
@pytest.mark.parametrize(
    "raw",
    [
        '{"a": 1, "a": 2}',
        '{"a": 1, "\\u0061": 2}',
        '{"a": {"b": 1, "b": 1}}',
        '{"a": 1e400}',
        '{"a": 1.0}',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 9007199254740992}',
        '{"a": -9007199254740992}',
        '{"a": ' + "9" * 5000 + "}",
        '{"a": -0}',
        '{"a": "\\u0000"}',
        '{"a": "\\ud800"}',
        '{"\\ud800": 1}',
        '{"a": "re\\u0301sume\\u0301"}',
        '{"a": "\\u202eflip"}',
        '{"a": "tab\\u0009"}',
        '{"a": "\\u0085"}',
        '{"a": 1}{"b": 2}',
        '{"a": 01}',
        "{'a': 1}",
        '{"a": 1,}',
        "",
        '{"a": "\x01"}',
    ],
)
def test_ambiguous_json_is_refused(raw: str) -> None:
    with pytest.raises(MalformedDocument) as caught:
        read_json(raw)
    assert caught.value.code == "malformed_document"
    assert str(caught.value).isascii() or "±" in str(caught.value)


@pytest.mark.attack("YAML runs code, expands or hides")
@pytest.mark.parametrize(
    "raw",
    [
        "a: !!python/object/apply:os.system ['true']",
        "!!map {a: 1}",
        "a: !!str 1",
        "a: !x 1",
        "a: &anchor 1",
        "a: &anchor {b: 1}",
        "a: 1\nb: *a",
        ANCHOR_BOMB,
        "base: {a: 1}\nx:\n  <<: {b: 1}",
        "a: 1\na: 2",
        'a: 1\n"a": 2',
        "{a: 1, a: 2}"[1:-1].replace(", ", "\n"),
        "? [complex]\n: 1",
        "? {complex: key}\n: 1",
        "a: 1\n---\nb: 2",
        "%YAML 1.1\n---\na: 1",
        "%TAG ! tag:example,2026:\n---\na: 1",
        "a: [1",
        "a: \t- b",
        "\ta: 1",
        "",
        "# only a comment",
        'a: "\\0"',
        'a: "\\ud800"',
        "a: re\u0301sume\u0301",
        "a: \u202eflip",
        "re\u0301sume\u0301: 1",
    ],
)
def test_yaml_beyond_plain_values_is_refused(raw: str) -> None:
    with pytest.raises(MalformedDocument):
        read_yaml(raw)


@pytest.mark.attack("a file too big or too deep")
@pytest.mark.parametrize(
    "make",
    [
        lambda: b"x" * 10_000_000,
        lambda: b"[" * 500_000,
        lambda: b'{"a":' * 100_000,
        lambda: b"- " * 400_000,
        lambda: b'{"a": "' + b"\\" * 900_000,
        lambda: b"\n".join(b" " * (depth % 900) + b"a:" for depth in range(2_000)),
        lambda: b"k: [" + b"[" * 40 + b"]" * 40 + b"]",
        lambda: b"a" * (MAX_BYTES + 1),
    ],
)
def test_size_and_depth_end_before_work_begins(make: Callable[[], bytes]) -> None:
    raw = make()
    began = time.process_time()
    with pytest.raises(MalformedDocument):
        read_authored(raw)
    assert time.process_time() - began < 5, "a generous bound: without the caps this takes minutes or the process"


@pytest.mark.parametrize("raw", [b"\xff\xfe", b"\xef\xbb\xbf{}", b'{"a": "\x00"}', b"a: \x00", b"\xed\xa0\x80"])
def test_bytes_that_are_not_plain_utf_8_are_refused(raw: bytes) -> None:
    with pytest.raises(MalformedDocument):
        read_authored(raw)


@pytest.mark.ferpa("A7")
def test_an_element_in_another_script_is_not_that_element() -> None:
    fullwidth = "".join(chr(ord(digit) + 0xFEE0) for digit in "000115")
    content = Keyring().agreement().agreement.content
    text = json.dumps(content, ensure_ascii=False).replace('"000115"', f'"{fullwidth}"')
    with pytest.raises(InvalidAgreement):
        parse_agreement(text, load_catalogue())


# ----------------------------------------------------------------------------------------------- envelopes


def b64(data: bytes | dict[str, Any]) -> str:
    data = json.dumps(data, separators=(",", ":")).encode() if isinstance(data, dict) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def judge(text: str, ring: Keyring, bundle: SignedAgreement) -> None:
    verify_agreement(
        ring.filed(read_envelope(text, Kind.AGREEMENT)),
        [ring.filed(bundle.approval)],
        authority=ring.authority,
        catalogue=load_catalogue(),
    )


def parts(bundle: SignedAgreement) -> dict[str, Any]:
    envelope: dict[str, Any] = json.loads(bundle.envelope.text)
    return envelope


def with_header(bundle: SignedAgreement, **changes: Any) -> str:
    envelope = parts(bundle)
    header = json.loads(base64.urlsafe_b64decode(envelope["signatures"][0]["protected"] + "=="))
    header = {name: value for name, value in {**header, **changes}.items() if value is not None}
    envelope["signatures"][0]["protected"] = b64(header)
    return json.dumps(envelope)


@pytest.mark.claim(1)
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"alg": "none"}, id="alg none"),
        pytest.param({"alg": "HS256"}, id="alg HS256"),
        pytest.param({"alg": "EdDSA"}, id="alg EdDSA, which pins no curve"),
        pytest.param({"alg": "RS256"}, id="alg RS256"),
        pytest.param({"alg": None}, id="no alg"),
        pytest.param({"alg": ["ES256"]}, id="alg is a list"),
        pytest.param({"crit": ["exp"], "exp": 1}, id="crit"),
        pytest.param({"crit": []}, id="empty crit"),
        pytest.param({"b64": False, "crit": ["b64"]}, id="b64 false"),
        pytest.param({"b64": True}, id="b64 true"),
        pytest.param({"jku": "https://attacker.example/keys"}, id="jku"),
        pytest.param({"jwk": key_for("attacker").public.jwk}, id="embedded jwk"),
        pytest.param({"x5c": ["AAAA"]}, id="certificate"),
        pytest.param({"typ": "pactgate-approval+jws"}, id="typ of an approval"),
        pytest.param({"typ": "JWT"}, id="typ JWT"),
        pytest.param({"typ": None}, id="no typ"),
        pytest.param({"kid": None}, id="no kid"),
        pytest.param({"kid": 7}, id="kid is a number"),
        pytest.param({"kid": "the superintendent"}, id="kid is a name"),
        pytest.param({"note": "x"}, id="unknown member"),
    ],
)
@pytest.mark.attack("alg none")
@pytest.mark.attack("a critical header")
@pytest.mark.attack("a header that changes what a signature means")
def test_a_header_has_exactly_three_members_with_our_values(changes: dict[str, Any]) -> None:
    ring = Keyring()
    bundle = ring.agreement()
    with pytest.raises(BadEnvelope):
        judge(with_header(bundle, **changes), ring, bundle)


@pytest.mark.attack("alg confusion")
def test_a_signature_under_the_other_algorithm_is_refused() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    with pytest.raises(BadSignature):
        judge(with_header(bundle, alg="Ed25519"), ring, bundle)


@pytest.mark.attack("a MAC under the public key")
def test_a_mac_made_with_a_public_key_is_refused() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    kid = ring.signer(bundle.agreement.partner.id).key.thumbprint
    public = OctKey.import_key(json.dumps(key_for("x").public.jwk))
    header = {"alg": "HS256", "kid": kid, "typ": Kind.AGREEMENT.typ}
    forged = jws.serialize_json([{"protected": header}], bundle.agreement.canonical, public, algorithms=["HS256"])
    envelope = parts(bundle)
    envelope["signatures"][0] = forged["signatures"][0]
    with pytest.raises(BadEnvelope):
        judge(json.dumps(envelope), ring, bundle)


def _swap(envelope: dict[str, Any]) -> None:
    first, second = envelope["signatures"]
    first["signature"], second["signature"] = second["signature"], first["signature"]


def _unprotected(envelope: dict[str, Any]) -> None:
    envelope["signatures"][0]["header"] = {"kid": "x"}


def _flattened(envelope: dict[str, Any]) -> None:
    envelope.update(envelope.pop("signatures")[0])


def _padded(envelope: dict[str, Any]) -> None:
    envelope["payload"] += "="


def _loose_bits(envelope: dict[str, Any]) -> None:
    """The last character of 64 bytes carries four unused bits."""
    signature = envelope["signatures"][0]["signature"]
    envelope["signatures"][0]["signature"] = signature[:-1] + chr(ord(signature[-1]) + 1)


def _uncanonical(envelope: dict[str, Any]) -> None:
    envelope["payload"] = b64(json.dumps(json.loads(base64.urlsafe_b64decode(envelope["payload"] + "=="))).encode())


def _truncated(envelope: dict[str, Any]) -> None:
    envelope["signatures"][0]["signature"] = envelope["signatures"][0]["signature"][:-2]


BREAKAGES: list[tuple[Callable[[dict[str, Any]], object], type[AgreementError]]] = [
    (_swap, BadSignature),
    (_truncated, BadSignature),
    (_unprotected, BadEnvelope),
    (_flattened, BadEnvelope),
    (_padded, BadEnvelope),
    (_loose_bits, BadEnvelope),
    (_uncanonical, BadEnvelope),
    (lambda envelope: envelope.update(signatures=[]), BadEnvelope),
    (lambda envelope: envelope.update(signatures={}), BadEnvelope),
    (lambda envelope: envelope.update(signatures=["x"]), BadEnvelope),
    (lambda envelope: envelope.update(signatures=envelope["signatures"] * 9), BadEnvelope),
    (lambda envelope: envelope.update(payload=7), BadEnvelope),
    (lambda envelope: envelope.update(payload="A"), BadEnvelope),
    (lambda envelope: envelope.update(payload="!"), BadEnvelope),
    (lambda envelope: envelope.update(payload=""), BadEnvelope),
    (lambda envelope: envelope.update(note="x"), BadEnvelope),
    (lambda envelope: envelope["signatures"][0].update(protected=b64(b"[]")), BadEnvelope),
    (lambda envelope: envelope["signatures"][0].update(protected=b64(b"{")), BadEnvelope),
    (lambda envelope: envelope["signatures"][0].update(protected=b64(b'{"alg":"ES256","alg":"ES256"}')), BadEnvelope),
]


@pytest.mark.attack("swapped signatures")
def test_signatures_that_changed_places_do_not_verify() -> None:
    """Between the two signers of one document, and between two documents of one signer."""
    ring = Keyring()
    bundle, other = ring.agreement(), ring.agreement(changes={"/title": "Another agreement of the same parties"})
    envelope = parts(bundle)
    _swap(envelope)
    with pytest.raises(BadSignature):
        judge(json.dumps(envelope), ring, bundle)
    crossed = Envelope(Kind.AGREEMENT, bundle.agreement.canonical, other.envelope.signatures)
    with pytest.raises(BadSignature):
        judge(crossed.text, ring, bundle)


@pytest.mark.attack("a broken envelope")
@pytest.mark.parametrize(("breakage", "refusal"), BREAKAGES)
def test_an_envelope_that_was_tampered_with_is_refused(
    breakage: Callable[[dict[str, Any]], object], refusal: type[AgreementError]
) -> None:
    ring = Keyring()
    bundle = ring.agreement()
    envelope = parts(bundle)
    breakage(envelope)
    with pytest.raises(refusal):
        judge(json.dumps(envelope), ring, bundle)


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '"x"', "a: 1", b"\xff", '{"payload":"e30","payload":"e30","signatures":[]}']
)
def test_what_is_not_an_envelope_is_refused(text: str | bytes) -> None:
    with pytest.raises(BadEnvelope):
        read_envelope(text, Kind.AGREEMENT)


@pytest.mark.ferpa("S4")
@pytest.mark.attack("a signature over another version")
def test_signatures_over_another_version_do_not_carry_over() -> None:
    ring = Keyring()
    first = ring.agreement()
    second = ring.agreement(changes={"/version": 2, "/replaces": first.digest})
    moved = Envelope(Kind.AGREEMENT, second.agreement.canonical, first.envelope.signatures)
    with pytest.raises(BadSignature):
        judge(moved.text, ring, second)
    other = ring.agreement(SPS_B)
    with pytest.raises(BadEnvelope, match="another document"):
        add_signature(first.envelope, Kind.AGREEMENT, other.agreement.canonical, ring.key("x"))


@pytest.mark.attack("a document of another kind")
def test_an_approval_never_passes_for_an_agreement() -> None:
    ring = Keyring()
    bundle = ring.agreement()
    with pytest.raises(BadEnvelope, match="not signed as"):
        read_envelope(bundle.approval.text, Kind.AGREEMENT)
    relabelled = Envelope(Kind.APPROVAL, bundle.envelope.payload, bundle.envelope.signatures)
    with pytest.raises(NotEntitled, match="of kind 'approval'"):
        verify_agreement(ring.filed(relabelled), [], authority=ring.authority, catalogue=load_catalogue())


@pytest.mark.attack("key substitution")
def test_a_key_filed_under_anothers_thumbprint_is_refused() -> None:
    honest, attacker = key_for("honest"), key_for("attacker")
    envelope = add_signature(None, Kind.APPROVAL, b"{}", attacker)
    (item,) = envelope.signatures
    assert isinstance(item, Signature)
    posing = Envelope(envelope.kind, envelope.payload, (Signature(honest.thumbprint, item.protected, item.signature),))
    with pytest.raises(BadSignature):
        verify(posing, {honest.thumbprint: attacker.public})
