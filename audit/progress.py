"""A line on the terminal that says how far a check has come; nothing where stderr is no terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TextIO

from audit.verify import Progress

_EVERY_SECONDS: Final = 0.1
_WIDTH: Final = 30
_CLEAR: Final = "\r\x1b[K"


@contextmanager
def bar(stream: TextIO, *, clock: Callable[[], float] = time.monotonic) -> Iterator[Progress | None]:
    """Yield what to tell progress to, or None if nobody is looking; the line is gone at the end of the block."""
    if not stream.isatty():
        yield None
        return
    said = -_EVERY_SECONDS

    def tell(done: int, whole: int) -> None:
        nonlocal said
        now = clock()
        if now - said < _EVERY_SECONDS and done < whole:
            return
        said = now
        full = _WIDTH * done // max(whole, 1)
        stream.write(f"{_CLEAR}[{'#' * full}{'.' * (_WIDTH - full)}] {done:,} of {whole:,} entries")
        stream.flush()

    try:
        yield tell
    finally:
        stream.write(_CLEAR)
        stream.flush()
