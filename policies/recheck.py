"""
Whose turn it is to be worked out anew: in production one in some remembered answers is compared with the rules.

What is remembered cannot differ from them unless something is broken, a part of the machine included; then nobody
should go on being answered from it.
"""

from collections.abc import Callable, Mapping
from itertools import cycle, repeat
from typing import Final

EVERY: Final = 1_000
"""One remembered answer in so many: what it costs is spread too thin to be felt."""

Alarm = Callable[[str, Mapping[str, str]], None]


class Recheck:
    """
    Counts remembered answers over all the states that share it; it is the turn of each `every`th.

    Counted and not drawn, so that a test knows whose turn it is. `alarm` is told of an answer that differed.
    """

    def __init__(self, alarm: Alarm, every: int = EVERY) -> None:
        if every < 1:
            raise ValueError("one answer in at least one is worked out anew")
        self._alarm = alarm
        self.is_due: Callable[[], bool] = cycle((*repeat(False, every - 1), True)).__next__
        """Returns whether it is this answer's turn. On the hot path, so it is one call and no code of ours."""

    def alarm(self, code: str, **facts: str) -> None:
        """Report that a remembered answer is not the one that the rules give."""
        self._alarm(code, facts)
