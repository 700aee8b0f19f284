"""
Subject numbers: how the log lists whose records left, in numbers that mean nothing without one row and one key.

A number is 16 random bytes. The database holds it sealed as one AES block under a key kept outside the database, so
that a copy of the database, or of the log, links nobody; erasing the row erases the link even for whoever has the key.
"""

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

NUMBER_BYTES = 16
KEY_BYTES = (16, 24, 32)


class SubjectKey:
    """
    Opens and seals subject numbers. Never printed.

    ECB is right here and only here: each block is 16 uniformly random bytes, unique by constraint, so equal blocks
    never occur and there is nothing for a mode to hide. A whole page is one call.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) not in KEY_BYTES:
            raise ValueError("a subject key has 16, 24 or 32 bytes")
        self._cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - see the docstring

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "SubjectKey(…)"

    def numbers(self, sealed: Sequence[bytes]) -> bytes:
        """Return the numbers of these students, packed, in the same order."""
        opener = self._cipher.decryptor()
        return opener.update(b"".join(sealed)) + opener.finalize()

    def sealed(self, numbers: Sequence[bytes]) -> list[bytes]:
        """Return these numbers as the database holds them."""
        sealer = self._cipher.encryptor()
        packed = sealer.update(b"".join(numbers)) + sealer.finalize()
        return [packed[at : at + NUMBER_BYTES] for at in range(0, len(packed), NUMBER_BYTES)]

    def new_sealed(self, count: int, random: Callable[[int], bytes]) -> list[bytes]:
        """Return `count` fresh numbers, sealed."""
        sealer = self._cipher.encryptor()
        packed = sealer.update(random(count * NUMBER_BYTES)) + sealer.finalize()
        return [packed[at : at + NUMBER_BYTES] for at in range(0, len(packed), NUMBER_BYTES)]
