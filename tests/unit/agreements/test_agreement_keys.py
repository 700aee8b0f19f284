import base64
import pickle
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from agreements.errors import BadKey
from agreements.keys import CLIENT_ALGORITHMS, PublicKey, SigningKey, read_public_file, read_public_key
from tests.factories.agreements import key_for

EDWARDS_PRIME = 2**255 - 19
D = (-121665 * pow(121666, -1, EDWARDS_PRIME)) % EDWARDS_PRIME


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def rsa_jwk(bits: int, exponent: int = 65537) -> dict[str, Any]:
    numbers = rsa.generate_private_key(public_exponent=exponent, key_size=bits).public_key().public_numbers()
    return {
        "kty": "RSA",
        "n": b64(numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")),
        "e": b64(numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")),
    }


def add(first: tuple[int, int], second: tuple[int, int]) -> tuple[int, int]:
    """RFC 8032 section 5.1.4, affine."""
    (x1, y1), (x2, y2) = first, second
    bent = D * x1 * x2 * y1 * y2 % EDWARDS_PRIME
    x = (x1 * y2 + x2 * y1) * pow(1 + bent, -1, EDWARDS_PRIME) % EDWARDS_PRIME
    y = (y1 * y2 + x1 * x2) * pow(1 - bent, -1, EDWARDS_PRIME) % EDWARDS_PRIME
    return x, y


def point(height: int) -> tuple[int, int] | None:
    """The point of this height with an even coordinate, if there is one (RFC 8032 section 5.1.3)."""
    square = (height * height - 1) * pow(D * height * height + 1, -1, EDWARDS_PRIME) % EDWARDS_PRIME
    root = pow(square, (EDWARDS_PRIME + 3) // 8, EDWARDS_PRIME)
    if root * root % EDWARDS_PRIME != square:
        root = root * pow(2, (EDWARDS_PRIME - 1) // 4, EDWARDS_PRIME) % EDWARDS_PRIME
    return (root, height) if root * root % EDWARDS_PRIME == square else None


def small_order_heights() -> set[int]:
    """Multiply points by the order of the base point: what is left has an order that divides 8."""
    order = 2**252 + 27742317777372353535851937790883648493
    heights = set()
    for candidate in range(2, 60):
        if (start := point(candidate)) is not None:
            total, power, rest = (0, 1), start, order
            while rest:
                if rest & 1:
                    total = add(total, power)
                power, rest = add(power, power), rest >> 1
            heights.add(total[1])
    return heights


@pytest.mark.attack("weak keys")
def test_an_ed25519_key_of_small_order_is_refused() -> None:
    heights = small_order_heights()
    assert len(heights) == 5
    for height in [*heights, EDWARDS_PRIME, EDWARDS_PRIME + 1]:
        for sign in (0, 2**255):
            jwk: dict[str, Any] = {"kty": "OKP", "crv": "Ed25519", "x": b64((height + sign).to_bytes(32, "little"))}
            with pytest.raises(BadKey):
                read_public_key(jwk)


ES256 = key_for("anyone", "ES256").public.jwk
ED25519 = key_for("anyone").public.jwk


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        "key",
        {},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": 7},
        {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed448", "x": "AA"},
        {"kty": "OKP", "crv": "X25519", "x": "AA"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": "OKP", "crv": "Ed25519", "x": "not base64!"},
        {"kty": "OKP", "crv": "Ed25519", "x": ""},
        ES256 | {"y": ES256["x"]},
        ES256 | {"d": "AAAA"},
        ED25519 | {"d": "AAAA"},
        ES256 | {"x5u": "x"},
        ES256 | {"kid": "my key"},
        ES256 | {"alg": "HS256"},
        ES256 | {"use": "enc"},
        ED25519 | {"x": f"{ED25519['x']}="},
        ED25519 | {"y": "AAAA"},
    ],
)
def test_a_key_that_is_not_exactly_a_public_signing_key_is_refused(jwk: Any) -> None:
    with pytest.raises(BadKey):
        read_public_key(jwk)


@pytest.mark.attack("one key, two thumbprints")
def test_a_second_spelling_of_a_key_is_refused() -> None:
    x = base64.urlsafe_b64decode(str(ES256["x"]) + "=")
    with pytest.raises(BadKey, match="canonical"):
        read_public_key(ES256 | {"x": b64(b"\x00" + x)})


def test_client_keys_may_be_rsa_of_enough_bits_and_documents_are_never_signed_with_them() -> None:
    good = rsa_jwk(2048)
    with pytest.raises(BadKey):
        read_public_key(good)
    key = read_public_key(good, CLIENT_ALGORITHMS)
    assert (key.algorithm, key.jwk) == ("PS256", good)
    with pytest.raises(BadKey, match="not signed with PS256"):
        key.verifier()
    with pytest.raises(BadKey, match="2048 to 4096"):
        read_public_key(rsa_jwk(1024), CLIENT_ALGORITHMS)
    with pytest.raises(BadKey, match="2048 to 4096"):
        read_public_key(rsa_jwk(2047), CLIENT_ALGORITHMS)
    with pytest.raises(BadKey, match="65537"):
        read_public_key(rsa_jwk(2048, 3), CLIENT_ALGORITHMS)


@pytest.mark.parametrize("algorithm", ["ES256", "Ed25519"])
def test_a_key_survives_its_file_and_shows_only_its_public_half(algorithm: Any) -> None:
    key = SigningKey.generate(algorithm)
    for copy in (
        SigningKey.read(key.export_pem()),
        SigningKey.read(key.export_pem("long password"), "long password"),
    ):
        assert copy.thumbprint == key.thumbprint
    assert read_public_key(key.public.jwk | {"kid": key.thumbprint, "alg": algorithm, "use": "sig"}) == key.public
    secret = key.signer().as_dict(private=True)["d"]
    assert str(secret) not in repr(key) + str(key) + repr(key.public)
    with pytest.raises(TypeError, match="pickle"):
        pickle.dumps(key)


def test_a_private_key_is_read_from_jwk_too() -> None:
    key = key_for("anyone", "ES256")
    raw = str(key.signer().as_dict(private=True)).replace("'", '"').encode()
    assert SigningKey.read(raw).thumbprint == key.thumbprint


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"{}", b'{"kty": "oct", "k": "AAAA"}', b"-----BEGIN PRIVATE KEY-----\nAAAA"]
)
def test_what_is_not_a_private_key_is_refused_without_quoting_it(raw: bytes) -> None:
    with pytest.raises(BadKey) as caught:
        SigningKey.read(raw)
    assert "AAAA" not in str(caught.value)


def test_an_encrypted_or_foreign_or_public_key_cannot_sign() -> None:
    key = key_for("anyone")
    other = ec.generate_private_key(ec.SECP384R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for raw in (key.export_pem("long password"), other, str(key.public.jwk).replace("'", '"').encode()):
        with pytest.raises(BadKey):
            SigningKey.read(raw)


def test_a_public_key_file_is_pem_or_jwk_and_never_private() -> None:
    for algorithm in ("ES256", "Ed25519"):
        key = key_for("anyone", algorithm)
        assert read_public_file(key.signer().as_pem(private=False)) == key.public
        assert read_public_file(str(key.public.jwk).replace("'", '"').encode()) == key.public
        with pytest.raises(BadKey, match="private"):
            read_public_file(key.export_pem())
    for raw in (b"", b"{", b"{}", b"nonsense"):
        with pytest.raises(BadKey):
            read_public_file(raw)
    x25519 = X25519PrivateKey.generate().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(BadKey):
        read_public_file(x25519)


def test_two_keys_are_equal_when_they_are_the_same_key() -> None:
    assert isinstance(key_for("a").public, PublicKey)
    assert key_for("a").public == key_for("a").public != key_for("b").public
