"""
One replica of the log in a process of its own, and callers in it that tell of each entry once it was acknowledged.

    .venv/bin/python -m tests.prove.appender FIRST CALLERS EACH       # the database's URL comes on stdin

Writes `started`, then a line `number index` for every acknowledged entry, at once and unbuffered: whoever reads the
other end of the pipe remembers it when this process is killed. EACH 0 means until then.
"""

import asyncio
import os
import sys
from collections.abc import Iterator
from itertools import count

import asyncpg

from audit.draft import Draft
from audit.errors import LogUnavailable
from audit.log import Log
from tests.factories.log import numbered_leaf, signer_of

_PAUSE = 0.005


async def append_for_ever(log: Log, numbers: Iterator[int]) -> None:
    """Append these numbers one after the other, trying anew with the next one when the log is away."""
    for number in numbers:
        try:
            appended = await log.append(Draft(numbered_leaf(number)))
        except LogUnavailable:
            await asyncio.sleep(_PAUSE)
            continue
        # One write a line: whole or not at all, also when somebody kills us.
        os.write(sys.stdout.fileno(), b"%d %d\n" % (number, appended.index))


async def run(url: str, first: int, callers: int, each: int) -> None:
    """Open the log and let the callers call; caller n appends the numbers first + n, first + n + callers, ..."""
    pool = await asyncpg.create_pool(url, min_size=0, max_size=2)
    log = Log(pool, signer_of())
    await log.start()
    os.write(sys.stdout.fileno(), b"started\n")
    numbers = [range(first + n, first + n + each * callers, callers) if each else None for n in range(callers)]
    await asyncio.gather(
        *(append_for_ever(log, iter(own) if own else count(first + n, callers)) for n, own in enumerate(numbers))
    )
    await log.stop()
    await pool.close()


def main() -> None:
    """Read the arguments and run."""
    first, callers, each = (int(text) for text in sys.argv[1:])
    asyncio.run(run(sys.stdin.readline().strip(), first, callers, each))


if __name__ == "__main__":
    main()
