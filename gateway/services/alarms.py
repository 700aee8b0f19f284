"""Alarms: what a person of the district must look at, said in the operator's log by a stable code."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from gateway.logs import FIELDS

Listener = Callable[[str, Mapping[str, str]], None]
_LISTENING: Final[list[Listener]] = []
"""
Whoever keeps the alarms of this process. A process serves one installation, and alarms are raised deep inside it,
also where an error is made: they are handed on as log records are.
"""


def alarm(code: str, facts: Mapping[str, str]) -> None:
    """Put an alarm into the operator's log: something is there that nobody signed. Never fails, never waits."""
    said = " ".join(f"{name}={value}" for name, value in facts.items())
    logging.getLogger("pactgate").error("alarm %s %s", code, said, extra={FIELDS: {"alarm": code, **facts}})
    hand_on(code, facts)


def hand_on(code: str, facts: Mapping[str, str]) -> None:
    """Give an alarm to whoever keeps them, without a line in the operator's log: for commands, which say it."""
    for each in tuple(_LISTENING):
        each(code, facts)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have `listener` told of every alarm while the block lasts. It must neither fail nor wait."""
    _LISTENING.append(listener)
    try:
        yield
    finally:
        _LISTENING.remove(listener)
