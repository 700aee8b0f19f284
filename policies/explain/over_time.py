"""When an element leaves under an agreement: every stretch of time within which no rule begins or ends, in order."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from policies.decision import Denied
from policies.explain.elements import Explanation
from policies.explain.request import explain_request
from policies.request import AccessRequest
from policies.state import PolicyState

_LAST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `begins` until just before `ends` the element leaves, or does not for these reasons."""

    dataset: str
    begins: datetime
    ends: datetime
    reasons: tuple[Denied, ...]
    explained: Explanation

    @property
    def leaves(self) -> bool:
        """Whether it leaves."""
        return not self.reasons


def explain_element(state: PolicyState, *, client: str, agreement: str, element: str) -> tuple[Stretch, ...] | Denied:
    """
    Say when `element` (an id) leaves for this client by this agreement, for the purpose it was signed for.

    One run of stretches for each dataset that has the element, without gaps. Returns the denial where there is no
    agreement to explain, or where it cannot be judged. Raises `agreements.errors.UnknownElement`.
    """
    held = state.slice_for(client, agreement)
    if isinstance(held, Denied):
        return held
    found: list[Stretch] = []
    known = state.catalogue.element(element)
    for dataset in known.datasets:
        request = AccessRequest(client, agreement, held.agreement.purpose.code, dataset, (known.name,))
        for segment in range(held.segment(_LAST) + 1):
            begins, ends = held.bounds(segment)
            said = explain_request(state, request, begins)
            if not said.elements:
                return said.reasons[0]
            found.append(Stretch(dataset, begins, ends, said.reasons, said.elements[0]))
    return tuple(found)
