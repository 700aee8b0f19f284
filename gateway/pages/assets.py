"""
The files that pages link to: each under an address with its digest in it, which may be kept for good.

They are read once. What a page links to is what was built: the page says the digest, and a browser refuses others.
"""

import gzip
import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from fastapi import APIRouter, Request, Response

from gateway.http import line_of
from gateway.oauth.callers import PUBLIC
from gateway.pages.errors import AssetsMissing, NoSuchAsset

ROOT: Final = "/assets"
_A_YEAR: Final = 365 * 24 * 3600
_DIGEST: Final = 16
_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its address below `ROOT`, what a page says of it, and its bytes, plain and compressed."""

    name: str
    address: str
    integrity: str
    media_type: str
    content: bytes
    compressed: bytes


@cache
def assets() -> dict[str, Asset]:
    """Return every file by its name. Raises `AssetsMissing` where the pages' files were not built."""
    folder = files("gateway.pages").joinpath("static")
    manifest = folder.joinpath("manifest.json")
    if not manifest.is_file():
        raise AssetsMissing("The files of the pages were not built.")
    listed = json.loads(manifest.read_text("utf-8"))
    # One digest for all: pictures lie beside the stylesheet that names them.
    whole = _short("".join(listed[name] for name in sorted(listed)))
    found = {}
    for name, integrity in listed.items():
        media_type = _TYPES.get(name.rpartition(".")[2])
        if media_type is not None:
            content = folder.joinpath(name).read_bytes()
            address = f"{ROOT}/{whole}/{name}"
            found[name] = Asset(name, address, integrity, media_type, content, gzip.compress(content, 9, mtime=0))
    return found


def assets_router() -> APIRouter:
    """Return the route of the files. Raises `AssetsMissing`."""
    known = {asset.address: asset for asset in assets().values()}
    router = APIRouter(dependencies=[PUBLIC], include_in_schema=False)

    @router.get(ROOT + "/{whole}/{name:path}", name="asset")
    async def read_asset(request: Request, whole: str, name: str) -> Response:
        """Read one file that pages link to."""
        asset = known.get(f"{ROOT}/{whole}/{name}")
        if asset is None:
            raise NoSuchAsset("There is no such file.")
        line_of(request.scope).public_seconds = _A_YEAR
        # Nothing secret is in these files, so compressing them tells nothing.
        zipped = "gzip" in request.headers.get("accept-encoding", "")
        headers = {"vary": "accept-encoding", **({"content-encoding": "gzip"} if zipped else {})}
        return Response(asset.compressed if zipped else asset.content, media_type=asset.media_type, headers=headers)

    return router


def _short(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:_DIGEST]
