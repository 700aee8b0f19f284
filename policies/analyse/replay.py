"""
Logged requests decided again: under the rules of their own moment, and as if something had been different then.

An entry holds no filters and no sort (they may be personal): what is decided again is whether these elements leave.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from policies.decide import decide
from policies.decision import Denied, Permit
from policies.errors import UnclearRequest
from policies.reasons import Code
from policies.request import AccessRequest, Bearer
from policies.state import PolicyState
from policies.told import told_of_denial, told_of_permit

DECIDED: Final = frozenset(code.value for code in Code)
"""Refusals that were decisions of the policies. All others came before or after, and are not decided again."""

DECISION: Final = "decision"
"""What differs if something was disclosed that is denied, or the other way round."""


class Effect(StrEnum):
    """What would have become of a request."""

    LOST = "lost"
    GAINED = "gained"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Logged:
    """
    A request as its entry tells it: `elements` are wire names; `code` is None if records were disclosed.

    `says` is what the entry says of the decision, by the names of `policies.told`, as far as it says it.
    """

    entry: int
    at: datetime
    client: str
    agreement: str
    purpose: str
    dataset: str
    elements: tuple[str, ...]
    code: str | None = None
    bearer: Bearer | None = None
    says: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def request(self) -> AccessRequest:
        """
        The request as far as the entry tells it. A refusal that names no element stood against all of them.

        What a refusal names may have been filtered on, which a column that leaves empty cannot be: it is judged so too.
        """
        used = {} if self.code is None else dict.fromkeys(self.elements, "")
        elements, bearer = self.elements or None, self.bearer
        return AccessRequest(self.client, self.agreement, self.purpose, self.dataset, elements, used, bearer=bearer)


def decided(state: PolicyState, logged: Logged) -> Permit | Denied:
    """Decide a logged request at its own moment. A name that the catalogue of `state` does not have is a denial."""
    try:
        return decide(state, logged.request, logged.at)
    except UnclearRequest as error:
        return Denied(error.code, str(error), logged.elements)


def differing(decision: Permit | Denied, logged: Logged) -> tuple[str, ...]:
    """Return which members of its entry a decision would have written otherwise: none, if it is the logged one."""
    if isinstance(decision, Permit) != (logged.code is None):
        return (DECISION,)
    return not_told(told_of_permit(decision) if isinstance(decision, Permit) else told_of_denial(decision), logged.says)


def not_told(told: Mapping[str, Any], says: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the members of a decision that its entry says otherwise, as far as it says them."""
    return tuple(name for name, value in told.items() if name in says and says[name] != value)


def leaving(permit: Permit) -> dict[str, str]:
    """Return how each element of a permit leaves, by wire name."""
    return {field.name: field.transformation for field in permit.fields}


@dataclass(slots=True)
class Tally:
    """What becomes of one client's requests in one way: how many, of which elements, and two entries as examples."""

    client: str
    effect: Effect
    requests: int = 0
    elements: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    first: int = -1
    last: int = -1

    def add(self, logged: Logged, elements: tuple[str, ...], code: str | None) -> None:
        """Take in the next request, in the order of the log."""
        self.requests += 1
        self.elements.update(f"{logged.dataset}:{name}" for name in elements)
        if code is not None:
            self.codes[code] += 1
        self.first = logged.entry if self.requests == 1 else self.first
        self.last = logged.entry


class Tallies:
    """Counts differences client by client. Holds one tally a client and effect, however long the log is."""

    def __init__(self) -> None:
        self._tallies: dict[tuple[str, Effect], Tally] = {}

    @property
    def all(self) -> tuple[Tally, ...]:
        """Every tally, by client."""
        return tuple(tally for _, tally in sorted(self._tallies.items()))

    def compare(self, logged: Logged, before: Permit | Denied, after: Permit | Denied) -> None:
        """Take in one request as it was decided and as it would have been."""
        if isinstance(before, Permit) and isinstance(after, Permit):
            was, now = leaving(before), leaving(after)
            moved = tuple(name for name in was if was[name] != now[name])
            if moved:
                self._add(logged, Effect.CHANGED, moved, None)
        elif isinstance(before, Permit) and isinstance(after, Denied):
            self._add(logged, Effect.LOST, after.elements or tuple(leaving(before)), after.code)
        elif isinstance(before, Denied) and isinstance(after, Permit):
            self._add(logged, Effect.GAINED, tuple(leaving(after)), before.code)

    def _add(self, logged: Logged, effect: Effect, elements: tuple[str, ...], code: str | None) -> None:
        key = (logged.client, effect)
        self._tallies.setdefault(key, Tally(logged.client, effect)).add(logged, elements, code)
