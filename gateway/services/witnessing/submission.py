"""
Asking one witness over HTTP, as a log does (C2SP tlog-witness).

Whatever a witness answers is bounded in time and size, and believed only as far as it verifies.
"""

import asyncio
import re
import ssl
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from types import TracebackType
from typing import Final, Self

import httpx2

from audit.checkpoint import MAX_SIZE, Checkpoint, CheckpointVerifier
from audit.cosignature import Cosignature, WitnessVerifier
from audit.cosigning import body_at
from audit.errors import VerificationFailed
from audit.note import MAX_NOTE
from audit.witness.submission import write_submission

EXCHANGE_SECONDS: Final = 10.0
"""A request and its whole answer."""
_SIZE: Final = re.compile(r"(0|[1-9][0-9]{0,18})\n")


class WitnessFailed(Exception):
    """A witness gave nothing that helps; `reason` is a stable word for the log line, never the witness's own words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class WitnessSilent(WitnessFailed):
    """Nothing came back, or not in time."""

    def __init__(self) -> None:
        super().__init__("silent")


@dataclass(frozen=True, slots=True)
class StandsElsewhere:
    """The witness cosigned a checkpoint of another size last (409)."""

    size: int


@dataclass(frozen=True, slots=True)
class DoesNotContinue:
    """The witness says that the checkpoint does not continue what it cosigned (422)."""


Outcome = Cosignature | StandsElsewhere | DoesNotContinue


class WitnessClient:
    """One witness at its address. `async with` closes its connection."""

    def __init__(self, witness: WitnessVerifier, url: str) -> None:
        self._witness = witness
        # No proxy from the environment, the machine's own certificates, no redirect: who was named is asked.
        self._http = httpx2.AsyncClient(
            base_url=url.rstrip("/"),
            headers={"accept-encoding": "identity", "content-type": "text/plain; charset=utf-8"},
            follow_redirects=False,
            trust_env=False,
            timeout=None,  # `_exchange` has one for all of it
            verify=ssl.create_default_context(),
            limits=httpx2.Limits(max_connections=1),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def submit(self, old: int, path: tuple[bytes, ...], checkpoint: Checkpoint) -> Outcome:
        """
        Submit a checkpoint, with the path from the size that the witness cosigned last.

        Raises `WitnessSilent`, or `WitnessFailed` for an answer that the protocol has not, or one that does not hold.
        """
        body = write_submission(old, path, checkpoint.note)
        status, kind, answer = await self._exchange("POST", "/add-checkpoint", body)
        match status:
            case HTTPStatus.OK:
                return self._cosignature(checkpoint, answer)
            case HTTPStatus.CONFLICT:
                found = _SIZE.fullmatch(_text(answer))
                if kind.partition(";")[0].strip() != "text/x.tlog.size" or not found or int(found[1]) > MAX_SIZE:
                    raise WitnessFailed("garbage")
                return StandsElsewhere(int(found[1]))
            case HTTPStatus.UNPROCESSABLE_ENTITY:
                return DoesNotContinue()
        raise WitnessFailed(f"status_{status}")

    async def evidence(self, verifier: CheckpointVerifier) -> Checkpoint | None:
        """
        Return the checkpoint that the witness cosigned last, if it shows one that our log's key signed.

        Nobody can make such a one without the log's key. Raises nothing: no evidence is no evidence.
        """
        digest = sha256(verifier.origin.encode()).hexdigest()
        try:
            status, _, answer = await self._exchange("GET", f"/{digest}/checkpoint", None)
            return verifier.verify(_text(answer)) if status == HTTPStatus.OK else None
        except (WitnessFailed, VerificationFailed):
            return None

    def _cosignature(self, checkpoint: Checkpoint, answer: bytes) -> Cosignature:
        body = body_at(checkpoint.origin, checkpoint.size, checkpoint.tree_head)
        try:
            return self._witness.verify(body, _text(answer))
        except VerificationFailed:
            raise WitnessFailed("bad_signature") from None

    async def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, str, bytes]:
        try:
            async with (
                asyncio.timeout(EXCHANGE_SECONDS),
                self._http.stream(method, path, content=body) as answer,
            ):
                found = bytearray()
                async for part in answer.aiter_raw():
                    found += part
                    if len(found) > MAX_NOTE:
                        raise WitnessFailed("too_large")
                return answer.status_code, answer.headers.get("content-type", ""), bytes(found)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError, TimeoutError):
            raise WitnessSilent from None


def _text(answer: bytes) -> str:
    try:
        return answer.decode()
    except UnicodeDecodeError:
        raise WitnessFailed("garbage") from None
