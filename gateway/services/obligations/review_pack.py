"""
The review pack: what an officer has to look at once a year, gathered from the documents and the log.

    agreement.json, agreement.signed.json, agreement.txt   the signed text, as signed and to be read
    moves.json, people.json, documents.json                how it went; who is in it (ids and roles, no names); flags
    use.json                                               what was disclosed, by dataset and month; what never was
    obligations.json                                       certificates, holds, earlier reviews
    sample.json, sample/N.leaf, sample/N.tlog-proof        disclosures for the partner to justify, with their receipts
    checkpoint, manifest.json                              what all of it was read under; every file with its digest

The pack's name is the SHA-256 of `manifest.json`; a review names it. Counts and ids only: no student is in a pack.
"""

from collections.abc import Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.canonical import Json, canonical_bytes, digest_of
from agreements.errors import ReviewRefused
from agreements.pointer import pointer
from agreements.register import StoredDocument
from agreements.signature import Kind
from agreements.trust import Trust
from audit.checkpoint import Checkpoint
from audit.paths import TileHeads
from audit.proof import Receipt
from audit.reading import leaf_at
from audit.sample import draw
from gateway.services.errors import NothingSigned, UnknownAgreement
from gateway.services.filing import Desk
from gateway.services.inspection import newest_signed
from gateway.services.logkeys import log_keys_in
from gateway.services.obligations.courses import Followed, follow
from gateway.services.obligations.history import day_in, driver_of, entries_about, entries_at
from gateway.services.obligations.use import Use
from gateway.services.standing.registry import Registry

FORMAT: Final = "pactgate-review-pack/1"
MANIFEST: Final = "manifest.json"
SAMPLE_SIZE: Final = 20
"""Disclosures for the partner to justify [P]: a year's worth can be looked at by hand."""
_PRETTY: Final = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class ReviewPack:
    """
    A pack as files by name, the manifest among them. `digest` is what a review names.

    `size` is that of the checkpoint that it was gathered under: with it the same pack is gathered again.
    """

    agreement: str
    first_day: date
    last_day: date
    digest: str
    size: int
    files: Mapping[str, bytes]


async def gather(
    desk: Desk, digest: str, *, first: date | None = None, last: date | None = None, size: int | None = None
) -> ReviewPack:
    """
    Gather the review pack of an agreement, under the newest signed checkpoint, or that of at most this size.

    The period is that of the review that is due, up to yesterday, unless other days are given. Raises
    `UnknownAgreement`, `ReviewRefused` if no day of it is over, `NothingSigned` if the checkpoint does not cover it.
    """
    moment, registry = await desk.registry()
    async with desk.engine.connect() as connection:
        followed = (await follow(connection, moment, registry, desk.catalogue)).followed
        if digest not in followed:
            raise UnknownAgreement(f"No agreement {digest} was ever in force.")
        each = followed[digest]
        begins = first or each.since + timedelta(days=int(each.reviewed))
        ends = last or each.today - timedelta(days=1)
        if not begins <= ends < each.today:
            raise ReviewRefused(f"From {begins} to {ends} there is no day to review that is over.")
        checkpoint = await _covering(connection, desk.trust, each, ends, size)
        use = Use(each, begins, ends)
        start = min(followed[version].activated for version in each.versions)
        async with aclosing(entries_about(connection, each.versions, start, checkpoint.size)) as entries:
            async for index, entry in entries:
                use.take(index, entry)
        files = _documents(each, registry, use)
        files["use.json"] = _json(use.lines(desk.catalogue))
        files |= await _sample(connection, checkpoint, digest, use.indexes)
    listed: list[Json] = [{"file": name, "sha256": digest_of(content)} for name, content in sorted(files.items())]
    manifest = canonical_bytes(
        {
            "format": FORMAT,
            "agreement": digest,
            "from": begins.isoformat(),
            "to": ends.isoformat(),
            "log_size": checkpoint.size,
            "files": listed,
        }
    )
    return ReviewPack(digest, begins, ends, digest_of(manifest), checkpoint.size, {**files, MANIFEST: manifest})


