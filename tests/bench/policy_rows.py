"""What the goals ask for, one line of the table, and the table as it stands in `docs/policy-speed.md`."""

from collections.abc import Mapping, Sequence

import msgspec

GOALS: Mapping[str, float] = {"G1": 100, "G2": 1_000, "G3": 0.7, "G4": 10, "G5": 0.9, "G6": 0.01, "G7": 1.1}
"""The ratio each goal asks for; G2 has a second one, `NAIVE`. `docs/policy-speed.md` says what is compared."""
NAIVE = 100_000
"""How much faster than the stock enforcer a hit is to be (G2)."""
AT_LEAST = frozenset({"G1", "G2", "G4", "G5"})
"""Goals that ask for this ratio or more; the others for this or less."""
HEAD = ("goal", "agreements", "compared with", "ours is", "ours", "theirs", "ratio", "asked", "met")


class Row(msgspec.Struct):
    """
    One comparison. `kind` says what ours is, so that nobody takes a look-up for an evaluation.

    `asked` is the goal's ratio; None for what only stands beside it.
    """

    goal: str
    agreements: int
    compared: str
    kind: str
    ours: str
    theirs: str
    ratio: float
    asked: float | None

    @property
    def met(self) -> str:
        """Return whether the ratio is what the goal asks for, in a word; a dash if it asks for none."""
        if self.asked is None:
            return "-"
        is_met = self.ratio >= self.asked if self.goal in AT_LEAST else self.ratio <= self.asked
        return "yes" if is_met else "**no**"


LOOK_UP = "look-up of one element"
DECISION = "look-up: `decide`, one element"
FIELD_SET = "look-up: `decide`, the field set"
MISS = "Casbin, every element, in a table"
MIXED = "`decide`, 99 % look-ups"
LAZY = "state, and one decision from the document on"
RATE = "share that is a look-up"
STOCK = "stock pycasbin, answers only"


def timed(
    goal: str, agreements: int, compared: str, kind: str, *, ours: float, theirs: float, asked: float | None
) -> Row:
    """Return the line of two times in microseconds: how many times faster ours is, or its share of theirs."""
    ratio = theirs / ours if goal in AT_LEAST else ours / theirs
    return Row(goal, agreements, compared, kind, shown(ours), shown(theirs), ratio, asked)


def shown(microseconds: float) -> str:
    """Return a time as the table holds it."""
    return f"{microseconds:,.2f} us" if microseconds < 100 else f"{microseconds:,.0f} us"


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a table in Markdown."""
    lines = [HEAD, ("---",) * len(HEAD), *(_cells(row) for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def asked_for(goal: str, ratio: float) -> str:
    """Return what a goal asks for, as the table holds it."""
    return f"{'≥' if goal in AT_LEAST else '≤'} {_ratio(ratio)}"


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.goal,
        f"{row.agreements:,}",
        row.compared,
        row.kind,
        row.ours,
        row.theirs,
        _ratio(row.ratio),
        "-" if row.asked is None else asked_for(row.goal, row.asked),
        row.met,
    )


def _ratio(ratio: float) -> str:
    return f"{ratio:,.0f}" if ratio >= 10 else f"{ratio:.2g}" if ratio < 0.1 else f"{ratio:.2f}"
