"""
How many rows of a dataset one client may take in a day: a stolen key must not walk a population again and again.

A ceiling grows with the population, so that an honest nightly fetch never meets it. It is a number of a day and not a
right: the policies say how high it is, and who counts is the log.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from agreements.elements import DATASETS
from policies.members import require_members


@dataclass(frozen=True, slots=True)
class Ceiling:
    """`times` rows a day for each student of the population, and `least` rows however few they are."""

    times: int
    least: int

    def rows(self, students: int) -> int:
        """Return how many rows a day these are for a population of so many students."""
        return max(self.times * students, self.least)


def read_ceilings(rows: list[dict[str, Any]]) -> Mapping[str, Ceiling]:
    """
    Read the `volume` part of the guardrails: exactly one ceiling for each dataset.

    Raises `KeyError`, `TypeError` or `ValueError`; a dataset without a ceiling would be one without an end.
    """
    found: dict[str, Ceiling] = {}
    for row in rows:
        require_members(row, {"dataset", "times", "least"})
        dataset = row["dataset"]
        if dataset not in DATASETS or dataset in found:
            raise ValueError(f"{dataset!r} is no dataset, or has two ceilings")
        found[dataset] = Ceiling(_positive(row["times"]), _positive(row["least"]))
    if missing := [dataset for dataset in DATASETS if dataset not in found]:
        raise ValueError(f"no ceiling for {', '.join(missing)}")
    return MappingProxyType(found)


def _positive(number: object) -> int:
    if type(number) is not int or number < 1:
        raise ValueError("a ceiling is a whole number above zero")
    return number
