"""
What stewards have classified of a district's own codes, beside what the guardrails' file judges.

INVARIANT: it never widens what the file judges. A value that both judge leaves where both let it; an element of which
a classification is missing leaves not at all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from agreements.basis import Basis
from agreements.canonical import Json
from agreements.documents.classification import Classification, Judgement, Verdict
from policies.members import require_members, texts

_ALL: Final = frozenset(basis.value for basis in Basis)


@dataclass(frozen=True, slots=True)
class Classified:
    """
    What stands after all classifications so far, sorted; each value of an element at most once, none withdrawn.

    Of the elements in `closed` nothing leaves: a classification that judged their values does not hold any more.
    """

    judged: tuple[Judgement, ...] = ()
    closed: tuple[str, ...] = ()

    @property
    def content(self) -> dict[str, Json]:
        """What the digest of the guardrails covers."""
        said: list[Json] = [[each.element, each.value, each.verdict.value, each.law] for each in self.judged]
        return {"closed": list(self.closed), "judged": said}

    def of(self, element: str) -> Mapping[str, Judgement]:
        """Return what is judged of the values of one element."""
        return {each.value: each for each in self.judged if each.element == element}


UNCLASSIFIED: Final = Classified()


def classified_by(acts: Iterable[Classification], closed: Iterable[str] = ()) -> Classified:
    """Return what stands after these classifications, the oldest first: a later one takes the place of an earlier."""
    standing = UNCLASSIFIED
    for act in acts:
        standing = classified_then(standing, act)
    return replace(standing, closed=tuple(sorted(set(closed))))


def classified_then(standing: Classified, act: Classification) -> Classified:
    """Return what stands after one more classification."""
    judged = {(each.element, each.value): each for each in (*standing.judged, *act.codes)}
    kept = [judged[place] for place in sorted(judged) if judged[place].verdict is not Verdict.WITHDRAWN]
    return replace(standing, judged=tuple(kept))


def read_classified(content: Any) -> Classified:  # noqa: ANN401 -- kept content, judged here
    """Read again what was kept as `Classified.content`. Raises `ValueError`, `TypeError`."""
    require_members(content, {"closed", "judged"})
    judged = tuple(Judgement(element, value, Verdict(said), law) for element, value, said, law in content["judged"])
    return Classified(judged, texts(content["closed"]))


def leaves_under(judged: Judgement, gates: Mapping[str, frozenset[str]]) -> frozenset[str]:
    """Return the bases under which a value leaves. INVARIANT: a gate that the guardrails do not have opens for none."""
    if judged.verdict is Verdict.OPEN:
        return _ALL
    return gates.get(judged.law, frozenset()) if judged.law is not None else frozenset()
