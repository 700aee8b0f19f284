"""The public register for tests: agreements that verify, listed as of a moment; pages as a browser reads them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from agreements.elements import load_catalogue
from gateway.services.publishing.listing import Listed, public_register
from gateway.services.publishing.public_register import Duties, PublicRegister
from gateway.services.publishing.publication import Publication
from tests.factories.agreements import RECEIVED, SPS_A, Keyring, SignedAgreement
from tests.factories.gateway import Gateway
from tests.factories.unhurried import PATIENCE

NOW = dt.datetime(2027, 3, 10, 20, tzinfo=dt.UTC)
"""Noon in the agreements' zone."""


def listed(
    ring: Keyring,
    bundle: SignedAgreement,
    *,
    replaces: SignedAgreement | None = None,
    master: SignedAgreement | None = None,
    **about: Any,
) -> Listed:
    """List an agreement that verifies; in force unless something else is said."""
    replaced, narrowed = (None if each is None else each.verified(ring) for each in (replaces, master))
    verified = bundle.verified(ring, replaced=replaced, master=narrowed)
    return Listed(verified, about.pop("standing", "active"), about.pop("since", RECEIVED), **about)


def register_with(
    *each: Listed,
    now: dt.datetime = NOW,
    months: Mapping[str, Mapping[dt.date, int]] | None = None,
    counted: bool = True,
    duties: Mapping[str, Duties] | None = None,
) -> PublicRegister:
    """Assemble a register."""
    known = (months or {}) if counted else None
    return public_register(each, now, catalogue=load_catalogue(), months=known, duties=duties or {})


def one(name: str = SPS_A, *, changes: Mapping[str, Any] | None = None, **about: Any) -> PublicRegister:
    """Assemble a register of one example agreement, changed."""
    ring = Keyring()
    now = about.pop("now", NOW)
    return register_with(listed(ring, ring.agreement(name, changes=changes), **about), now=now)


class Minutes:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def board(gateway: Gateway, clock: Minutes, *, patience: float = PATIENCE) -> Publication:
    """Return a publication of its own, beside the one that is served, with a clock that the test moves."""
    services = gateway.services
    return Publication(
        services.grants, services.database.engine, services.database.pool, elapsed=clock, patience=patience
    )


async def cut_off(gateway: Gateway) -> None:
    """Take the database away from the gateway: its connections are ended, and no new one is let in."""
    admin = await gateway.database.connection("admin")
    name = await admin.fetchval("SELECT current_database()")
    await admin.execute(f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC, pactgate_app')
    await admin.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND usename = 'pactgate_app'"
    )


@dataclass
class Element:
    """One element of a page: its name, its attributes, and what is in it, in order."""

    name: str
    attributes: Mapping[str, str | None]
    parts: list["Element | str"] = field(default_factory=list)

    @property
    def children(self) -> list["Element"]:
        """The elements right below this one."""
        return [part for part in self.parts if isinstance(part, Element)]

    def within(self, *names: str) -> list["Element"]:
        """Return the elements of these names below this one, in order."""
        found = []
        for child in self.children:
            found += ([child] if child.name in names else []) + child.within(*names)
        return found

    @property
    def words(self) -> str:
        """All text in it and below it, in order, on one line."""
        return " ".join(" ".join(part if isinstance(part, str) else part.words for part in self.parts).split())


class Page(HTMLParser):
    """A page as a browser reads it. Raises `AssertionError` for elements that do not close in order."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self, body: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]
        text = body.decode()
        assert text.startswith("<!DOCTYPE html>\n")
        self.feed(text)
        self.close()
        assert self._open == [self.root]

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), tag
        element = Element(tag, dict(attrs))
        self._open[-1].parts.append(element)
        if tag not in self.VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().name == tag

    def handle_data(self, data: str) -> None:
        self._open[-1].parts.append(data)

    def all(self, *names: str) -> list[Element]:
        """Return the elements of these names, in order."""
        return self.root.within(*names)
