"""The pages that are asked for: walked once through the gateway, and then what every answer is compared with."""

from dataclasses import dataclass, field
from typing import Any

import httpx2

from gateway.oauth.client import PartnerClient

LIMIT = 100
_AFTER_ROWS = b'],"next":'
STUDENTS = "/v1/students"


@dataclass(frozen=True, slots=True)
class Pages:
    """
    Full pages of a dataset of the partner's students, from the first on.

    `paths` ask the gateway for them; `rows` are the bytes of each page from the first brace to the last row; `answered`
    are the rows themselves. Those of page `n` start after row `n * LIMIT`.
    """

    path: str
    paths: list[str] = field(default_factory=list, repr=False)
    rows: list[bytes] = field(default_factory=list, repr=False)
    answered: list[dict[str, Any]] = field(default_factory=list, repr=False)


def walk(partner: PartnerClient, path: str = STUDENTS, *, most: int | None = None) -> Pages:
    """
    Read a dataset page by page, as the partner would: all of it, or at most so many pages.

    Raises `RuntimeError` at the first refusal, and if there is not one full page.
    """
    token = str(partner.token()["access_token"])
    pages = Pages(path)
    asked: str | None = f"{path}?limit={LIMIT}"
    while asked is not None and (most is None or len(pages.rows) < most):
        answer = partner.get(asked, token)
        if answer.status_code != httpx2.codes.OK:
            raise RuntimeError(f"{answer.status_code}: {answer.text[:500]}")
        body = answer.json()
        pages.answered.extend(body["data"])
        if len(body["data"]) == LIMIT:
            pages.paths.append(asked)
            pages.rows.append(answer.content.rpartition(_AFTER_ROWS)[0])
        asked = body["next"] and f"{path}?limit={LIMIT}&cursor={body['next']}"
    if not pages.rows:
        raise RuntimeError(f"{path} has only {len(pages.answered)} rows, less than a page: take more students")
    return pages


def plain_requests(pages: Pages, port: int) -> list[tuple[int, bytes]]:
    """Return one request a page for an endpoint that checks nothing."""
    return [
        (place, _request(f"{pages.path}?limit={LIMIT}&after={place * LIMIT}", port)) for place in range(len(pages.rows))
    ]


def proven_requests(pages: Pages, partner: PartnerClient, port: int, count: int) -> list[tuple[int, bytes]]:
    """Return `count` requests under one fresh token, each with a proof of its own, going round the pages."""
    token = str(partner.token()["access_token"])
    url = f"http://127.0.0.1:{port}{pages.path}"
    authorization = f"Authorization: DPoP {token}\r\nDPoP: "
    prepared = []
    for number in range(count):
        place = number % len(pages.paths)
        proof = partner.proof("GET", url, token)
        prepared.append((place, _request(pages.paths[place], port, f"{authorization}{proof}\r\n")))
    return prepared


def _request(path: str, port: int, headers: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: application/json\r\n{headers}\r\n".encode()
