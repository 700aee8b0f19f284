"""
Private keys where none belongs: in a form, in a draft, in whatever else is kept or shown to others.

INVARIANT: what is found is never quoted. A key is known by how it is written (RFC 7468 and its kin, RFC 7517). One that
somebody disguises on purpose is not found: nobody is protected from handing over their own by will.
"""

import re
from typing import Final

from agreements.canonical import Json, read_json
from agreements.errors import BadKey, MalformedDocument

PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
"""What a JWK has only if it is private or symmetric (RFC 7518 section 6)."""
_PEM: Final = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY|PuTTY-User-Key-File")
_KEY_TYPE: Final = re.compile(r"""(?:^|[\s{,"'])kty["']?\s*:""")
_PRIVATE_MEMBER: Final = re.compile(r"""(?:^|[\s{,"'])(?:d|p|q|dp|dq|qi|oth|k)["']?\s*:""")
"""A JWK in a longer text, as JSON or as YAML."""


def require_no_private_key(value: Json) -> None:
    """Check that no text or group in `value` is a private key. Raises `BadKey`."""
    if _holds_one(value):
        raise BadKey(
            "A private key was given where none is taken.",
            public_detail="This is a private key. Never hand it to anybody: make a new one, and have this one revoked.",
        )


def without_private_keys(value: Json) -> Json:
    """Return `value` with an empty text in place of each private key, and without members named by one."""
    match value:
        case dict() if not _is_private(value):
            return {name: without_private_keys(inner) for name, inner in value.items() if not _holds_one(name)}
        case list():
            return [without_private_keys(inner) for inner in value]
    return "" if _holds_one(value) else value


def _holds_one(value: Json) -> bool:
    match value:
        case dict():
            return _is_private(value) or any(_holds_one(inner) for each in value.items() for inner in each)
        case list():
            return any(_holds_one(inner) for inner in value)
        case str():
            return _is_written_in(value)
    return False


def _is_private(group: dict[str, Json]) -> bool:
    return "kty" in group and not PRIVATE_MEMBERS.isdisjoint(group)


def _is_written_in(text: str) -> bool:
    if _PEM.search(text) or (_KEY_TYPE.search(text) and _PRIVATE_MEMBER.search(text)):
        return True
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        read = read_json(text)  # a member may be spelled by escapes
    except MalformedDocument:
        return False
    return _holds_one(read)
