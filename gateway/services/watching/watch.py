"""
Watching a drop folder: one export at a time, in the order of their names, when nobody writes to it any more.

What becomes of an export is decided by who loads it. Stopped, a load is broken off, nothing of it is visible, and the
export lies where it lay.
"""

import asyncio
import datetime as dt
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.services.errors import LoadPostponed
from gateway.services.watching.folder import DONE, REFUSED, DropFolder, Fingerprint, digest_of_export, fingerprint

Load = Callable[[Path, Path], Awaitable["Outcome"]]
"""Loads an export, and writes its refused rows to a file. Raises `LoadPostponed` to be asked again."""


_MOMENT = 0.01
"""A timer may ring a moment before its time."""
_UNREADABLE: Final = {"outcome": "refused", "code": "bad_source", "loads": []}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an export: whether it is loaded, and the report that lies beside it."""

    is_loaded: bool
    report: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often one looks, and how long an export must have been as it is; both in seconds."""

    look: float
    rest: float


class Watch:
    """A watcher of one folder. `said` is told what was put away where, `now` and `elapsed` are its clocks."""

    def __init__(
        self,
        folder: DropFolder,
        load: Load,
        *,
        rhythm: Rhythm,
        said: Callable[[Path, Mapping[str, object]], None],
        now: Callable[[], dt.datetime],
        elapsed: Callable[[], float],
    ) -> None:
        self._folder, self._load, self._rhythm, self._said = folder, load, rhythm, said
        self._now, self._elapsed = now, elapsed
        self._seen: dict[Path, tuple[Fingerprint, float]] = {}

    async def run(self, stop: asyncio.Event, *, once: bool = False) -> bool:
        """
        Load what comes until `stop`, or (`once`) what is at rest now; return whether every export was loaded.

        Raises `WatchBusy`, `OSError`, and what `load` raises that is no outcome.
        """
        with self._folder.alone():
            fine = True
            for taken in self._folder.left():
                if taken.name.startswith("."):
                    taken.unlink()
                else:
                    fine = await self._deal_with(taken, stop) and fine
            # INVARIANT: nothing is taken at the first look: it takes two to see that nobody writes.
            self._at_rest()
            while not stop.is_set():
                await _wait(stop, self._rhythm.rest + _MOMENT if once else self._rhythm.look)
                for export in self._at_rest():
                    if stop.is_set():
                        break
                    fine = await self._take(export, stop) and fine
                if once:
                    break
            return fine

    def _at_rest(self) -> list[Path]:
        """Look once; return what has been as it is for long enough."""
        before, self._seen = self._seen, {}
        moment = self._elapsed()
        for export, found in self._folder.waiting():
            known, since = before.get(export, (None, moment))
            self._seen[export] = (found, since if known == found else moment)
        return [
            export
            for export, (found, since) in self._seen.items()
            if before.get(export, (None, 0.0))[0] == found and moment - since >= self._rhythm.rest
        ]

    async def _take(self, export: Path, stop: asyncio.Event) -> bool:
        found, _ = self._seen.pop(export)
        taken = self._folder.take(export)
        if fingerprint(taken) != found:
            # Somebody wrote between the look and the taking.
            self._folder.give_back(taken)
            return True
        return await self._deal_with(taken, stop)

    async def _deal_with(self, taken: Path, stop: asyncio.Event) -> bool:
        # An export that came before is loaded as any other. INVARIANT: what it does not say any more has ended when it
        # is done with: another export was loaded since, or a person answered what it asked, or its days are over.
        try:
            digest = await asyncio.to_thread(digest_of_export, taken)
        except OSError as error:
            # Left where it is it would be the first one every night, and those after it would wait for it.
            self._put_away(taken, Outcome(is_loaded=False, report=_UNREADABLE | {"reason": _why(error)}), None)
            return False
        try:
            outcome = await _unless(stop, self._load(taken, self._folder.rows_beside(taken)))
        except LoadPostponed:
            outcome = None
        except BaseException:
            self._folder.give_back(taken)
            raise
        if outcome is None:
            self._folder.give_back(taken)
            return True
        self._put_away(taken, outcome, digest)
        return outcome.is_loaded

    def _put_away(self, taken: Path, outcome: Outcome, digest: str | None) -> None:
        report = {**outcome.report, "export": taken.name, "digest": digest}
        stamp = f"{self._now():%Y%m%dT%H%M%SZ}"
        self._said(self._folder.put_away(taken, DONE if outcome.is_loaded else REFUSED, stamp, report), report)


def _why(error: OSError) -> str:
    return f"A file of the export cannot be read: {error.strerror}. Mend that, and lay the export down again."


async def _unless(stop: asyncio.Event, work: Awaitable[Outcome]) -> Outcome | None:
    """Return what `work` brings, or None if it was broken off by `stop`."""
    task, stopped = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((task, stopped), return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        task.cancel()
        with suppress(asyncio.CancelledError):
            # It may have come to its end in the meantime.
            return await task
        return None
    finally:
        stopped.cancel()


async def _wait(stop: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
