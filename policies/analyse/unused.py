"""What is granted and was never asked for: grants to think about before an agreement is renewed (34 CFR 99.31(a))."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from policies.analyse.obtained import Obtained


@dataclass(frozen=True, slots=True)
class Unused:
    """A grant that was never asked for: one element, with an empty `element` a dataset, with neither a whole line."""

    partner: str
    client: str
    line: str
    dataset: str = ""
    element: str = ""
    name: str = ""


@dataclass(slots=True)
class Asked:
    """What was asked for, as it is read from the log: by client, line, dataset and element id."""

    elements: set[tuple[str, str, str, str]] = field(default_factory=set)
    datasets: set[tuple[str, str, str]] = field(default_factory=set)
    lines: set[tuple[str, str]] = field(default_factory=set)

    def add(self, client: str, line: str, dataset: str, elements: Iterable[str]) -> None:
        """Take note of one request, answered or refused: who is refused has asked."""
        self.lines.add((client, line))
        self.datasets.add((client, line, dataset))
        self.elements.update((client, line, dataset, element) for element in elements)


def unused(found: Iterable[Obtained], asked: Asked, begins: datetime, ends: datetime) -> Iterator[Unused]:
    """
    Yield what could be obtained at some time from `begins` until just before `ends`, and was not asked for.

    Each client and line once, at the widest: a dataset of which nothing was asked is not listed by its elements.
    """
    granted = {
        (each.partner, each.client, each.line, each.dataset, each.element, each.name)
        for each in found
        if each.begins < ends and begins < each.ends
    }
    said: set[Unused] = set()
    for partner, client, line, dataset, element, name in sorted(granted):
        if (client, line) not in asked.lines:
            idle = Unused(partner, client, line)
        elif (client, line, dataset) not in asked.datasets:
            idle = Unused(partner, client, line, dataset)
        elif (client, line, dataset, element) not in asked.elements:
            idle = Unused(partner, client, line, dataset, element, name)
        else:
            continue
        if idle not in said:
            said.add(idle)
            yield idle
