"""
Bytes to values and back: strict readers for JSON and YAML, and the one canonical form that is signed.

Two people who read a document must read the same thing, and so must two programs. Everything that readers are known to
disagree about (repeated names, big numbers, floats, YAML tags, aliases and 1.1 booleans, non-NFC text) is refused.
"""

import hashlib
import json
import re
import unicodedata
from typing import NoReturn

import rfc8785

from agreements.errors import MalformedDocument

Json = dict[str, "Json"] | list["Json"] | str | int | bool | None
"""A plain JSON value without fractional numbers."""

MAX_BYTES = 1_000_000
"""A six-dataset agreement is about 20 kB; the limit keeps a reader's work under a second."""
MAX_DEPTH = 32
"""The deepest agreement (a nested population) is 14 levels."""
MAX_INTEGER = 2**53 - 1
"""RFC 7493 section 2.2: integers beyond this are not exact in every reader."""

_INVISIBLE = frozenset({"Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
"""Persian, Hindi and others cannot be spelled without them; every other character that shows nothing is refused."""
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{\]}]', re.DOTALL)
"""A string that nothing ends reaches to the end of the text."""
_INTEGER = re.compile(r"(0|-?[1-9][0-9]{0,15})\Z")


def canonical_bytes(value: Json) -> bytes:
    """
    Return the RFC 8785 form of `value`: the bytes that are hashed and signed.

    Raises `MalformedDocument` if the value has no such form.
    """
    try:
        data: bytes = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise MalformedDocument(f"The document has no canonical form: {error}.") from None
    return data


def digest_of(data: bytes) -> str:
    """Return the digest of `data` in its text form, `sha256:<64 hex>`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def read_json(raw: bytes | str) -> Json:
    """
    Read one JSON document (RFC 8259 narrowed by RFC 7493: no repeated names, no unsafe numbers; no fractions at all).

    Raises `MalformedDocument`.
    """
    text = decode(raw)
    _require_shallow(text)
    try:
        value: Json = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=integer,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except json.JSONDecodeError as error:
        raise MalformedDocument(
            f"This is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    require_plain_text(value)
    return value


def read_canonical(raw: bytes) -> Json:
    """
    Read a document that claims to be in canonical form already: the payload of a signature.

    Raises `MalformedDocument` if a single byte differs from the canonical form.
    """
    value = read_json(raw)
    if canonical_bytes(value) != raw:
        raise MalformedDocument("The signed bytes are not in canonical form (RFC 8785).")
    return value


def decode(raw: bytes | str) -> str:
    """Return the text of a file. Raises `MalformedDocument` if it is too long or not UTF-8 without a mark or NUL."""
    if len(raw) > MAX_BYTES:
        raise MalformedDocument(f"The file is {len(raw)} bytes long; the limit is {MAX_BYTES}.")
    if isinstance(raw, bytes):
        try:
            raw = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedDocument(f"The file is not UTF-8 text (byte {error.start}).") from None
    if raw.startswith("\ufeff"):
        raise MalformedDocument("The file starts with a byte order mark; save it as plain UTF-8.")
    if "\x00" in raw:
        raise MalformedDocument("The file contains a NUL character.")
    return raw


def integer(text: str) -> int:
    """Return the integer `text` names. Raises `MalformedDocument` if it is not exact in every reader."""
    if not _INTEGER.match(text) or abs(int(text)) > MAX_INTEGER:
        raise MalformedDocument(f"The number {text[:20]} is not a plain integer within ±(2^53 - 1).")
    return int(text)


def require_plain_text(value: Json) -> None:
    """
    Check that every text and every name in `value` reads the same for everyone.

    Raises `MalformedDocument` on text that is not NFC (RFC 8785 does not normalise) and on what shows a reader
    something else than what is signed: control characters other than line feed, lone surrogates, direction overrides,
    characters of no width or no agreed shape.
    """
    pending: list[Json] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, str):
            _require_plain(item)


def _require_plain(text: str) -> None:
    if text.isascii() and text.replace("\n", "").isprintable():
        return  # nearly every text is: nothing in it is hidden, and ASCII is in normal form C
    shown = text[:40].encode("ascii", "backslashreplace").decode()
    for character in text:
        category = unicodedata.category(character)
        hidden = category.startswith("C") or category in _INVISIBLE
        if hidden and character != "\n" and character not in _JOINERS:
            raise MalformedDocument(f"The text '{shown}' contains the hidden character U+{ord(character):04X}.")
    if not unicodedata.is_normalized("NFC", text):
        raise MalformedDocument(f"The text '{shown}' is not in Unicode normal form C; type its accents again.")


def _require_shallow(text: str) -> None:
    """Count brackets outside of strings before any recursive reader sees them."""
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        match token[0][0]:
            case "[" | "{":
                depth += 1
                if depth > MAX_DEPTH:
                    raise MalformedDocument(f"The document is nested more than {MAX_DEPTH} levels deep.")
            case "]" | "}":
                depth -= 1


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members: dict[str, Json] = {}
    for name, value in pairs:
        if name in members:
            raise MalformedDocument(f"The name '{name[:40]}' appears twice in one object.")
        members[name] = value
    return members


def _refuse_number(text: str) -> NoReturn:
    raise MalformedDocument(f"The number {text[:20]} is not allowed: agreements hold whole numbers only.")
