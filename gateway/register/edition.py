"""One edition of the register: every form of one and the same content, made when first asked for and then kept."""

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.register.page import STYLESHEET, Links, agreement_page, index_page
from gateway.register.record import csv_of, json_of
from gateway.services.publishing.public_register import PublicRegister

INDEX, STYLE, CSV, JSON = "index.html", "register.css", "register.csv", "register.json"


@dataclass(frozen=True, slots=True)
class Form:
    """Bytes with their media type, and the entity tag that names them (RFC 9110 section 8.8.3)."""

    body: bytes
    media_type: str
    tag: str


def form(body: bytes, media_type: str) -> Form:
    """Return `body` with its tag: equal bytes have equal tags, in every process."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()[:18]).decode()
    return Form(body, media_type, f'"{digest}"')


STYLE_FORM: Final = form(STYLESHEET, "text/css; charset=utf-8")


class Edition:
    """The forms of one register, with addresses as they are served."""

    def __init__(self, register: PublicRegister) -> None:
        self._register = register
        self._by_digest = {each.digest: each for each in register.agreements}
        self._made: dict[str, Form] = {}

    @property
    def index(self) -> Form:
        """The list of agreements as a page."""
        links = Links("register", "register.css", "register.csv", "register.json", self._pages("register/"))
        return self._kept(INDEX, "text/html; charset=utf-8", lambda: index_page(self._register, links))

    @property
    def csv(self) -> Form:
        """The register as CSV."""
        return self._kept(CSV, "text/csv; charset=utf-8; header=present", lambda: csv_of(self._register))

    @property
    def json(self) -> Form:
        """The register as JSON."""
        return self._kept(JSON, "application/json", lambda: json_of(self._register))

    def page(self, digest: str) -> Form | None:
        """Return the page of one agreement, None if it is not in the register."""
        agreement = self._by_digest.get(digest)
        if agreement is None:
            return None
        links = Links("../register", "../register.css", "../register.csv", "../register.json", self._pages("./"))
        return self._kept(digest, "text/html; charset=utf-8", lambda: agreement_page(self._register, agreement, links))

    def _pages(self, folder: str) -> Mapping[str, str]:
        return {digest: f"{folder}{digest}" for digest in self._by_digest}

    def _kept(self, name: str, media_type: str, make: Callable[[], bytes]) -> Form:
        if name not in self._made:
            self._made[name] = form(make(), media_type)
        return self._made[name]


def site_of(register: PublicRegister) -> dict[str, bytes]:
    """Return the register as the files of a folder that any web server can serve, the list of agreements last."""
    pages = {each.digest: file_name(each.digest) for each in register.agreements}
    links = Links(INDEX, STYLE, CSV, JSON, pages)
    return {
        **{pages[each.digest]: agreement_page(register, each, links) for each in register.agreements},
        STYLE: STYLESHEET,
        CSV: csv_of(register),
        JSON: json_of(register),
        INDEX: index_page(register, links),
    }


def file_name(digest: str) -> str:
    """Return the file of an agreement's page: a colon in a name is not possible everywhere."""
    return digest.replace(":", "-") + ".html"
