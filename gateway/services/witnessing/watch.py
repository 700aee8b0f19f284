"""
Watching over witnesses while a gateway runs: one loop that looks, one for each witness that brings checkpoints.

INVARIANT: no append and no request waits for any of it; what they meet is `Window`, which answers from memory.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Final

from audit.cosignature import WitnessVerifier
from audit.cosigning import newest_cosigned
from audit.errors import AuditError, LogUnavailable
from gateway.logs import FIELDS
from gateway.services.errors import LogSetBack, WitnessKeyRefused
from gateway.services.grants import Grants
from gateway.services.standing.registry import Alarm, Named
from gateway.services.witnessing.alarms import Alarms, Trouble
from gateway.services.witnessing.delivery import Contradicted, Delivery, Parts
from gateway.services.witnessing.naming import keys_of
from gateway.services.witnessing.submission import WitnessClient, WitnessFailed
from gateway.services.witnessing.window import Standing, Window

EVERY_SECONDS: Final = 5.0
"""Between two looks, and two submissions to one witness."""
LONGEST_PAUSE_SECONDS: Final = 60.0
"""Between two tries with a witness that fails: it is back within a minute of being back."""


class Watch:
    """The witnesses of one gateway. `window` is what disclosures ask."""

    def __init__(self, grants: Grants, parts: Parts, window: Window, alarm: Alarm, *, was_witnessed: bool) -> None:
        """`was_witnessed` says that the checkpoint kept outside the database has cosignatures: somebody was named."""
        self.window = window
        self._grants = grants
        self._parts = parts
        self._alarms = Alarms(alarm)
        self._was_witnessed = was_witnessed
        self._is_proven = False
        self._deliveries: dict[tuple[str, str], Delivery] = {}
        self._troubles: dict[str, Trouble] = {}
        self._open = AsyncExitStack()

    async def look(self) -> None:
        """
        See who is named and what each cosigned, brought by whichever replica, and open or close the window.

        Asks no witness. Raises the errors of the database.
        """
        registry, moment = await self._grants.registry()
        standing = await self._standing(registry.witnesses)
        self._judge(registry.witnesses, standing)
        if standing is not None:
            self._alarms.tell(moment, standing, self._troubles)
        self._alarms.tell_window(
            moment, None if standing is None else standing.seen, is_open=self.window.is_open(moment.now)
        )
        await self._arrange({} if standing is None else standing.keys)

    async def deliver(self, delivery: Delivery) -> bool:
        """Have one witness cosign; return whether it goes well. What goes wrong is kept for the alarms."""
        name = delivery.witness.name
        try:
            await delivery.turn()
        except Contradicted as found:
            self._is_proven = self._is_proven or found.proof is not None
            self._troubles[name] = Trouble(found.reason, is_proven=found.proof is not None)
        except WitnessFailed as failed:
            self._troubles[name] = Trouble(failed.reason)
        except (LogUnavailable, LogSetBack):
            return False  # the log is halted, and it was said why
        except AuditError as error:
            logging.getLogger("pactgate").error("no checkpoint for a witness", extra={FIELDS: {"alarm": error.code}})  # noqa: TRY400 - no trace
            return False
        except Exception as error:
            logging.getLogger("pactgate").warning("no checkpoint for a witness, tried again later", exc_info=error)
            return False
        else:
            self._troubles.pop(name, None)
            return True
        return False

    async def round(self) -> None:
        """Look, ask every witness once, and look again: what the loops do, step by step."""
        await self.look()
        await asyncio.gather(*(self.deliver(each) for each in self._deliveries.values()))
        await self.look()

    async def run(self, every: float) -> None:
        """Watch until cancelled."""
        tasks: dict[tuple[str, str], asyncio.Task[None]] = {}
        try:
            while True:
                await _whatever_happens(self.look)
                for place in tasks.keys() - self._deliveries.keys():
                    tasks.pop(place).cancel()
                for place in self._deliveries.keys() - tasks.keys():
                    tasks[place] = asyncio.create_task(self._keep_delivering(self._deliveries[place], every))
                await asyncio.sleep(every)
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)

    async def close(self) -> None:
        """Hang up on every witness."""
        await self._open.aclose()

    async def _keep_delivering(self, delivery: Delivery, every: float) -> None:
        pause = every
        while True:
            if await self.deliver(delivery):
                pause = every
                # The window is opened by what came home at once, not at the next look.
                await _whatever_happens(self.look)
            else:
                pause = min(pause * 2, max(every, LONGEST_PAUSE_SECONDS))
            await asyncio.sleep(pause)

    async def _standing(self, named: Named) -> Standing | None:
        if named.current is None:
            return None
        try:
            keys = keys_of(named.current)
        except WitnessKeyRefused as error:
            self._alarms.refused(named.current.digest, error.code)
            return None
        cosigned = await newest_cosigned(self._parts.pool, self._parts.keys.known.origin, keys)
        return Standing(named.current, keys, cosigned)

    def _judge(self, named: Named, standing: Standing | None) -> None:
        if standing is not None:
            terms = standing.naming.witnesses
            self._was_witnessed = True
            self.window.extend(standing.seen, terms.hours)
            # One liar among several stops nothing: the others are enough, and their word is what counts.
            names = {key.name for key in standing.keys}
            self._troubles = {name: each for name, each in self._troubles.items() if name in names}
            doubting = [key for key in standing.keys if self._contradicts(key)]
            trusting = len(standing.keys) - len(doubting)
            self.window.contradict(contradicted=self._is_proven or trusting < terms.must_cosign)
        elif named.newest is None and not self._was_witnessed:
            self.window.extend(None, 0)
        else:
            # A naming is there and cannot be used, or one was there and is gone: who must cosign is not known.
            self._alarms.refused(named.newest or "none", "not_there")
            self.window.close()

    def _contradicts(self, key: WitnessVerifier) -> bool:
        trouble = self._troubles.get(key.name)
        return trouble is not None and trouble.reason == "contradicts"

    async def _arrange(self, keys: Mapping[WitnessVerifier, str]) -> None:
        wanted = {(key.vkey, url): key for key, url in keys.items()}
        self._deliveries = {place: each for place, each in self._deliveries.items() if place in wanted}
        for place, key in wanted.items():
            if place not in self._deliveries:
                client = await self._open.enter_async_context(WitnessClient(key, place[1]))
                self._deliveries[place] = Delivery(key, client, self._parts)


async def _whatever_happens(work: Callable[[], Awaitable[None]]) -> None:
    try:
        await work()
    except Exception as error:
        logging.getLogger("pactgate").warning("witnesses could not be looked at, tried again later", exc_info=error)


@asynccontextmanager
async def watching(watch: Watch, *, every: float | None = EVERY_SECONDS) -> AsyncIterator[None]:
    """
    Look once, so that the window is right before anything is asked; then watch while the block lasts.

    No witness need be reached for that. With `every` None nothing runs by itself: `Watch.round` is called instead.
    """
    await watch.look()
    running = None if every is None else asyncio.create_task(watch.run(every), name="witnesses")
    try:
        yield
    finally:
        if running is not None:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
        await watch.close()
