"""A process that appends, seen from outside: what it told is remembered here, and outlives it."""

import asyncio
import os
import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_LINE = b"started\n"


@dataclass(slots=True)
class Replica:
    """One running `tests.prove.appender`. `told` is by number: the index it was acknowledged at."""

    process: asyncio.subprocess.Process
    told: dict[int, int] = field(default_factory=dict)
    _reading: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, url: str, first: int, *, callers: int, each: int = 0) -> "Replica":
        """Start it and wait until its log is open."""
        words = (sys.executable, "-m", "tests.prove.appender", str(first), str(callers), str(each))
        # Not measured: it is killed, and what it runs is measured elsewhere.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        process = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=_ROOT, env=environment
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(url.encode() + b"\n")
        assert await process.stdout.readline() == _LINE, "it did not start"
        replica = cls(process)
        replica._reading = asyncio.create_task(replica._remember(process.stdout))
        return replica

    async def kill(self) -> dict[int, int]:
        """Kill it where it stands, and return all that it had told."""
        self.process.send_signal(signal.SIGKILL)
        return await self.end()

    async def end(self) -> dict[int, int]:
        """Wait for its end, and return all that it told."""
        assert self._reading is not None
        await self._reading
        await self.process.wait()
        return self.told

    async def _remember(self, lines: asyncio.StreamReader) -> None:
        while line := await lines.readline():
            if line.endswith(b"\n"):
                number, index = line.split()
                self.told[int(number)] = int(index)
