"""
What every client can obtain: each client, agreement, dataset, element and stretch of time, none left out.

Nothing is sampled. A grant names its dataset, its element and its purpose, and never holds a wildcard; so a question
that no grant of the slice names cannot be answered yes, and is not asked. All others are, and the answers are those of
`policies.table`, which are Casbin's. Time is cut where a rule begins or ends: between two cuts no answer changes.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from policies.decision import Denied, GrantedField
from policies.rule import Effect, Rule, instant
from policies.slice import Slice
from policies.state import PolicyState, Promise
from policies.strictness import HIDDEN
from policies.table import Table

_END: Final = datetime.max.replace(tzinfo=UTC)
_READ: Final = "read:"


@dataclass(frozen=True, slots=True)
class Obtained:
    """
    One element as one client can obtain it, from `begins` until just before `ends`.

    `line` is the id of the agreement, the same in all its versions; `clauses` are JSON pointers into this version.
    """

    partner: str
    client: str
    agreement: str
    line: str
    purpose: str
    dataset: str
    element: str
    name: str
    transformation: str
    clauses: tuple[str, ...]
    begins: datetime
    ends: datetime

    @property
    def tells(self) -> bool:
        """Whether a value leaves at all, and not only an empty column."""
        return self.transformation not in HIDDEN

    def holds_at(self, now: datetime) -> bool:
        """Whether the client can obtain it at `now`."""
        return self.begins <= now < self.ends


def obtained(state: PolicyState, *, elements: Collection[str] | None = None) -> Iterator[Obtained]:
    """
    Yield everything that anybody can obtain by the rules of `state`, ever; `elements` narrows it to these ids.

    In the order of agreements, clients, datasets, purposes and time; each stretch of time by itself.
    """
    for digest, promise in sorted(state.promises.items()):
        if elements is None or not set(elements).isdisjoint(promise.document.element_ids):
            for client in sorted(promise.clients):
                held = state.slice_for(client, digest)
                if not isinstance(held, Denied):
                    yield from _of_slice(state, promise, held, elements)


def stretches(held: Slice) -> Iterator[tuple[datetime, datetime]]:
    """Yield the stretches of time in which nothing changes for a slice, from the first there is to the last."""
    for segment in range(held.segment(_END) + 1):
        yield held.bounds(segment)


def grants_of(held: Slice) -> tuple[Rule, ...]:
    """Return the rules of a slice that allow."""
    return tuple(rule for rule in held.rules if rule.eft == Effect.ALLOW)


def purpose_of(rule: Rule) -> str:
    """Return the purpose that a granting rule is for."""
    return rule.act.removeprefix(_READ)


def _of_slice(
    state: PolicyState, promise: Promise, held: Slice, elements: Collection[str] | None
) -> Iterator[Obtained]:
    for table in _tables(state, held, elements):
        for field in table.granted.values():
            if elements is None or field.element in elements:
                yield _piece(promise, table, field)


def _tables(state: PolicyState, held: Slice, elements: Collection[str] | None) -> Iterator[Table]:
    """Yield the tables of a slice from which something leaves, in the order of time for each dataset and purpose."""
    grants = [rule for rule in grants_of(held) if elements is None or rule.fld in elements]
    for dataset, purpose in sorted({(rule.obj, purpose_of(rule)) for rule in grants}):
        own = [rule for rule in grants if rule.obj == dataset]
        for begins, _ in stretches(held):
            # Where no grant holds, nothing can leave.
            if any(rule.holds_at(instant(begins)) for rule in own):
                table = state.table_for(held.client, held.agreement.digest, dataset, purpose, begins)
                if isinstance(table, Table) and table.refusal is None:
                    yield table


def _piece(promise: Promise, table: Table, field: GrantedField) -> Obtained:
    document = promise.document
    return Obtained(
        partner=document.partner.id,
        client=table.held.client,
        agreement=document.digest,
        line=document.id,
        purpose=table.purpose,
        dataset=table.dataset,
        element=field.element,
        name=field.name,
        transformation=field.transformation,
        clauses=field.clauses,
        begins=table.valid_from,
        ends=table.valid_until,
    )
