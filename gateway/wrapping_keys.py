"""
The keys that wrap the links between students and the log: one seals, and those before it open what they sealed.

A link names its key: under the first key it is one block of 16 bytes, under a later one the key's name stands in front.
A name is a number that counts up, and the beginning of a digest of that key, so no link is ever opened by another key.
"""

import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway.durable import replace_file
from gateway.errors import KeysMissing, WrappingKeyMissing
from gateway.private_files import read_private

SUBJECT_FILE: Final = "subject.key"
FURTHER_SUBJECTS: Final = "subject-*.key"
"""Keys that were made later, each called by its name."""
BLOCK_BYTES: Final = 16
LINK_LENGTHS: Final = frozenset({16, 24})
"""A block of the first key; a block with the name of a later one."""
FIRST: Final = b""
"""The name of the key that `pactgate keys init` made."""
SECRET_BYTES: Final = 32
_NUMBER_BYTES, _DIGEST_BYTES = 2, 6
_LOOK_AGAIN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class WrappingKey:
    """One key, 16 to 32 bytes, by its name."""

    name: bytes
    secret: bytes = field(repr=False)

    @property
    def number(self) -> int:
        """The place in the order in which keys were made; 0 is the first."""
        return int.from_bytes(self.name[:_NUMBER_BYTES], "big")


class WrappingKeys:
    """
    The keys that are here, in the order in which they were made. Never printed.

    With a `folder`, one that is missing is looked for there again, at most every five seconds: it may have been copied
    to this machine meanwhile. `clock` is in seconds and never goes back.
    """

    def __init__(
        self, keys: Sequence[WrappingKey], folder: Path | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._looked_at = float("-inf")
        self._known = {each.name: each for each in keys}

    def __repr__(self) -> str:
        """Show nothing of the keys."""
        return "WrappingKeys(…)"

    @property
    def all(self) -> tuple[WrappingKey, ...]:
        """Every key that is here."""
        return tuple(sorted(self._known.values(), key=lambda each: each.name))

    @property
    def newest(self) -> WrappingKey:
        """The one that was made last."""
        return self.all[-1]

    def find(self, name: bytes) -> WrappingKey:
        """Return the key of this name. Raises `WrappingKeyMissing`."""
        found = self._known.get(name)
        if found is None and self._folder is not None and self._clock() - self._looked_at >= _LOOK_AGAIN_SECONDS:
            self._looked_at = self._clock()
            self._known |= {each.name: each for each in _read_again(self._folder)}
            found = self._known.get(name)
        if found is None:
            raise WrappingKeyMissing(f"The key {told(name)} that wraps links of students is not here.")
        return found


def only(secret: bytes) -> WrappingKeys:
    """Return the first key alone."""
    return WrappingKeys([WrappingKey(FIRST, secret)])


def name_in(link: bytes) -> bytes:
    """Return the name of the key that a link is wrapped by."""
    return link[:-BLOCK_BYTES]


def told(name: bytes) -> str:
    """Return how people call the key of this name."""
    return name.hex() or "first"


def load_wrapping_keys(folder: Path) -> WrappingKeys:
    """
    Read the keys of the folder. Raises `KeysMissing` if one is open to other accounts, and `OSError`.

    The first may be gone, retired, once a later one is there. Raises `ValueError` for what is damaged.
    """
    return WrappingKeys(_read(folder), folder)


def add_wrapping_key(folder: Path) -> WrappingKey:
    """
    Make one more key in the folder, beside the others: it wraps nothing yet. Raises `KeysMissing`, and as reading does.

    Its number is the next one here; two machines that make one at the same time make two of different names.
    """
    secret = secrets.token_bytes(SECRET_BYTES)
    made = WrappingKey(_name(_read(folder)[-1].number + 1, secret), secret)
    try:
        replace_file(_file(folder, made.name), secret.hex().encode(), mode=0o600)
    except OSError as error:
        raise _unwritable(folder, error) from None
    return made


def destroy_wrapping_key(folder: Path, name: bytes) -> bool:
    """Delete a key's file; return whether it was here. Raises `KeysMissing` if it cannot be deleted."""
    file = _file(folder, name)
    try:
        there = file.exists()
        file.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from None
    return there


def _read(folder: Path) -> tuple[WrappingKey, ...]:
    first, further = folder / SUBJECT_FILE, sorted(folder.glob(FURTHER_SUBJECTS))
    found = [_later(file) for file in further]
    if first.exists() or not further:
        found.insert(0, WrappingKey(FIRST, _secret(read_private(first))))
    return tuple(sorted(found, key=lambda each: each.name))


def _read_again(folder: Path) -> tuple[WrappingKey, ...]:
    """Return what can be read: in a running gateway a folder that cannot be changes nothing."""
    try:
        return _read(folder)
    except (KeysMissing, OSError, ValueError):
        return ()


def _later(file: Path) -> WrappingKey:
    secret = _secret(read_private(file))
    name = bytes.fromhex(file.stem.removeprefix("subject-"))
    key = WrappingKey(name, secret)
    # INVARIANT: the name is that of these bytes, or links would be opened by another key than the one they name.
    if not key.number or name != _name(key.number, secret):
        raise ValueError("not the key that the file's name says")
    return key


def _name(number: int, secret: bytes) -> bytes:
    counted = number.to_bytes(_NUMBER_BYTES, "big")
    return counted + hashlib.sha256(b"pactgate wrapping key " + counted + secret).digest()[:_DIGEST_BYTES]


def _file(folder: Path, name: bytes) -> Path:
    return folder / (FURTHER_SUBJECTS.replace("*", name.hex()) if name else SUBJECT_FILE)


def _secret(content: bytes) -> bytes:
    secret = bytes.fromhex(content.decode())
    if len(secret) != SECRET_BYTES:
        raise ValueError("not 32 bytes")
    return secret


def _unwritable(folder: Path, error: OSError) -> KeysMissing:
    return KeysMissing(
        f"The keys in {folder} cannot be changed: {error.strerror}.",
        remedy="Run pactgate as the account that owns the keys folder.",
    )
