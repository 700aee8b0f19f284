"""
What a witness remembers, in one SQLite file: one row a log, which only moves on.

A transaction that was committed is on disk (`synchronous = EXTRA`), and one that was cut off by a crash never was. Two
processes on one file wait for each other, so that they never cosign side by side.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from audit.errors import WitnessUnusable
from audit.witness.protocol import NOTHING, Latest

_WAIT_SECONDS: Final = 5.0
_SCHEMA: Final = """
CREATE TABLE witness (only INTEGER PRIMARY KEY CHECK (only = 1), vkey TEXT NOT NULL);
CREATE TABLE latest (
    origin TEXT PRIMARY KEY, size INTEGER NOT NULL CHECK (size >= 0), tree_head BLOB NOT NULL,
    time INTEGER NOT NULL, note TEXT NOT NULL
);
CREATE TRIGGER latest_moves_on BEFORE UPDATE ON latest
WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size OR NEW.time < OLD.time
    OR (NEW.size = OLD.size AND NEW.tree_head <> OLD.tree_head)
BEGIN SELECT RAISE(ABORT, 'a witness never goes back'); END;
CREATE TRIGGER latest_is_kept BEFORE DELETE ON latest
BEGIN SELECT RAISE(ABORT, 'a witness never forgets'); END;
"""
_READ: Final = "SELECT size, tree_head, time, note FROM latest WHERE origin = ?"
_WRITE: Final = """INSERT INTO latest (origin, size, tree_head, time, note) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (origin) DO UPDATE SET size = excluded.size, tree_head = excluded.tree_head,
    time = excluded.time, note = excluded.note"""


def create_state(file: Path, vkey: str) -> None:
    """Make the file, once, for the witness with this key. Raises `WitnessUnusable` if there is one."""
    if file.exists():
        raise WitnessUnusable(f"{file} is there already: a witness that forgot what it cosigned could cosign a fork")
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.executescript(f"PRAGMA synchronous = EXTRA; BEGIN IMMEDIATE; {_SCHEMA}")
        connection.execute("INSERT INTO witness (only, vkey) VALUES (1, ?)", (vkey,))
        connection.execute("COMMIT")


class WitnessState:
    """The state in `file`. Safe for any number of threads and processes: each call opens the file itself."""

    def __init__(self, file: Path, vkey: str) -> None:
        """
        Open what `create_state` made for this key.

        INVARIANT: a missing file is never made here: an empty state would cosign whatever it is shown first. Raises
        `WitnessUnusable`.
        """
        self._file = file
        with self._open() as connection:
            found = connection.execute("SELECT vkey FROM witness").fetchone()
        if found != (vkey,):
            raise WitnessUnusable(f"{file} was made for another witness key")

    def latest(self, origin: str) -> Latest | None:
        """Return the newest checkpoint cosigned for `origin`, None if there is none. Raises `WitnessUnusable`."""
        with self._open() as connection:
            row = connection.execute(_READ, (origin,)).fetchone()
        return None if row is None else Latest(*row)

    def advance(self, origin: str, judge: Callable[[Latest], Latest]) -> Latest:
        """
        Call `judge` with the newest checkpoint and keep what it returns, alone; on disk when this returns.

        If we die before that, the log asks again with the old size, and is told by 409 if the new one was kept. Raises
        what `judge` raises, and `WitnessUnusable`.
        """
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")  # before reading: whoever comes next reads what is kept here
            row = connection.execute(_READ, (origin,)).fetchone()
            new = judge(NOTHING if row is None else Latest(*row))
            connection.execute(_WRITE, (origin, new.size, new.tree_head, new.time, new.note))
            connection.execute("COMMIT")
        return new

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            # `rw` never makes a file; closing rolls back what was not committed.
            named = f"{self._file.absolute().as_uri()}?mode=rw"
            connection = sqlite3.connect(named, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)
            with closing(connection):
                connection.execute("PRAGMA synchronous = EXTRA")
                yield connection
        except sqlite3.Error as error:
            raise WitnessUnusable(f"the state in {self._file} cannot be used: {error}") from None
