"""What PostgreSQL's own processes take: the most private memory that one held, and their processor time."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_EVERY: Final = 0.1
"""Seconds between two looks."""
_TICK: Final = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Sessions:
    """The most memory of one process in MiB, and the processor time of all of them in seconds, since it was begun."""

    memory: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)
    _before: dict[int, float] = field(default_factory=dict)
    _spent: dict[int, float] = field(default_factory=dict)

    @property
    def processor(self) -> float:
        """Seconds of processor time."""
        return sum(self._spent.values()) - sum(self._before.get(each, 0.0) for each in self._spent)

    def look(self, root: int, *, first: bool = False) -> None:
        """Look at the processes that `root` began."""
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(stat[1]) != root:
                    continue
                spent = (int(stat[11]) + int(stat[12])) / _TICK
                (self._before if first else self._spent)[int(folder.name)] = spent
                for line in (folder / "status").read_text().splitlines():
                    if line.startswith("RssAnon:"):
                        self.memory = max(self.memory, int(line.split()[1]) / 1024)

    def watch(self, root: int) -> None:
        """Look again and again until it is over."""
        while not self.over.wait(_EVERY):
            self.look(root)


@contextmanager
def watched(root: int) -> Iterator[Sessions]:
    """Yield what the processes that `root` began take meanwhile."""
    sessions = Sessions()
    sessions.look(root, first=True)
    thread = threading.Thread(target=sessions.watch, args=(root,))
    thread.start()
    try:
        yield sessions
    finally:
        sessions.over.set()
        thread.join()
        sessions.look(root)


def parent_of(process: int) -> int:
    """Return which process began this one."""
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
