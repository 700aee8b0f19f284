"""A bounded memory of what was worked out: the least recently used goes first, and nothing is made twice at once."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """
    Keeps at most `limit` values. INVARIANT: a key says everything its value depends on, so nothing ever expires.

    Keys hold the epoch; values of an old epoch are never asked for again and fall out.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError("a memo keeps at least one value")
        self._limit = limit
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._making: dict[K, Lock] = {}
        """The lock of each value that is being made."""
        self._guard = Lock()
        """Guards `_making`, and every change of `_kept` but its order."""

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K) -> V | None:
        """Return the value of `key` if it is kept. Takes no lock."""
        value = self._kept.get(key)
        if value is not None:
            try:  # noqa: SIM105 -- this is the hot path, and `suppress` costs more than the look-up
                self._kept.move_to_end(key)
            except KeyError:
                pass  # another thread dropped it just now; the value is as true as before
        return value

    def clear(self) -> None:
        """Forget everything. What is being made just now will be kept all the same."""
        with self._guard:
            self._kept.clear()

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        """Return the value of `key`, made by `make` if it is not kept; an exception of `make` is raised, not kept."""
        value = self.get(key)
        if value is not None:
            return value
        with self._guard:
            lock = self._making.setdefault(key, Lock())
        with lock:
            value = self.get(key)
            return self._make(key, make) if value is None else value

    def _make(self, key: K, make: Callable[[], V]) -> V:
        try:
            value = make()
        except BaseException:
            with self._guard:
                self._making.pop(key, None)
            raise
        with self._guard:
            self._kept[key] = value
            while len(self._kept) > self._limit:
                self._kept.popitem(last=False)
            # Who still waits for this lock will find the value.
            self._making.pop(key, None)
        return value
