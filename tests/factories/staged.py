"""The demo's stage for tests: set once, served on a loop of its own, so that tests act as partners do, from outside."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import httpx2

from gateway.demo.district import MINIMUM_STUDENTS
from gateway.demo.perform import LOG_FILE, free_port, on_stage, settings_for
from gateway.demo.stage import Scripts, Stage, script_for
from gateway.logs import LineWriter
from gateway.settings import read_settings
from tests.factories.spills import require_nothing_spilled
from tests.factories.whole_log import known_by, require_whole

Result = TypeVar("Result")


@dataclass(frozen=True)
class Staged:
    """A stage that is served while the block lasts."""

    stage: Stage
    loop: asyncio.AbstractEventLoop

    def call(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run work on the loop that serves, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(timeout=120)

    def ask(self, partner: str, path: str) -> httpx2.Response:
        """Ask as `partner`, with a token and a proof of its own."""
        with self.stage.parts[partner].connect(self.stage.url) as client:
            return client.get(path, str(client.token()["access_token"]))


@contextmanager
def staged(*, students: int = MINIMUM_STUDENTS, scripts: Scripts = script_for) -> Iterator[Staged]:
    """Set the stage in a thread, and serve it until the block ends; its log is whole then."""
    ready: list[Staged] = []
    failed: list[BaseException] = []
    opened, leave = threading.Event(), threading.Event()

    async def hold() -> None:
        with TemporaryDirectory() as folder, (Path(folder) / LOG_FILE).open("wb", buffering=0) as lines:
            settings = settings_for(read_settings({}), Path(folder), free_port())
            async with on_stage(settings, LineWriter(lines), students=students, scripts=scripts) as (stage, _):
                ready.append(Staged(stage, asyncio.get_running_loop()))
                opened.set()
                await asyncio.to_thread(leave.wait)
                await require_whole(stage.cluster.url("admin"), known_by(stage.trust.log_public_key))
                require_nothing_spilled((Path(folder) / LOG_FILE).read_text(), "the lines of the stage")

    def run() -> None:
        try:
            asyncio.run(hold())
        except BaseException as error:  # noqa: BLE001 - handed to the test, whatever it is
            failed.append(error)
        finally:
            opened.set()

    thread = threading.Thread(target=run, name="stage")
    thread.start()
    opened.wait()
    try:
        if failed:
            raise failed[0]
        yield ready[0]
    finally:
        leave.set()
        thread.join(timeout=60)
    if failed:
        raise failed[0]
