"""
Subject numbers: how the log lists whose records left, in numbers that mean nothing without one row and one key.

A number is 16 random bytes. The database holds it sealed as one AES block under a key kept outside the database, so
that a copy of the database, or of the log, links nobody; erasing the row erases the link even for whoever has the key.
What the database holds is a link: the block, and in front of it the name of its key unless that is the first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gateway.wrapping_keys import BLOCK_BYTES, FIRST, WrappingKey, WrappingKeys, name_in, only

NUMBER_BYTES = 16
KEY_BYTES = (16, 24, 32)


class SubjectKey:
    """
    Opens and seals subject numbers, by whichever key a link names. Never printed.

    ECB is right here and only here: each block is 16 uniformly random bytes, unique by constraint, so equal blocks
    never occur and there is nothing for a mode to hide. A whole page is one call, while one key wraps all of it.
    """

    def __init__(self, keys: WrappingKeys | bytes) -> None:
        self._keys = only(keys) if isinstance(keys, bytes) else keys
        self._ciphers = {each.name: _cipher(each) for each in self._keys.all}

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "SubjectKey(…)"

    def numbers(self, links: Sequence[bytes]) -> bytes:
        """Return the numbers of these students, packed, in the same order. Raises `WrappingKeyMissing`."""
        packed = b"".join(links)
        # No link is shorter than a block, so this many bytes are blocks alone: the first key's.
        if len(packed) == BLOCK_BYTES * len(links):
            return self._opened(FIRST, packed)
        names = {link[:-BLOCK_BYTES] for link in links}  # written out, as the slices below: this is every row of a page
        if len(names) > 1:
            return self._mixed(links, names)
        return self._opened(names.pop(), b"".join([link[-BLOCK_BYTES:] for link in links]))

    def sealed(self, numbers: Sequence[bytes]) -> list[bytes]:
        """Return every link by which the database may hold these numbers: one a key that is here."""
        return [link for each in self._keys.all for link in self.sealed_by(each.name, b"".join(numbers))]

    def every_form(self, links: Sequence[bytes]) -> list[bytes]:
        """Return these links as each key that is here would have sealed them. Raises `WrappingKeyMissing`."""
        return self.sealed(_blocks(self.numbers(links)))

    def rewrapped(self, links: Sequence[bytes], name: bytes) -> list[bytes]:
        """Return these links as the key of this name seals them. Raises `WrappingKeyMissing`."""
        return self.sealed_by(name, self.numbers(links))

    def new_sealed(self, count: int, random: Callable[[int], bytes], name: bytes = FIRST) -> list[bytes]:
        """Return `count` fresh numbers, sealed by the key of this name. Raises `WrappingKeyMissing`."""
        return self.sealed_by(name, random(count * NUMBER_BYTES))

    def sealed_by(self, name: bytes, packed: bytes) -> list[bytes]:
        """Return packed numbers as links of one key. Raises `WrappingKeyMissing`."""
        sealer = self._cipher(name).encryptor()
        return [name + block for block in _blocks(sealer.update(packed) + sealer.finalize())]

    def _mixed(self, links: Sequence[bytes], names: Iterable[bytes]) -> bytes:
        """Return the numbers of links of several keys: for as long as a new key takes to wrap everything."""
        opened: Mapping[bytes, bytes] = {
            link: number
            for name in names
            for own in [[link for link in links if name_in(link) == name]]
            for link, number in zip(own, _blocks(self.numbers(own)), strict=True)
        }
        return b"".join(opened[link] for link in links)

    def _opened(self, name: bytes, packed: bytes) -> bytes:
        opener = self._cipher(name).decryptor()
        return opener.update(packed) + opener.finalize()

    def _cipher(self, name: bytes) -> "Cipher[modes.ECB]":
        found = self._ciphers.get(name)
        if found is None:
            found = self._ciphers[name] = _cipher(self._keys.find(name))
        return found


def _cipher(key: WrappingKey) -> "Cipher[modes.ECB]":
    if len(key.secret) not in KEY_BYTES:
        raise ValueError("a subject key has 16, 24 or 32 bytes")
    return Cipher(algorithms.AES(key.secret), modes.ECB())  # noqa: S305 - see the class


def _blocks(packed: bytes) -> list[bytes]:
    return [packed[at : at + NUMBER_BYTES] for at in range(0, len(packed), NUMBER_BYTES)]
