"""
Contenders in one process, turn by turn, each answer asserted; what counts is the median of the turns.

Time is processor time: nothing here waits, and whatever else the machine does stays out of it.
"""

import gc
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from time import process_time
from typing import TypeVar

TURNS = 5
Q = TypeVar("Q")
Turn = Callable[[], int]
"""One slice of one contender: runs, asserts, and returns how many decisions that were."""


class WrongAnswer(Exception):
    """A contender did not answer what the documents say: nothing that was measured counts."""


def race(contenders: Mapping[str, Turn], turns: int = TURNS) -> dict[str, float]:
    """
    Return the median time of one decision in microseconds, by contender.

    Another one goes first each turn.
    """
    names = tuple(contenders)
    taken: dict[str, list[float]] = {name: [] for name in names}
    for name in names:  # not counted
        contenders[name]()
    gc.collect()
    gc.disable()
    try:
        for turn in range(turns):
            for name in (*names[turn % len(names) :], *names[: turn % len(names)]):
                begun = process_time()
                decisions = contenders[name]()
                taken[name].append(1e6 * (process_time() - begun) / decisions)
    finally:
        gc.enable()
    return {name: median(times) for name, times in taken.items()}


def asking(ask: Callable[[Q], bool], questions: Sequence[tuple[Q, bool]], rounds: int = 1) -> Turn:
    """Return a slice that asks every question `rounds` times. The slice raises `WrongAnswer`."""

    def run() -> int:
        for _ in range(rounds):
            for question, allowed in questions:
                if ask(question) is not allowed:
                    raise WrongAnswer(f"{question} should be answered {allowed}")
        return rounds * len(questions)

    return run
