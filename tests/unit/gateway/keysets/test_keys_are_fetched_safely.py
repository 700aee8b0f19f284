"""Attack table: the gateway fetches a key set from where a signed annex says, and can be sent nowhere else."""

import asyncio
import gzip
import json
import ssl
from ipaddress import ip_address
from typing import Any

import pytest

from agreements.errors import AgreementError
from agreements.fetched import MOST_BYTES, MOST_KEYS, published_bytes, read_published
from gateway.services.errors import KeysNotFetched
from gateway.services.keysets.fetching import Fetcher, trust_store
from gateway.services.keysets.reaching import CheckedNetwork, Names, is_public
from tests.factories.keyserver import HOST, OK, KeyServer, answering, authority, fetcher
from tests.factories.oauth import public

KEY = public("client", kid="monday")
INSIDE = (
    *("0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.1.2.3", "169.254.169.254", "172.16.0.1", "172.31.255.1"),  # noqa: S104 - an address to refuse
    *("192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1"),
    *("239.1.2.3", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8"),
    *(
        "64:ff9b::a00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:a00:1::1",
        "2002:7f00:1::",
        "3fff::1",
    ),
    *("fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1"),
)


def spoiled(**members: object) -> dict[str, Any]:
    return {name: value for name, value in {**KEY, **members}.items() if value is not None}


@pytest.mark.attack("jwks_url: forbidden target")
@pytest.mark.parametrize("address", INSIDE)
async def test_no_address_inside_is_called(address: str) -> None:
    assert not is_public(ip_address(address))

    async def resolve(host: str, port: int) -> list[str]:
        del host, port
        return [address]

    with pytest.raises(KeysNotFetched, match="address_not_permitted"):
        await Fetcher(resolve=resolve).fetch(f"https://{HOST}/jwks.json")


@pytest.mark.parametrize("address", ["8.8.8.8", "198.20.0.1", "2001:4860:4860::8888", "2a00:1450::1"])
def test_an_address_of_the_open_internet_may_be_called(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.attack("jwks_url: DNS answer with two addresses")
@pytest.mark.parametrize("addresses", [("127.0.0.1", "10.0.0.1"), ("10.0.0.1", "127.0.0.1"), ("127.0.0.1", "::1")])
async def test_one_bad_address_refuses_them_all(addresses: tuple[str, ...]) -> None:
    async with KeyServer(answering([KEY])) as server:
        with pytest.raises(KeysNotFetched, match="address_not_permitted"):
            await fetcher(*addresses).fetch(server.url)
    assert server.asked == []


@pytest.mark.attack("jwks_url: DNS rebinding")
async def test_a_name_is_resolved_once_and_what_was_checked_is_called() -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])

    async def resolve(host: str, port: int) -> list[str]:
        assert (host, port) == (HOST, server.port)
        return next(answers)

    async with KeyServer(answering([KEY])) as server:
        opened = Fetcher(resolve=resolve, permitted=lambda _: True, trust=authority().trusting())
        assert [each.kid for each in await opened.fetch(server.url)] == ["monday"]
    assert next(answers) == ["10.0.0.1"]  # nobody asked a second time


@pytest.mark.attack("jwks_url: no such name")
async def test_a_name_that_leads_nowhere_is_no_key_set() -> None:
    for found in ([], ["not an address"]):

        async def resolve(host: str, port: int, found: list[str] = found) -> list[str]:
            del host, port
            return found

        with pytest.raises(KeysNotFetched):
            await Fetcher(resolve=resolve).fetch(f"https://{HOST}/jwks.json")
    names = Names()
    with pytest.raises(KeysNotFetched, match="no_address"):
        await Fetcher(resolve=names).fetch("https://nothing.invalid/jwks.json")
    assert await names("127.0.0.1", 443) == ["127.0.0.1"]
    names.close()
    with pytest.raises(KeysNotFetched):
        await CheckedNetwork(names, is_public).connect_unix_socket("/run/anything")


@pytest.mark.attack("jwks_url: TLS")
async def test_only_the_host_itself_answers_over_tls() -> None:
    async with KeyServer(answering([KEY]), host="other.partner.example") as other:
        with pytest.raises(KeysNotFetched, match="tls"):
            await fetcher().fetch(other.url)
    assert other.asked == []

    async def resolve(host: str, port: int) -> list[str]:
        del host, port
        return ["127.0.0.1"]

    async with KeyServer(answering([KEY])) as server:
        with pytest.raises(KeysNotFetched, match="tls"):  # nobody here trusts the authority of the tests
            await Fetcher(resolve=resolve, permitted=lambda _: True).fetch(server.url)
    assert trust_store().minimum_version is ssl.TLSVersion.TLSv1_2
    async with KeyServer(answering([KEY]), encrypted=False) as plain:
        with pytest.raises(KeysNotFetched):
            await fetcher(seconds=0.3).fetch(plain.url)
        with pytest.raises(KeysNotFetched, match="not_https"):
            await fetcher().fetch(plain.url.replace("https", "http"))
    assert plain.asked == []


