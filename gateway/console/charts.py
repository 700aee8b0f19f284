"""Bars as inline SVG: plain shapes with a title and a description; the same numbers stand in a table beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 600
HEIGHT: Final = 120
_GAP: Final = 2


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its place and size in the units of the drawing, and what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    says: str


def bars(values: Sequence[tuple[str, int]]) -> tuple[Bar, ...]:
    """Return a bar for each value, from left to right, the highest as high as the drawing."""
    most = max((value for _, value in values), default=0) or 1
    step = WIDTH / max(1, len(values))
    return tuple(
        Bar(
            round(place * step + _GAP / 2, 2),
            round(HEIGHT - HEIGHT * value / most, 2),
            round(step - _GAP, 2),
            round(HEIGHT * value / most, 2),
            f"{label}: {value}",
        )
        for place, (label, value) in enumerate(values)
    )
