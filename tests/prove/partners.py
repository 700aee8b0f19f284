"""A gateway in a process of its own, partners who ask it over HTTP, and every answer they got, remembered here."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import httpx2

from audit.batch import Session
from audit.commitments import require_bytes, unpack_private
from audit.entry import Entry, parse
from audit.errors import CommitmentMismatch
from audit.reading import leaves
from gateway.api.datasets import RECEIPT_HEADER
from gateway.oauth.client import PartnerClient
from tests.prove.answered import AnswerLost

PAGE, REFUSED = "/v1/students?limit=2", "/v1/students?fields=ssn"
_ROOT = Path(__file__).parents[2]
_START_SECONDS = 30
_AWAY = httpx2.codes.SERVICE_UNAVAILABLE
_PAUSE = 0.01
_OPENING = "SELECT opening FROM audit.private WHERE idx = $1"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, whole: `entry` is the number on its receipt, if it has one."""

    status: int
    request_id: str
    entry: int | None
    body: bytes


@dataclass(slots=True)
class Partners:
    """A gateway that may be killed, and those who ask it."""

    partner: PartnerClient
    url: str
    words: Sequence[str]
    environment: Mapping[str, str] = field(repr=False)
    details: Mapping[str, object] | None = None
    answers: list[Answer] = field(default_factory=list)
    unanswered: int = 0
    _process: asyncio.subprocess.Process | None = None
    _token: str = ""

    async def start(self) -> None:
        """Start the gateway and wait until it answers; take a token."""
        kept = {name: value for name, value in self.environment.items() if not name.startswith("COV")}
        quiet = asyncio.subprocess.DEVNULL
        command = (sys.executable, "-m", *self.words)
        self._process = await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet, env=kept, cwd=_ROOT)
        async with asyncio.timeout(_START_SECONDS), httpx2.AsyncClient() as client:
            while True:
                try:
                    await client.get(f"{self.url}/healthz")
                except httpx2.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    break
        self._token = str((await asyncio.to_thread(self.partner.token, self.details))["access_token"])

    async def kill(self) -> None:
        """Kill it where it stands."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def ask_until_killed(self, callers: int, answers: int, seconds: float) -> None:
        """Ask from so many callers at once until there are so many answers more; then wait a moment, and kill it."""
        wanted = len(self.answers) + answers
        limits = httpx2.Limits(max_connections=callers)
        async with httpx2.AsyncClient(base_url=self.url, timeout=20, limits=limits) as client:
            asking = [asyncio.create_task(self._ask(client)) for _ in range(callers)]
            async with asyncio.timeout(120):
                while len(self.answers) < wanted:  # noqa: ASYNC110 - the callers count
                    await asyncio.sleep(0.002)
            await asyncio.sleep(seconds)
            await self.kill()
            await asyncio.gather(*asking)

    async def _ask(self, client: httpx2.AsyncClient) -> None:
        for path in cycle((PAGE, PAGE, REFUSED)):
            proof = self.partner.proof("GET", f"{self.url}{path}", self._token)
            headers = {"authorization": f"DPoP {self._token}", "dpop": proof}
            try:
                said = await client.get(path, headers=headers)
            except httpx2.TransportError:
                self.unanswered += 1
                return  # it was killed
            if said.status_code == _AWAY:
                await asyncio.sleep(_PAUSE)
                continue
            receipt = said.headers.get(RECEIPT_HEADER)
            entry = None if receipt is None else int(receipt)
            self.answers.append(Answer(said.status_code, said.headers["x-request-id"], entry, said.content))


async def require_answers_on_record(session: Session, size: int, answers: Sequence[Answer]) -> dict[int, int]:
    """
    Hold every answer against the log of this size; returns how many there were of each status.

    Raises `AnswerLost` at the first that has no entry of its own, or whose entry commits to other bytes.
    """
    entries = [parse(leaf) async for leaf in leaves(session, 0, size)]
    by_request = {entry.body.get("request_id"): at for at, entry in enumerate(entries)}
    counted: dict[int, int] = {}
    if len({answer.request_id for answer in answers}) != len(answers):
        raise AnswerLost("two answers carry one number")
    for answer in answers:
        at = by_request.get(answer.request_id)
        # (1): data has its own entry, at the place on its receipt; a refusal has one too.
        if at is None or (answer.status == httpx2.codes.OK and at != answer.entry):
            raise AnswerLost(f"an answer {answer.status} has no entry, or not where its receipt says")
        await _require_said(session, at, entries[at], answer)
        counted[answer.status] = counted.get(answer.status, 0) + 1
    return counted


async def _require_said(session: Session, at: int, entry: Entry, answer: Answer) -> None:
    if answer.status != httpx2.codes.OK:
        if entry.event != "refusal":
            raise AnswerLost(f"entry {at} is no refusal, and that was the answer")
        return
    # (2): it commits to the very bytes that were received.
    try:
        opening = unpack_private(await session.fetchval(_OPENING, at))
        require_bytes(bytes.fromhex(entry.body["result"]), opening.result_salt, answer.body)
    except CommitmentMismatch as error:
        raise AnswerLost(f"entry {at} commits to another answer") from error


def environment_for(home: Path, app_url: str, port: int) -> dict[str, str]:
    """Return the environment in which `pactgate serve` serves from these keys and this database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PACTGATE_")}
    return kept | {"PACTGATE_HOME": str(home), "PACTGATE_APP_URL": app_url, "PACTGATE_PORT": str(port)}
