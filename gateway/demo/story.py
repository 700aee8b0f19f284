"""
The story the demo tells, each step through HTTP as a partner would: what was expected, what came, whether they agree.

Nothing is assumed to have worked. A step that finds something else than expected says so and the story goes on, so that
one broken promise does not hide another.
"""

import asyncio
import hashlib
import json
import secrets
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from audit.checkpoint import CheckpointVerifier
from audit.errors import AuditError
from audit.proof import Receipt
from gateway.api.datasets import RECEIPT_HEADER
from gateway.demo.district import Edge
from gateway.demo.stage import Stage
from gateway.oauth.client import PartnerClient, PartnerRefused

CONSENTED, OFFICIAL = "bright-path", "harbor-mentors"
NOT_AGREED = "sex"
"""An element neither agreement names."""
_VERIFY_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `ok` is whether `got` is what was `expected`."""

    name: str
    expected: str
    got: str
    ok: bool
    seconds: float


class Story:
    """Tells the story on one stage. A partner's clients are synchronous, so they run beside the loop that serves."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._clients = {name: part.connect(stage.url) for name, part in stage.parts.items()}
        self._tokens: dict[str, str] = {}
        self._page: httpx2.Response | None = None
        self._gone: httpx2.Response | None = None

    async def tell(self) -> AsyncGenerator[Step, None]:
        """Yield the steps as they happen."""
        steps: tuple[tuple[str, str, Callable[[], Awaitable[str]]], ...] = (
            ("token", "a DPoP token for 300 seconds", self._token),
            ("allowed page", "200, students with exactly the agreed elements", self._allowed_page),
            ("attendance", "200, counts for students of the first page's agreement", self._attendance),
            ("other partner", "200, students under other record codes", self._other_partner),
            ("field not agreed", "403 element_not_covered at /datasets/0/elements", self._field_not_agreed),
            ("amended by one side", "signature_missing, and what both signed still answers 200", self._amended_alone),
            ("public register", "200, both agreements and no person", self._public_register),
            ("consent withdrawn", "200 before, 404 on the next call", self._consent_withdrawn),
            ("code that never existed", "the same 404", self._never_existed),
            ("receipt", "the entry is in the signed log and commits to the page", self._receipt),
            ("whole log", "verified by a program that trusts nobody", self._whole_log),
        )
        for name, expected, work in steps:
            began = time.perf_counter()
            try:
                got = await work()
            except (PartnerRefused, AuditError, httpx2.HTTPError, KeyError, ValueError, OSError) as error:
                got = f"{type(error).__name__}: {error}"
            yield Step(name, expected, got, got == expected, round(time.perf_counter() - began, 3))

    def close(self) -> None:
        """Close the clients' connections."""
        for client in self._clients.values():
            client.__exit__(None, None, None)

    async def _get(self, partner: str, path: str) -> httpx2.Response:
        client: PartnerClient = self._clients[partner]
        if partner not in self._tokens:
            self._tokens[partner] = str((await asyncio.to_thread(client.token))["access_token"])
        return await asyncio.to_thread(client.get, path, self._tokens[partner])

    async def _token(self) -> str:
        answer = await asyncio.to_thread(self._clients[CONSENTED].token)
        self._tokens[CONSENTED] = str(answer["access_token"])
        return f"a {answer['token_type']} token for {answer['expires_in']} seconds"

    async def _allowed_page(self) -> str:
        self._page = await self._get(CONSENTED, "/v1/students?limit=100")
        if self._page.status_code != httpx2.codes.OK:
            return _refusal(self._page)
        rows = self._page.json()["data"]
        agreed = await self._agreed(CONSENTED, "students")
        # A consent may cover less than the agreement; nothing may cover more.
        exact = max((set(row) - {"record_code"} for row in rows), key=len, default=set()) == agreed
        within = all(set(row) - {"record_code"} <= agreed for row in rows)
        if not rows or not exact or not within:
            return f"200, {len(rows)} students with other elements"
        return "200, students with exactly the agreed elements"

    async def _agreed(self, partner: str, dataset: str) -> set[str]:
        grant = (await self._get(partner, "/v1/grant")).json()
        return {element["name"] for element in grant["datasets"][dataset]["elements"]}

    async def _attendance(self) -> str:
        answer = await self._get(CONSENTED, "/v1/attendance?limit=500")
        if answer.status_code != httpx2.codes.OK:
            return _refusal(answer)
        rows = answer.json()["data"]
        known = {row["record_code"] for row in await self._all(CONSENTED, "/v1/students")}
        counted = [row for row in rows if isinstance(row.get("days_in_attendance"), int)]
        ok = counted and {row["record_code"] for row in rows} <= known
        return "200, counts for students of the first page's agreement" if ok else f"200, {len(rows)} other rows"

    async def _all(self, partner: str, path: str) -> list[dict[str, Any]]:
        """Follow the pages to the end."""
        rows: list[dict[str, Any]] = []
        following = f"{path}?limit=100"
        while True:
            body = (await self._get(partner, following)).json()
            rows += body["data"]
            if body["next"] is None:
                return rows
            following = f"{path}?limit=100&cursor={body['next']}"

    async def _other_partner(self) -> str:
        answer = await self._get(OFFICIAL, "/v1/students")
        if answer.status_code != httpx2.codes.OK:
            return _refusal(answer)
        ours = {row["record_code"] for row in answer.json()["data"]}
        theirs = {row["record_code"] for row in await self._all(CONSENTED, "/v1/students")}
        return "200, students under other record codes" if ours and not ours & theirs else "200, shared record codes"

    async def _field_not_agreed(self) -> str:
        answer = await self._get(CONSENTED, f"/v1/students?fields=first_name,{NOT_AGREED}")
        if answer.status_code != httpx2.codes.FORBIDDEN:
            return f"{answer.status_code}"
        return f"{_refusal(answer)} at {answer.json()['clause']}"

    async def _amended_alone(self) -> str:
        came = await self._stage.amend_alone(CONSENTED)
        answer = await self._get(CONSENTED, "/v1/students?limit=1")
        return f"{came}, and what both signed still answers {answer.status_code}"

    async def _public_register(self) -> str:
        answer = await asyncio.to_thread(httpx2.get, f"{self._stage.url}/register.json")
        if answer.status_code != httpx2.codes.OK:
            return f"{answer.status_code}"
        listed = {each["digest"] for each in answer.json()["agreements"]}
        cast = self._stage.cast
        people = [cast.approver, cast.drafter, cast.district, cast.responsible, *cast.partners.values()]
        named = [each.name for each in people if each.name in answer.text or each.key.thumbprint in answer.text]
        expected = {part.agreement.digest for part in self._stage.parts.values()}
        return (
            "200, both agreements and no person" if listed == expected and not named else f"200, {len(listed)} listed"
        )

    async def _consent_withdrawn(self) -> str:
        code, number = await self._find_student()
        before = await self._get(CONSENTED, f"/v1/students/{code}")
        await self._stage.withdraw(CONSENTED, number)
        after = await self._get(CONSENTED, f"/v1/students/{code}")
        self._gone = after
        return f"{before.status_code} before, {after.status_code} on the next call"

    async def _find_student(self) -> tuple[str, str]:
        """Return the record code and the district's number of a student whose consent is plain, found by name."""
        district = self._stage.district
        by_name: dict[tuple[str | None, str | None], list[str]] = {}
        for student in district.students:
            by_name.setdefault((student.first_name, student.last_name), []).append(student.student_number)
        plain = set(district.edges[Edge.CONSENTED])
        for row in await self._all(CONSENTED, "/v1/students"):
            numbers = by_name.get((row.get("first_name"), row.get("last_name")), [])
            if len(numbers) == 1 and numbers[0] in plain:
                return str(row["record_code"]), numbers[0]
        raise ValueError("no student whose consent is plain was on the pages")

    async def _never_existed(self) -> str:
        code = "rc_" + "".join(secrets.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(26))
        answer = await self._get(CONSENTED, f"/v1/students/{code}")
        if self._gone is None:
            raise ValueError("there is no refusal to compare with")
        same = (answer.status_code, answer.content) == (self._gone.status_code, self._gone.content)
        return f"the same {answer.status_code}" if same else f"another answer: {answer.status_code}"

    async def _receipt(self) -> str:
        if self._page is None:
            raise ValueError("there is no page to have a receipt of")
        entry = self._page.headers[RECEIPT_HEADER]
        answer = (await self._get(CONSENTED, f"/v1/receipts/{entry}")).json()
        trust = self._stage.trust
        # (1): the entry is in the tree that the log's pinned key signed.
        Receipt.parse(answer["proof"]).verify(answer["leaf"].encode(), CheckpointVerifier.parse(trust.log_public_key))
        # (2): the entry commits to the very bytes we received.
        committed = hashlib.sha256(bytes.fromhex(answer["result_salt"]) + self._page.content).hexdigest()
        if json.loads(answer["leaf"])["result"] != committed:
            return "the entry commits to something else"
        return "the entry is in the signed log and commits to the page"

    async def _whole_log(self) -> str:
        folder = self._stage.home / "log"
        await self._stage.export_log(folder)
        done = await asyncio.to_thread(verify_folder, folder, self._stage.trust.log_public_key)
        return "verified by a program that trusts nobody" if done.returncode == 0 else done.stdout + done.stderr


def verify_folder(folder: Path, key: str) -> "subprocess.CompletedProcess[str]":
    """Run the stand-alone verifier on an exported log, in a process of its own."""
    command = [sys.executable, "-m", "audit", "verify", str(folder), "--key", key]
    return subprocess.run(  # noqa: S603 - our own module, no shell
        command, capture_output=True, text=True, timeout=_VERIFY_SECONDS, check=False
    )


def _refusal(answer: httpx2.Response) -> str:
    return f"{answer.status_code} {answer.json().get('code')}"
