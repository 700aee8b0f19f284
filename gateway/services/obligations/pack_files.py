"""A review pack as a folder or an archive: written whole, and read back only if every file is as it was gathered."""

import io
import secrets
import shutil
import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

from agreements.canonical import digest_of, read_canonical
from agreements.dates import read_date
from agreements.errors import MalformedDocument
from agreements.shapes import DATE, DIGEST, group, leaf, listing, shape_problems, text
from gateway.errors import GatewayError, Sentence
from gateway.services.filing import Desk
from gateway.services.obligations.review_pack import FORMAT, MANIFEST, ReviewPack, gather

_SHAPE = group(
    "The manifest",
    {
        "format": leaf("rule", "The format", const=FORMAT),
        "agreement": text("rule", "The agreement", DIGEST),
        "from": text("rule", "The first day", DATE),
        "to": text("rule", "The last day", DATE),
        "log_size": leaf("rule", "The size of the log", type="integer", minimum=1),
        "files": listing(
            "Files",
            group(
                "A file",
                {
                    "file": text("rule", "Its name", ("[a-z0-9-]+(/[0-9]+)?([.][a-z-]+)*", "a name of a pack's file")),
                    "sha256": text("rule", "Its digest", DIGEST),
                },
            ),
        ),
    },
)


class PackRefused(GatewayError):
    """A review pack cannot be written, or is not what its manifest says."""

    code = "pack_refused"
    public_detail = "The review pack is not what was gathered."
    remedy = "Make it anew with `pactgate agreement review-pack`."


@dataclass(frozen=True, slots=True)
class PackRead:
    """What a review says of the pack it is about."""

    agreement: str
    first_day: date
    last_day: date
    digest: str


async def gather_again(desk: Desk, agreement: str, size: int, digest: str) -> ReviewPack:
    """
    Gather a pack that was shown once more, under the checkpoint of that size.

    Raises `PackRefused` if it is another one by now: another day, or somebody was named, or something was filed.
    """
    pack = await gather(desk, agreement, size=size)
    if pack.digest != digest:
        raise PackRefused(
            "The pack is another one by now than the one that was shown.",
            remedy=Sentence("Load the page of the review again."),
        )
    return pack


def zipped(pack: ReviewPack) -> bytes:
    """Return a pack as one archive; the same pack is the same bytes."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(pack.files.items()):
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def write_pack(pack: ReviewPack, folder: Path) -> None:
    """Write a pack to a folder that is not there yet. Raises `PackRefused`; then nothing is there."""
    making = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        if folder.exists():
            raise PackRefused(f"{folder} is there already.", remedy="Name a folder that is not there.")
        for name, content in pack.files.items():
            file = making / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        making.rename(folder)
    except OSError as error:
        raise PackRefused(f"{folder} cannot be written: {error.strerror}.", remedy="Choose another place.") from None
    finally:
        shutil.rmtree(making, ignore_errors=True)


def read_pack(folder: Path) -> PackRead:
    """Check a pack whole: what an officer signs for is what was gathered. Raises `PackRefused`."""
    try:
        raw = (folder / MANIFEST).read_bytes()
        manifest = cast("dict[str, Any]", read_canonical(raw))
        if shape_problems(_SHAPE, manifest):
            raise PackRefused(f"{folder / MANIFEST} is not the manifest of a review pack.")
        for each in manifest["files"]:
            if digest_of((folder / each["file"]).read_bytes()) != each["sha256"]:
                raise PackRefused(f"{folder / each['file']} is not the file that was gathered.")
    except MalformedDocument:
        raise PackRefused(f"{folder / MANIFEST} cannot be read.") from None
    except OSError as error:
        raise PackRefused(f"{folder} cannot be read: {error.strerror}.") from None
    first, last = read_date(manifest["from"]), read_date(manifest["to"])
    if first is None or last is None:
        raise PackRefused(f"{folder / MANIFEST} does not name a period.")
    return PackRead(manifest["agreement"], first, last, digest_of(raw))
