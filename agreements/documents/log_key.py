"""A move of the log's checkpoint keys: a key is introduced beside the others, or retired."""

from dataclasses import dataclass
from typing import Final

from agreements.canonical import canonical_bytes
from agreements.documents.reading import read_shaped
from agreements.shapes import choice, group, leaf, text

INTRODUCED: Final = "introduced"
RETIRED: Final = "retired"

LOG_KEY: Final = group(
    "The log key document",
    {
        "format": leaf("rule", "The format", const="pactgate-log-key/1"),
        "origin": text("rule", "The log's origin", ("[!-~]+", "a short name without spaces, such as a host name"), 200),
        "key": text("rule", "The log's public key", ("[!-~]+", "a verifier key on one line"), 1000),
        "move": choice("rule", "What happens to the key", INTRODUCED, RETIRED),
        "reason": text("words_only", "The reason"),
    },
)


@dataclass(frozen=True, slots=True)
class LogKeyMove:
    """
    One public key of the log with this origin begins to count, or ends.

    `key` is a verifier key, `origin+id+base64` (C2SP signed-note); whether it can be one is not judged here.
    """

    origin: str
    key: str
    move: str
    reason: str


def log_key_bytes(move: LogKeyMove) -> bytes:
    """Return the canonical bytes of a log key document."""
    return canonical_bytes(
        {
            "format": "pactgate-log-key/1",
            "origin": move.origin,
            "key": move.key,
            "move": move.move,
            "reason": move.reason,
        }
    )


def read_log_key(raw: bytes | str) -> LogKeyMove:
    """Read a log key document. Raises `MalformedDocument`, `InvalidDocument`."""
    content = read_shaped(raw, LOG_KEY)
    return LogKeyMove(content["origin"], content["key"], content["move"], content["reason"])
