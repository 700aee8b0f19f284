"""
Coverage, with a quicker way to tell greenlets apart.

SQLAlchemy runs our code in greenlets, so the tracer asks at every call and every return which one is running, and looks
it up in a `weakref.WeakKeyDictionary`, which is Python: that was half of what it costs to trace a call outside of our
code. A dictionary keyed by the greenlet itself tells them apart as well. It keeps each greenlet that ended; so does
the tracer, whose stack for it is never given back.
"""

import threading
import weakref
from typing import Any

from coverage import Coverage
from coverage.collector import Collector

_WEAK = weakref.WeakKeyDictionary
_start_tracer = Collector._start_tracer


def measure_quickly() -> None:
    """Go on measuring, if this process is measured, with tracers that look greenlets up in a plain dictionary."""
    measuring = Coverage.current()
    if measuring is None or Collector._start_tracer is not _start_tracer:
        return
    collector = measuring._collector
    assert collector is not None
    collector.stop()
    setattr(Collector, "_start_tracer", _started_quickly)  # noqa: B010 - mypy refuses the assignment
    collector.start()


def _started_quickly(collector: Collector) -> Any:
    # The tracer makes its dictionary, by this name, when it sees its first event: the next thing that this thread does.
    thread = threading.get_ident()

    def made(*given: Any) -> Any:
        setattr(weakref, "WeakKeyDictionary", _WEAK)  # noqa: B010 - the same
        return {} if threading.get_ident() == thread and not given else _WEAK(*given)

    setattr(weakref, "WeakKeyDictionary", made)  # noqa: B010 - the same
    return _start_tracer(collector)
