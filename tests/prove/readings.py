"""
Four readings of one scene, side by side: the documents, one big enforcer, the memoised decision, and Cedar.

    Readings(scene).differences(questions) -> what does not agree; empty if all is well

The readings answer the same question in what each can say. All say whether a clause grants the element and nothing
stands against it. The documents and the memoised decision also give the reason, the transformation, the clauses and
how long the answer holds.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from agreements.elements import load_catalogue
from policies.decision import Permit
from policies.state import Promise, Tables
from tests.prove.cedar import Cedar
from tests.prove.documents import Answer, Documents
from tests.prove.enforcer import OneBigEnforcer
from tests.prove.memoised import Memoised, district_guardrails, suspensions
from tests.prove.scene import CATALOGUE, Asked, Scene

_TICK = timedelta(microseconds=1)
_EARLY, _LATE = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Difference:
    """A question to which two readings gave different answers."""

    asked: Asked
    documents: Answer
    other: str
    said: object


@dataclass
class Tally:
    """What was decided, by reason, and what differed."""

    reasons: Counter[str] = field(default_factory=Counter)
    scenes: int = 0

    @property
    def decisions(self) -> int:
        return self.reasons.total()

    def add(self, other: "Tally") -> None:
        self.reasons += other.reasons
        self.scenes += other.scenes


class Readings:
    """
    The four readings of one scene.

    `promises`, `epoch` and `tables` as in `Memoised`, `parse_once` as in `OneBigEnforcer`.
    """

    def __init__(
        self,
        scene: Scene,
        promises: Mapping[str, Promise] | None = None,
        *,
        epoch: int | None = None,
        tables: Tables | None = None,
        parse_once: bool = False,
    ) -> None:
        self.documents = Documents(scene)
        self.cedar = Cedar(scene)
        self.memoised = (
            Memoised(scene, promises) if epoch is None else Memoised(scene, promises, epoch=epoch, tables=tables)
        )
        stops = suspensions(scene.stops)
        rulesets = [
            promise.compile(load_catalogue(), district_guardrails(), stops)
            for promise in self.memoised.promises.values()
        ]
        self.big = OneBigEnforcer(rulesets, parse_once=parse_once)

    def differences(self, questions: Sequence[Asked], tally: Tally | None = None) -> list[Difference]:
        """Ask everybody everything."""
        found: list[Difference] = []
        for asked, cedar in zip(questions, self.cedar.answers(questions), strict=True):
            answer = self.documents.answer(asked)
            if tally is not None:
                tally.reasons[answer.code] += 1
            found += (Difference(asked, answer, *other) for other in self._others(asked, answer, cedar=cedar))
        for asked in {(each[:3], each[4:]): each for each in questions}.values():
            found += self._whole(asked)
        return found

    def _others(self, asked: Asked, answer: Answer, *, cedar: bool) -> Iterator[tuple[str, object]]:
        if cedar != answer.leaves:
            yield "cedar", cedar
        if (big := self.big.answer(asked)) != answer.granted:
            yield "one big enforcer", big
        memoised, permit = self.memoised.answer(asked)
        if memoised != replace(answer, granted=False):
            yield "memoised", memoised
        if permit is not None and not self._lasts(asked, permit):
            yield "memoised", f"the same from {permit.valid_from} until {permit.valid_until}"

    def _lasts(self, asked: Asked, permit: Permit) -> bool:
        """Return whether the documents say the same at both ends of what the permit calls its time."""
        first, last = permit.valid_from, permit.valid_until - _TICK
        same = self.documents.answer(asked)
        # Nothing changes in the first and last years there are, and a zone could not show them.
        ends = max(first, _EARLY), min(last, _LATE)
        return first <= asked.now <= last and all(
            self.documents.answer(asked._replace(now=now)) == same for now in ends
        )

    def _whole(self, asked: Asked) -> Iterator[Difference]:
        """Compare what leaves if everything granted of the dataset is asked for."""
        listed = [asked._replace(element=element.id) for element in CATALOGUE.in_dataset(asked.dataset)]
        leaving = frozenset(each.element for each in listed if self.documents.answer(each).leaves)
        if (everything := self.memoised.everything(asked)) != leaving:
            yield Difference(asked, self.documents.answer(asked), "memoised, everything granted", everything)
