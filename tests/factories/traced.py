"""
A fault of CPython 3.11 that only a run under a tracer meets, kept away: a thread that ends while others end.

A thread that used greenlets has them removed by a pending call of the interpreter. Coverage keeps a weak dictionary of
each thread, whose callback is Python; under a tracer its first instruction is begun anew for as long as another pending
call waits, and that one waits for the first: for ever. A callback in C has no first instruction.
"""

import functools
import weakref
from typing import Any


class _WeakKeys(weakref.WeakKeyDictionary[Any, Any]):
    def __init__(self, *given: Any) -> None:
        super().__init__()
        data: dict[Any, Any] = vars(self)["data"]
        self._remove = functools.partial(dict.pop, data)
        if given:
            self.update(*given)


def keep_callbacks_in_c() -> None:
    """Have tracers of threads that begin from now on keep their greenlets so."""
    setattr(weakref, "WeakKeyDictionary", _WeakKeys)  # noqa: B010 - a type is no variable to mypy
