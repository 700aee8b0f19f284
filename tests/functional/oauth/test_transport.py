"""Below HTTP: malformed, slow and oversized requests end in an answer or a closed connection."""

import asyncio
import socket

import pytest

from gateway.connection import BoundedProtocol, Patience
from gateway.server import PortTaken, bind
from tests.functional.oauth.conftest import Site

POST = b"POST /oauth/token HTTP/1.1\r\nHost: a.example\r\n"


async def sent(port: int, data: bytes) -> bytes:
    """Send bytes and read until the server closes or has nothing more to say."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await writer.drain()
        return await asyncio.wait_for(reader.read(4_096), 10)
    except ConnectionResetError:
        return b""
    finally:
        writer.close()


@pytest.mark.attack("7.5")
@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc", id="length_and_chunked"),
        pytest.param(b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc", id="two_lengths"),
        pytest.param(b"Transfer-Encoding: magic\r\n\r\nabc", id="unknown_transfer_encoding"),
        pytest.param(b"Content-Length: minus\r\n\r\nabc", id="length_not_a_number"),
    ],
)
async def test_ambiguous_framing_is_refused(site: Site, head: bytes) -> None:
    answer = await sent((await site.start()).port, POST + head)
    assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 413")) or answer == b""


@pytest.mark.attack("7.5")
async def test_a_body_over_the_cap_is_refused_and_the_connection_closed(site: Site) -> None:
    replica = await site.start()
    answer = await sent(replica.port, POST + b"Content-Length: 999999\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"connection: close" in answer.lower()
    chunked = b"Transfer-Encoding: chunked\r\n\r\n" + b"4000\r\n" + b"x" * 0x4000 + b"\r\n4000\r\n" + b"x" * 0x4000
    assert (await sent(replica.port, POST + chunked + b"\r\n0\r\n\r\n")).startswith(b"HTTP/1.1 413")


@pytest.mark.attack("7.5")
async def test_a_slow_body_is_ended(site: Site) -> None:
    answer = await sent((await site.start()).port, POST + b"Content-Length: 10\r\n\r\nabc")
    assert answer.startswith(b"HTTP/1.1 408")


@pytest.mark.attack("7.5")
async def test_a_huge_header_is_refused(site: Site) -> None:
    replica = await site.start()
    answer = await sent(replica.port, b"GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 200_000 + b"\r\n\r\n")
    assert not answer.startswith(b"HTTP/1.1 5")
    assert (await replica.client.get("/healthz")).status_code == 200


ASK = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
impatient = pytest.mark.usefixtures("patience")


@pytest.fixture
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BoundedProtocol, "patience", Patience(head=0.2, answer=0.4))


@impatient
@pytest.mark.attack("7.5")
@pytest.mark.parametrize("answers", [0, 1])
@pytest.mark.parametrize(
    "begun",
    [
        pytest.param(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: ", id="half_a_head"),
        pytest.param(b"\r\n", id="an_empty_line"),
    ],
)
async def test_who_does_not_say_what_it_wants_is_not_waited_for(site: Site, begun: bytes, answers: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", (await site.start()).port)
    for _ in range(answers):
        writer.write(ASK)
        await reader.readuntil(b"}")
    writer.write(begun)
    assert (await asyncio.wait_for(reader.read(), 10)).startswith(b"HTTP/1.1 408")
    writer.close()


@impatient
@pytest.mark.attack("7.5")
async def test_who_connects_and_says_nothing_is_not_waited_for(site: Site) -> None:
    assert (await sent((await site.start()).port, b"")).startswith(b"HTTP/1.1 408")


@impatient
@pytest.mark.attack("7.5")
async def test_half_a_head_behind_a_request_costs_that_request_nothing(site: Site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", (await site.start()).port)
    writer.write(b"GET /v1/slow HTTP/1.1\r\nHost: a\r\n\r\nGET /he")
    answers = await asyncio.wait_for(reader.read(), 10)
    assert answers.startswith(b"HTTP/1.1 200")
    assert b"HTTP/1.1 408" in answers
    writer.close()


@impatient
@pytest.mark.attack("7.5")
async def test_who_does_not_take_its_answers_is_cut_off(site: Site) -> None:
    replica = await site.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", replica.port, limit=1_024)
    writer.write(b"GET /v1/much HTTP/1.1\r\nHost: a\r\n\r\n")
    await asyncio.sleep(1)
    assert len(await asyncio.wait_for(reader.read(), 10)) < 16_000_000
    writer.close()
    assert (await replica.client.get("/healthz")).status_code == 200


@impatient
async def test_a_client_that_keeps_its_connection_is_served_for_longer_than_one_answer_may_take(site: Site) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", (await site.start()).port)
    for _ in range(4):
        writer.write(ASK)
        assert b'{"status":"ok"}' in await reader.readuntil(b"}")
        await asyncio.sleep(0.15)
    writer.close()


async def test_the_server_does_not_say_what_it_is(site: Site) -> None:
    answer = await (await site.start()).client.get("/healthz")
    assert "server" not in answer.headers


def test_a_port_that_is_taken_is_a_sentence_with_a_remedy() -> None:
    with bind("127.0.0.1", 0) as taken, pytest.raises(PortTaken) as refused:
        bind("127.0.0.1", taken.getsockname()[1])
    assert "cannot listen on 127.0.0.1" in str(refused.value)
    assert "PACTGATE_PORT" in refused.value.remedy


def test_the_server_listens_on_ipv6_too() -> None:
    with bind("::1", 0) as listening:
        assert listening.family == socket.AF_INET6
