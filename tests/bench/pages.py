"""The pages that are asked for: walked once through the gateway, and then what every answer is compared with."""

from dataclasses import dataclass, field
from typing import Any

import httpx2

from gateway.oauth.client import PartnerClient

LIMIT = 100
_AFTER_ROWS = b'],"next":'


@dataclass(frozen=True, slots=True)
class Pages:
    """
    Every full page of the partner's students. `paths` ask the gateway for them; `codes` are those each one starts
    after; `rows` are the bytes of each page from the first brace to the last row.
    """

    paths: list[str] = field(repr=False)
    codes: list[str] = field(repr=False)
    rows: list[bytes] = field(repr=False)
    students: list[dict[str, Any]] = field(repr=False)


def walk(partner: PartnerClient) -> Pages:
    """Read all students, page by page, as the partner would. Raises `RuntimeError` at the first refusal."""
    token = str(partner.token()["access_token"])
    pages = Pages([], [], [], [])
    path, code = f"/v1/students?limit={LIMIT}", ""
    while True:
        answer = partner.get(path, token)
        if answer.status_code != httpx2.codes.OK:
            raise RuntimeError(f"{answer.status_code}: {answer.text[:500]}")
        body = answer.json()
        pages.students.extend(body["data"])
        if len(body["data"]) == LIMIT:
            pages.paths.append(path)
            pages.codes.append(code)
            pages.rows.append(answer.content.rpartition(_AFTER_ROWS)[0])
        if body["next"] is None:
            return pages
        code = body["data"][-1]["record_code"]
        path = f"/v1/students?limit={LIMIT}&cursor={body['next']}"


def plain_requests(pages: Pages, port: int) -> list[tuple[int, bytes]]:
    """Return one request a page for an endpoint that checks nothing."""
    return [
        (place, _request(f"/v1/students?limit={LIMIT}&after={code}", port)) for place, code in enumerate(pages.codes)
    ]


def proven_requests(pages: Pages, partner: PartnerClient, port: int, count: int) -> list[tuple[int, bytes]]:
    """Return `count` requests under one fresh token, each with a proof of its own, going round the pages."""
    token = str(partner.token()["access_token"])
    url = f"http://127.0.0.1:{port}/v1/students"
    authorization = f"Authorization: DPoP {token}\r\nDPoP: "
    prepared = []
    for number in range(count):
        place = number % len(pages.paths)
        proof = partner.proof("GET", url, token)
        prepared.append((place, _request(pages.paths[place], port, f"{authorization}{proof}\r\n")))
    return prepared


def _request(path: str, port: int, headers: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n{headers}\r\n".encode()
