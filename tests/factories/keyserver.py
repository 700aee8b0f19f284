"""A partner's web server that publishes a key set: real TLS on loopback, under a certificate authority of the tests."""

import asyncio
import contextlib
import datetime as dt
import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.services.keysets.fetching import Fetcher
from gateway.services.keysets.reaching import Address, is_public
from tests.factories.unhurried import PATIENCE

HOST = "keys.partner.example"
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/jwk-set+json\r\n"


@dataclass(frozen=True)
class Authority:
    """A certificate authority that only tests trust."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def trusting(self) -> ssl.SSLContext:
        """Return a trust store with nothing but this authority."""
        pem = self.certificate.public_bytes(serialization.Encoding.PEM).decode()
        return ssl.create_default_context(cadata=pem)

    def serving(self, host: str = HOST) -> ssl.SSLContext:
        """Return what a server of that name needs."""
        key = ec.generate_private_key(ec.SECP256R1())
        signed = _certificate(host, key.public_key(), self.certificate.subject, self.key, ca=False)
        with TemporaryDirectory() as folder:
            file = Path(folder) / "server.pem"
            private = key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(file)
        return context


@cache
def authority() -> Authority:
    """Return the authority of this process."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tests")])
    return Authority(key, _certificate("tests", key.public_key(), name, key, ca=True))


def _certificate(
    host: str, key: ec.EllipticCurvePublicKey, issuer: x509.Name, signer: ec.EllipticCurvePrivateKey, *, ca: bool
) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if ca:
        usage = x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=True,
            crl_sign=True,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signer, hashes.SHA256())


def answering(keys: Sequence[dict[str, Any]]) -> bytes:
    """Return the whole answer of a server that publishes these keys."""
    body = json.dumps({"keys": list(keys)}).encode()
    return OK + b"content-length: %d\r\n\r\n" % len(body) + body


@dataclass
class KeyServer:
    """Answers every request with `answer`, word for word; `asked` are the requests it got, heads only."""

    answer: bytes = b""
    host: str = HOST
    encrypted: bool = True
    hold: asyncio.Event | None = None
    """If set, an answer waits for it."""
    asked: list[bytes] = field(default_factory=list)
    port: int = 0
    _serving: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        context = authority().serving(self.host) if self.encrypted else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        self._server.close()
        await self._server.wait_closed()
        for each in self._serving:
            each.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0.01)  # what was aborted is closed a moment later

    @property
    def url(self) -> str:
        """Where the key set is."""
        return f"https://{HOST}:{self.port}/jwks.json"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.append(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
                self.asked.append(await reader.readuntil(b"\r\n\r\n"))
                if self.hold is not None:
                    await self.hold.wait()
                writer.write(self.answer)
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()


def fetcher(*addresses: str, seconds: float = PATIENCE) -> Fetcher:
    """Return a fetcher that may also call 127.0.0.1, and to which every name is `addresses`, else just that."""

    async def resolve(host: str, port: int) -> list[str]:
        del host, port
        return list(addresses or ("127.0.0.1",))

    def permitted(address: Address) -> bool:
        return address == ip_address("127.0.0.1") or is_public(address)

    return Fetcher(resolve=resolve, permitted=permitted, trust=authority().trusting(), seconds=seconds)
