"""
Alarms that were raised and are not on file yet, folded: what is the same is one, with how often it was raised.

INVARIANT: taking an alarm never waits, never fails and never grows beyond a bound: what raises it may be a request.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Final

from agreements.canonical import Json, canonical_bytes

MOST: Final = 500
"""Different alarms that wait at once; a database that is away for an hour does not bring more of one fault."""
LONGEST: Final = 300
"""Characters kept of a fact. Facts are ids, codes and counts; what is longer is not."""
_MOST_FACTS: Final = 12
MOVING: Final = frozenset(
    {
        *("answer_by", "count", "days", "first_entry", "last_entry", "reason", "since", "stands", "times"),
        *("unwitnessed", "until"),
    }
)
"""Facts that tell how a thing stands and not which thing it is: a later alarm about the same thing has others."""


@dataclass(frozen=True, slots=True)
class Raised:
    """One alarm as it goes on file: `newest` is the last entry that a finding rests on, None for an alarm."""

    code: str
    facts: Mapping[str, str]
    times: int = 1
    newest: int | None = None

    @property
    def identity(self) -> bytes:
        """Return what an alarm about the same thing has too: a digest of its code and of the facts that name it."""
        named: dict[str, Json] = {name: value for name, value in self.facts.items() if name not in MOVING}
        return hashlib.sha256(canonical_bytes([self.code, named])).digest()


class Pending:
    """Takes alarms from any thread, and gives them out together."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._raised: dict[bytes, Raised] = {}
        self._dropped = 0

    def __len__(self) -> int:
        return len(self._raised)

    def take(self, code: str, facts: Mapping[str, str]) -> None:
        """Take an alarm; one too many is counted only."""
        self._put(Raised(code, _kept(facts)))

    def taken(self) -> tuple[tuple[Raised, ...], int]:
        """Return everything that waits, and how many found no place; forget both."""
        with self._lock:
            found, self._raised = tuple(self._raised.values()), {}
            dropped, self._dropped = self._dropped, 0
        return found, dropped

    def give_back(self, raised: tuple[Raised, ...]) -> None:
        """Take back what could not be put on file."""
        for each in raised:
            self._put(each)

    def _put(self, raised: Raised) -> None:
        identity = raised.identity
        with self._lock:
            known = self._raised.get(identity)
            if known is None and len(self._raised) >= self._most:
                self._dropped += raised.times
                return
            times = raised.times + (0 if known is None else known.times)
            self._raised[identity] = Raised(raised.code, raised.facts, times)


def _kept(facts: Mapping[str, str]) -> dict[str, str]:
    """Return facts as they are kept: few, short, and without what a table of text cannot hold."""
    some = list(facts.items())[:_MOST_FACTS]
    return {str(name)[:LONGEST]: _text(value) for name, value in some}


def _text(value: object) -> str:
    text = str(value).replace("\x00", "\ufffd").encode(errors="replace").decode()
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
