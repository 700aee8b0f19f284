"""
Rows of a second file by a key, for joins: kept in a temporary SQLite database, so that a large file costs no memory.

SQLite's temporary database is a file without a name: nobody else can open it, and it is gone with the connection. It
comes to disk only when it outgrows its cache.
"""

import sqlite3
from functools import lru_cache
from typing import Final

import msgspec

_CACHE_KIB: Final = 16 * 1024
_REMEMBERED: Final = 1_000
"""Keys whose rows are at hand: exports name the same school or term in row after row."""

Cells = tuple[str, ...]


class Shelf:
    """
    Rows by key. A key with rows that differ finds nothing: which one was meant cannot be told.

    `unread` is where a row stands of which not even the key could be read: it may have any key. Empty if there is none.
    """

    def __init__(self) -> None:
        self.unread = ""
        self._rows = sqlite3.connect("", isolation_level=None)
        self._rows.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        self._rows.execute("PRAGMA journal_mode = OFF")
        self._rows.execute("CREATE TABLE shelf (key TEXT PRIMARY KEY, cells BLOB) WITHOUT ROWID")
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Cells).decode
        self.find = lru_cache(_REMEMBERED)(self._find)
        """Return the cells of the only row with this key, or None."""

    def put(self, key: str, cells: Cells) -> None:
        """Keep a row. Only before the first `find`."""
        self._rows.execute(
            "INSERT INTO shelf VALUES (?, ?) ON CONFLICT (key) DO UPDATE"
            " SET cells = CASE WHEN cells = excluded.cells THEN cells END",
            (key, self._encode(cells)),
        )

    def spoil(self, key: str) -> None:
        """Keep that a row with this key cannot be read: what the key means cannot be told. Only before any `find`."""
        self._rows.execute("INSERT INTO shelf VALUES (?, NULL) ON CONFLICT (key) DO UPDATE SET cells = NULL", (key,))

    def knows(self, key: str) -> bool:
        """Return whether some row has this key, though it may find nothing."""
        return self._rows.execute("SELECT 1 FROM shelf WHERE key = ?", (key,)).fetchone() is not None

    def note(self, key: str, whose: str) -> None:
        """Remember that `whose` has this key."""
        self._rows.execute("INSERT INTO shelf VALUES (?, ?) ON CONFLICT (key) DO NOTHING", (key, whose))

    def has(self, key: str, *, before: str) -> bool:
        """Return whether another than `before` has noted this key."""
        found = self._rows.execute("SELECT cells FROM shelf WHERE key = ?", (key,)).fetchone()
        return found is not None and found[0] != before

    def close(self) -> None:
        """Forget everything."""
        self._rows.close()

    def _find(self, key: str) -> Cells | None:
        found = self._rows.execute("SELECT cells FROM shelf WHERE key = ?", (key,)).fetchone()
        return None if found is None or found[0] is None else self._decode(found[0])
