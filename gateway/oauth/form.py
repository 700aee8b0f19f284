"""The body of a token request, parsed strictly: RFC 6749 section 3.2 forbids what lenient parsers let through."""

import re
from collections.abc import Mapping
from urllib.parse import unquote_to_bytes

from gateway.oauth.errors import InvalidRequest

MAX_BODY = 16_384
"""Bytes. Also bounds how deep JSON in it can be nested."""
MAX_FIELDS = 32

_CONTENT_TYPE = "application/x-www-form-urlencoded"
_ENCODED = re.compile(rb"(?:[^%&=]|%[0-9A-Fa-f]{2})*")


def parse_form(body: bytes, content_type: str, *, largest: int = MAX_BODY, most: int = MAX_FIELDS) -> Mapping[str, str]:
    """
    Return the fields of a form; those sent empty count as not sent (RFC 6749 section 3.2).

    A page may let its forms be larger: `largest` in bytes, `most` in fields.

    Raises `InvalidRequest` for another content type, a repeated or nameless field, broken encoding, or too many.
    """
    media_type, _, parameters = content_type.partition(";")
    if media_type.strip().lower() != _CONTENT_TYPE or parameters.strip().lower() not in {"", "charset=utf-8"}:
        raise InvalidRequest("form_content_type")
    if len(body) > largest:
        raise InvalidRequest("form_too_large")
    if not body:
        return {}
    pairs = body.split(b"&")
    if len(pairs) > most:
        raise InvalidRequest("form_too_many_fields")
    fields: dict[str, str] = {}
    for pair in pairs:
        raw_name, separator, raw_value = pair.partition(b"=")
        name, value = _decoded(raw_name), _decoded(raw_value)
        if not name or not separator:
            raise InvalidRequest("form_pair")
        if name in fields:
            raise InvalidRequest("form_repeated_field")
        fields[name] = value
    return {name: value for name, value in fields.items() if value}


def _decoded(raw: bytes) -> str:
    if not _ENCODED.fullmatch(raw):
        raise InvalidRequest("form_encoding")
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest("form_encoding") from error