BODY = json.dumps({"keys": [KEY]}).encode()
HOSTILE: dict[str, tuple[bytes, str]] = {
    "redirect": (b"HTTP/1.1 302 Found\r\nlocation: https://10.0.0.1/\r\ncontent-length: 0\r\n\r\n", "status"),
    "permanent redirect": (b"HTTP/1.1 308 X\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n", "status"),
    "not found": (b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "status"),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", "status"),
    "huge by its word": (OK + b"content-length: 99999999\r\n\r\n", "too_large"),
    "huge": (OK + b"connection: close\r\n\r\n" + b" " * (MOST_BYTES + 1), "too_large"),
    "compressed": (OK + b"content-encoding: gzip\r\nconnection: close\r\n\r\n" + gzip.compress(bytes(9**7)), "encoded"),
    "a page": (b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 2\r\n\r\n{}", "type"),
    "no type": (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "type"),
    "shorter than it says": (OK + b"content-length: 900\r\n\r\n" + BODY, "no_answer"),
    "not HTTP": (b"SSH-2.0-OpenSSH\r\n\r\n", "no_answer"),
    "endless head": (b"HTTP/1.1 200 OK\r\n" + b"x: " + b"y" * 200_000, "no_answer"),
    "nothing": (b"", "no_answer"),
    "not JSON": (OK + b"content-length: 3\r\n\r\n{'}", "not_a_key_set"),
    "deep": (OK + b"connection: close\r\n\r\n" + b"[" * 60_000, "not_a_key_set"),
    "a list": (OK + b"content-length: 2\r\n\r\n[]", "not_a_key_set"),
}


@pytest.mark.attack("jwks_url: hostile answer")
@pytest.mark.parametrize(("answer", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
async def test_a_hostile_answer_is_no_key_set(answer: bytes, reason: str) -> None:
    async with KeyServer(answer) as server:
        with pytest.raises(KeysNotFetched, match=reason):
            await fetcher().fetch(server.url)
    assert len(server.asked) == 1


@pytest.mark.attack("jwks_url: slow answer")
async def test_who_answers_slowly_is_not_waited_for() -> None:
    async with KeyServer(answering([KEY]), hold=asyncio.Event()) as server:
        with pytest.raises(KeysNotFetched, match="too_slow"):
            await fetcher(seconds=0.2).fetch(server.url)
        assert server.hold is not None
        server.hold.set()


@pytest.mark.parametrize("proxy", ["HTTPS_PROXY", "ALL_PROXY"])
async def test_what_is_sent_is_plain_and_nothing_of_the_environment_counts(
    proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(proxy, "http://127.0.0.1:9")
    async with KeyServer(answering([KEY])) as server:
        await fetcher().fetch(server.url)
    (head,) = server.asked
    assert head.startswith(b"GET /jwks.json HTTP/1.1\r\n")
    assert not any(name in head.lower() for name in (b"authorization", b"cookie", b"referer", b"gzip"))


SETS: dict[str, object] = {
    "no keys": {"keys": []},
    "keys is an object": {"keys": {}},
    "too many": {"keys": [spoiled(kid=str(each)) for each in range(MOST_KEYS + 1)]},
    "a text": {"keys": ["key"]},
    "a private key": {"keys": [spoiled(d="AAAA")]},
    "a secret": {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "a"}]},
    "for encryption": {"keys": [spoiled(use="enc")]},
    "for signing": {"keys": [spoiled(key_ops=["sign"])]},
    "key_ops is a text": {"keys": [spoiled(key_ops="verify")]},
    "another algorithm": {"keys": [spoiled(alg="RS256")]},
    "alg is a number": {"keys": [spoiled(alg=7)]},
    "another curve": {"keys": [public("p384")]},
    "weak": {"keys": [public("weak_rsa")]},
    "not on its curve": {"keys": [spoiled(y=KEY["x"])]},
    "the same key twice": {"keys": [KEY, spoiled(kid="tuesday")]},
    "the same kid twice": {"keys": [KEY, public("other_client", kid="monday")]},
    "a hostile kid": {"keys": [spoiled(kid="../../etc")]},
    "kid is a number": {"keys": [spoiled(kid=7)]},
    "one good, one bad": {"keys": [KEY, spoiled(kid="b", crv="P-521")]},
}


@pytest.mark.attack("jwks_url: hostile key set")
@pytest.mark.parametrize("content", SETS.values(), ids=SETS.keys())
def test_a_set_with_anything_we_would_not_register_is_refused_whole(content: object) -> None:
    with pytest.raises(AgreementError):
        read_published(json.dumps(content).encode())


def test_a_set_is_kept_in_one_form() -> None:
    ed = public("client_ed25519", kid="b", alg="EdDSA")
    raw = json.dumps({"keys": [{**KEY, "x5c": ["ignored"], "key_ops": ["verify"], "use": "sig"}, ed], "more": 1})
    read = read_published(raw.encode())
    assert [(each.kid, each.key.algorithm) for each in read] == [("b", "Ed25519"), ("monday", "ES256")]
    assert read_published(published_bytes(read)) == read
    nameless = read_published(json.dumps({"keys": [spoiled(kid=None)]}).encode())
    assert nameless[0].kid == nameless[0].key.thumbprint
    with pytest.raises(AgreementError):
        read_published(b" " * (MOST_BYTES + 1))