async def _covering(
    connection: AsyncConnection, trust: Trust, each: Followed, ends: date, size: int | None
) -> Checkpoint:
    """Return the checkpoint to read under. Raises `NothingSigned` if an entry of the period is newer."""
    driver = await driver_of(connection)
    checkpoint = await newest_signed(driver, (await log_keys_in(driver, trust)).verifier, size)
    later = await entries_at(connection, [checkpoint.size])
    if any(day_in(each.agreement, entry) <= ends for entry in later.values()):
        raise NothingSigned(f"The newest signed checkpoint covers {checkpoint.size} entries and not the whole period.")
    return checkpoint


async def _sample(
    connection: AsyncConnection, checkpoint: Checkpoint, digest: str, indexes: Iterable[int]
) -> dict[str, bytes]:
    """Return the drawn entries with their receipts, and how they were drawn (`audit.sample`)."""
    session, tiles = await driver_of(connection), TileHeads()
    drawn = draw(checkpoint.tree_head, digest, indexes, SAMPLE_SIZE)
    files = {
        "checkpoint": checkpoint.note.encode(),
        "sample.json": _json(
            {
                "drawn_by": "pactgate-sample/1",
                "tree_head": checkpoint.tree_head.hex(),
                "about": digest,
                "size": SAMPLE_SIZE,
                "entries": list(drawn),
            }
        ),
    }
    for index in drawn:
        path = await tiles.path(session, index, checkpoint.size)
        files[f"sample/{index}.leaf"] = await leaf_at(session, index)
        files[f"sample/{index}.tlog-proof"] = Receipt(index, path, checkpoint.note).text().encode()
    return files


def _documents(each: Followed, registry: Registry, use: Use) -> dict[str, bytes]:
    """Return what the documents say, and how the agreement went."""
    agreement = each.agreement
    signed = next(one.document for one in registry.register.agreements if one.document.digest == agreement.digest)
    about = [stored for version in each.versions for kind in Kind for stored in registry.register.about(version, kind)]
    return {
        "agreement.json": agreement.canonical,
        "agreement.signed.json": signed.text.encode(),
        "agreement.txt": "".join(_text(agreement.content, ())).encode(),
        "moves.json": _json(use.moves),
        "people.json": _json(_people(registry, agreement.digest)),
        "documents.json": _json([_document(registry, stored) for stored in (signed, *about)]),
        "obligations.json": _json(_obligations(each)),
    }


def _document(registry: Registry, stored: StoredDocument) -> Json:
    """Return a document as a line; `flagged` are keys that signed it and were revoked later, to be looked at."""
    kids = sorted({signature.kid for signature in stored.envelope.signatures})
    flagged: list[Json] = list(registry.authority.flags(kids))
    signed: list[Json] = list(kids)
    return {
        "document": stored.digest,
        "kind": stored.kind,
        "entry": stored.index,
        "signed_by": signed,
        "flagged": flagged,
    }


def _people(registry: Registry, digest: str) -> Json:
    """Return who is named in the annex in force: ids and roles."""
    promised = registry.history.get(digest)
    if promised is None or not promised.annexes:
        return []
    return [{"person": person.id, "role": person.role} for person in promised.annexes[-1].annex.people]


def _obligations(each: Followed) -> Json:
    refused: list[Json] = [{"document": document, "code": code} for document, code in each.refused]
    return {
        "ended": None if each.course.ended is None else each.course.ended.isoformat(),
        "certificates": [
            {
                "certificate": one.digest,
                "covers": one.certificate.covers,
                "disclosures": one.certificate.disclosures.count,
                "destroyed_on": one.certificate.destroyed_on.isoformat(),
                "entry": one.received.index,
            }
            for one in each.certificates
        ],
        "holds": [{"hold": one.digest, "kind": one.hold.kind, "entry": one.received.index} for one in each.holds],
        "releases": [{"hold": one.release.hold, "entry": one.received.index} for one in each.releases],
        "reviews": [
            {
                "review": one.digest,
                "from": one.review.first_day.isoformat(),
                "to": one.review.last_day.isoformat(),
                "conclusion": one.review.conclusion,
                "entry": one.received.index,
            }
            for one in each.reviews
        ],
        "refused": refused,
    }


def _text(value: Json, path: tuple[str | int, ...]) -> Iterable[str]:
    """Return every term of the agreement on a line: its place, and what it says."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from _text(member, (*path, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _text(item, (*path, index))
    else:
        yield f"{pointer(*path)}: {value}\n"


def _json(value: Json) -> bytes:
    return orjson.dumps(value, option=_PRETTY) + b"\n"
