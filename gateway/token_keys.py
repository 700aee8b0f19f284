"""
The keys that sign access tokens: one at a time, each taking over from the one before at an instant its file names.

Every replica has the same files and so comes to the same answer by its clock alone. A new key is published and believed
before it signs; the one before is believed until its last token has expired. A retired key keeps its place in the order
without its private half, so that none of those before it comes back.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from joserfc.jwk import ECKey

from gateway.durable import replace_file
from gateway.errors import KeysMissing
from gateway.private_files import read_private

ACCESS_TOKEN_FILE: Final = "access-token.jwk"  # noqa: S105 - the name of a file
FURTHER_FILES: Final = "access-token-*.jwk"
"""Keys that were made later, each named after its thumbprint."""
TOKEN_SECONDS: Final = 300
"""How long an access token lives. Status is read with the data; this only bounds how long a stolen pair is of use."""
SKEW_SECONDS: Final = 10
"""How far the clock of another replica may be ahead of ours."""
LEAD_SECONDS: Final = 900
"""How long a new key is there before it signs: time to copy its file to every machine that serves."""
_SIGNS_FROM, _RETIRED = "signs_from", "retired"


class State(StrEnum):
    """What a key is good for now."""

    WAITING = "waiting"
    """It is published, and signs later."""
    SIGNING = "signing"
    BELIEVED = "believed"
    """It signs no more; the last tokens that it signed have not expired."""
    OVER = "over"
    RETIRED = "retired"
    """Its end did not wait for its last token."""


@dataclass(frozen=True, slots=True)
class TokenKey:
    """One key (P-256). It signs from `signs_from` on, in seconds since 1970, but never again once it `is_retired`."""

    key: ECKey = field(repr=False)
    signs_from: int = 0
    is_retired: bool = False
    id: str = field(init=False)
    """The thumbprint (RFC 7638), which is the `kid` of what it signs."""

    def __post_init__(self) -> None:
        """Work the thumbprint out once: it is looked at in every request."""
        object.__setattr__(self, "id", self.key.thumbprint())


def states(keys: Sequence[TokenKey], now: float) -> Mapping[str, State]:
    """Return what each key is good for at `now`, by thumbprint; `keys` in the order in which they take over."""
    begun = [at for at, each in enumerate(keys) if each.signs_from <= now]
    newest = begun[-1] if begun else None
    found: dict[str, State] = {}
    for at, each in enumerate(keys):
        ends = keys[at + 1].signs_from + TOKEN_SECONDS + SKEW_SECONDS if at + 1 < len(keys) else None
        if each.is_retired:
            found[each.id] = State.RETIRED
        elif at == newest:
            found[each.id] = State.SIGNING
        elif newest is None or at > newest:
            found[each.id] = State.WAITING
        else:
            found[each.id] = State.OVER if ends is not None and now >= ends else State.BELIEVED
    return found


def load_token_keys(folder: Path) -> tuple[TokenKey, ...]:
    """
    Read the keys of the folder, in the order in which they take over.

    Raises `KeysMissing` if there is none or one is open to other accounts, `OSError`, and whatever says that a file is
    damaged: such an error may quote it.
    """
    first = folder / ACCESS_TOKEN_FILE
    further = sorted(folder.glob(FURTHER_FILES))
    files = further if further and not first.exists() else [first, *further]
    keys = [_read(file) for file in files]
    return tuple(sorted(keys, key=lambda each: (each.signs_from, each.id)))


def new_token_key(*, signs_from: int = 0) -> tuple[TokenKey, bytes]:
    """Make a key; return it with what its file holds."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    made = TokenKey(key, signs_from)
    return made, _content(made)


def add_token_key(folder: Path, *, signs_from: int) -> TokenKey:
    """Make one more key in the folder, beside the others. Raises `KeysMissing` if it cannot be written."""
    made, content = new_token_key(signs_from=signs_from)
    _replace(folder / _name(made), content)
    return made


def retire_token_key(folder: Path, key_id: str) -> bool:
    """
    Destroy the private half of a key; return whether it was here. Its public half keeps its place in the order.

    Raises as `load_token_keys`, and `KeysMissing` if it cannot be written.
    """
    for file in [folder / ACCESS_TOKEN_FILE, *sorted(folder.glob(FURTHER_FILES))]:
        if file.exists() and (held := _read(file)).id == key_id:
            _replace(file, _content(TokenKey(held.key, held.signs_from, is_retired=True)))
            return True
    return False


def _name(key: TokenKey) -> str:
    return FURTHER_FILES.replace("*", key.id[:16])


def _content(key: TokenKey) -> bytes:
    members: dict[str, object] = dict(key.key.as_dict(private=not key.is_retired))
    if key.signs_from:
        members[_SIGNS_FROM] = key.signs_from
    if key.is_retired:
        members[_RETIRED] = True
    return json.dumps(members).encode()


def _read(file: Path) -> TokenKey:
    content = json.loads(read_private(file))
    signs_from, is_retired = content.pop(_SIGNS_FROM, 0), content.pop(_RETIRED, False)
    key = ECKey.import_key(content)
    if key.curve_name != "P-256" or key.kid != key.thumbprint() or type(signs_from) is not int or signs_from < 0:
        raise ValueError("not a P-256 key under its thumbprint, with the instant from which it signs")
    # INVARIANT: a private half is there unless the file itself says that it was destroyed.
    if is_retired is not (not key.is_private):
        raise ValueError("neither a private key nor one that was retired")
    return TokenKey(key, signs_from, is_retired)


def _replace(file: Path, content: bytes) -> None:
    try:
        replace_file(file, content, mode=0o600)
    except OSError as error:
        raise KeysMissing(
            f"The key cannot be written to {file.parent}: {error.strerror}.",
            remedy="Run pactgate as the account that owns the keys folder.",
        ) from None


def seconds_now() -> int:
    """Return the time by this machine's clock, in seconds since 1970, as the files say it."""
    return int(time.time())
