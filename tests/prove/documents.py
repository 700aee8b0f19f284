"""
The first reading: what the documents say, line by line, in the order in which reasons are given.

It knows no rules, and of the policies nothing but the district's guardrails as data.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tests.prove.guardrails import closed, noticed
from tests.prove.scene import CATALOGUE, Asked, Scene, Written
from tests.prove.wall import day_on_the_wall, whole

PERMIT = "permit"
_STRICTEST_FIRST = ("drop", "blank", "count", "band", "year", "age_years", "zip3", "exact")
_COLUMNS = {(dataset, element.id) for element in CATALOGUE for dataset in element.datasets}


@dataclass(frozen=True)
class Answer:
    """`permit` or the reason why not; how the value leaves, by which clauses; whether some clause grants it at all."""

    code: str
    transformation: str = ""
    clauses: tuple[str, ...] = ()
    granted: bool = False

    @property
    def leaves(self) -> bool:
        return self.code == PERMIT


class Documents:
    """The agreements of one scene, as a person would read them."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._stopped = {stop.concerns for stop in scene.stops}
        self._closed = {digest: closed(made.content) for digest, made in scene.written.items()}

    def answer(self, asked: Asked) -> Answer:
        """Judge the question."""
        if (asked.dataset, asked.element) not in _COLUMNS:
            return Answer("unknown_element")
        return Answer(refused) if (refused := self._refused(asked)) else self._lines(asked)

    def _refused(self, asked: Asked) -> str | None:  # noqa: PLR0911 -- one return a reason
        """Return why nothing of the dataset leaves, whatever the element."""
        written = self._scene.written.get(asked.agreement)
        if asked.client not in self._scene.clients:
            return "unknown_client"
        if asked.client in self._stopped:
            return "suspended"
        if written is None or asked.client not in written.windows:
            return "no_agreement"
        content = written.content
        if self._stopped & {content["partner"]["id"], asked.agreement}:
            return "suspended"
        if out_of_term := _out_of_term(written, asked.now):
            return out_of_term
        if not any(whole(each.begins) <= asked.now < whole(each.ends) for each in written.windows[asked.client]):
            return "no_responsible_person"
        if asked.dataset not in {row["dataset"] for row in content["datasets"]}:
            return "dataset_not_covered"
        if asked.purpose != content["purpose"]["code"]:
            return "purpose_not_covered"
        days, today = noticed(content), day_on_the_wall(asked.now, content["term"]["time_zone"])
        return None if days is None or any(first <= today <= last for first, last in days) else "denied_by"

    def _lines(self, asked: Asked) -> Answer:
        lines = _lines(self._scene.written[asked.agreement].content, asked)
        if not lines:
            return Answer("element_not_covered")
        if asked.element in self._closed[asked.agreement]:
            return Answer("denied_by")
        strictest = min(lines.values(), key=_STRICTEST_FIRST.index)
        if strictest == "drop":
            return Answer("element_not_covered", granted=True)
        return Answer(PERMIT, strictest, tuple(sorted(lines)), granted=True)


def _out_of_term(written: Written, now: datetime) -> str | None:
    content, until = written.content, None if written.until is None else whole(written.until)
    zone = content["term"]["time_zone"]
    first, last = (date.fromisoformat(content["term"][name]) for name in ("first_day", "last_day"))
    # A framework grants nothing itself, and a version that was replaced before its first day never did.
    replaced = until is not None and day_on_the_wall(until - timedelta(seconds=1), zone) < first
    if content.get("framework", False) or replaced:
        return "no_agreement"
    today = day_on_the_wall(now, zone)
    if today < first:
        return "agreement_not_yet_valid"
    return "agreement_expired" if today > last or (until is not None and now >= until) else None


def _lines(content: Mapping[str, Any], asked: Asked) -> dict[str, str]:
    """Return every clause that names the element in this dataset, with its transformation."""
    return {
        f"/datasets/{place}/elements/{index}": line["transformation"]
        for place, row in enumerate(content["datasets"])
        if row["dataset"] == asked.dataset
        for index, line in enumerate(row["elements"])
        if line["element"] == asked.element
    }
