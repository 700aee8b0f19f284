"""
The decision whether this client may read these elements of this dataset, for this purpose, now.

Pure, given the state. INVARIANT: a `Permit` is made here and nowhere else.
"""

from dataclasses import replace
from datetime import datetime

from agreements.elements import Transformation
from policies.decision import Denied, Permit
from policies.errors import ClockWithoutZone, NothingAsked, UnknownDataset, UnknownElement
from policies.reasons import OF_ONE_REQUEST, denied_by, not_covered
from policies.request import AccessRequest
from policies.seal import SEAL
from policies.state import PolicyState
from policies.strictness import HIDDEN
from policies.table import Asked, Table

_SHAPES = 128
"""Decisions kept a table: partners ask in a few shapes; who invents more has them judged each time they come round."""


def decide(state: PolicyState, request: AccessRequest, now: datetime) -> Permit | Denied:
    """
    Judge `request` at `now` by the rules of `state`.

    Raises `UnknownDataset`, `UnknownElement` or `NothingAsked` before anything is judged, so that such an answer says
    nothing about agreements; and `ClockWithoutZone`.
    """
    # (1): every name asked for, filtered on or sorted by exists, for anybody. Callers do not choose what is remembered.
    _require_clear(state, request)
    if now.tzinfo is None:
        raise ClockWithoutZone("A time without a zone was given to the policies.")
    decision = _decided(state, request, now)
    if request.bearer is None or (isinstance(decision, Denied) and decision.code not in OF_ONE_REQUEST):
        return decision
    # (4): a token that is bound to no key opens only what the district and both parties let be opened so; and to whom
    # it opens nothing, nothing is said of what was asked.
    until = state.bearer_until(request.client, request.agreement, request.bearer, now)
    if isinstance(until, Denied):
        return until
    if isinstance(decision, Denied):
        return decision
    return replace(decision, valid_until=min(decision.valid_until, until), seal=SEAL)


def _decided(state: PolicyState, request: AccessRequest, now: datetime) -> Permit | Denied:
    # (2): Casbin's answers for the whole dataset.
    table = state.table_for(request.client, request.agreement, request.dataset, request.purpose, now)
    if isinstance(table, Denied):
        return table
    # (3): what of them is asked.
    asked: Asked = (request.elements, tuple(request.filters), request.sort)
    decision = table.decisions.get(asked)
    if decision is None:
        decision = _judge(table, asked)
        if len(table.decisions) >= _SHAPES:
            table.decisions.clear()
        table.decisions[asked] = decision
    elif state.recheck is not None and state.recheck.is_due():
        decision = _compared(state, table, asked, decision, now)
    if request.filters and isinstance(decision, Permit):
        # The values are the caller's own, and personal: they are never kept.
        filters = tuple((table.granted[name], value) for name, value in request.filters.items())
        return replace(decision, filters=filters, seal=SEAL)
    return decision


def _require_clear(state: PolicyState, request: AccessRequest) -> None:
    names = state.names.get(request.dataset)
    if names is None:
        raise UnknownDataset("The request is for a dataset that the catalogue does not have.")
    if request.elements is not None:
        if not request.elements:
            raise NothingAsked("The request lists no element.")
        for name in request.elements:
            if name not in names:
                raise _unknown(request.dataset)
    for name in request.filters:
        if name not in names:
            raise _unknown(request.dataset)
    if request.sort is not None and request.sort not in names:
        raise _unknown(request.dataset)


def _unknown(dataset: str) -> UnknownElement:
    # The name is the caller's text, and may hold anything: it is not repeated.
    return UnknownElement(f"The request names an element that the dataset {dataset} does not have.")


def _judge(table: Table, asked: Asked) -> Permit | Denied:
    # (a): does something stand against all of it?
    if table.refusal is not None:
        return table.refusal
    elements, filters, sort = asked
    wanted = tuple(table.granted) if elements is None else elements
    used = (*filters, *(() if sort is None else (sort,)))
    # (b): each name must be granted, and what is filtered on or sorted by must leave a value to act on.
    missing = {
        *(name for name in (*wanted, *used) if name not in table.granted),
        *(name for name in used if name in table.granted and table.granted[name].transformation in HIDDEN),
    }
    if missing or not wanted:
        return _refuse(table, tuple(dict.fromkeys(name for name in (*wanted, *used) if name in missing)))
    held = table.held
    chosen = set(wanted)
    return Permit(
        client=held.client,
        agreement=held.agreement.digest,
        purpose=table.purpose,
        dataset=table.dataset,
        fields=tuple(granted for name, granted in table.granted.items() if name in chosen),
        filters=(),
        sort=None if sort is None else table.granted[sort],
        rows=held.rows[table.dataset],
        ceiling=held.guardrails.ceilings[table.dataset],
        notices=held.notices,
        ferpa_9932_required=held.ferpa_9932_required,
        ruleset_digest=held.digest,
        epoch=held.epoch,
        valid_from=table.valid_from,
        valid_until=table.valid_until,
        guardrails_digest=held.guardrails.digest,
        catalogue_digest=held.catalogue.digest,
        cell_minimum=held.guardrails.cells.minimum_for(held.agreement.partner.id, held.agreement.id),
        row_codes=tuple(
            sorted(
                held.guardrails.codes.row_codes(table.dataset, held.rows[table.dataset].basis, held.catalogue).items()
            )
        ),
        exact=frozenset(
            granted.element for granted in table.granted.values() if granted.transformation == Transformation.EXACT
        ),
        seal=SEAL,
    )


def _compared(
    state: PolicyState, table: Table, asked: Asked, remembered: Permit | Denied, now: datetime
) -> Permit | Denied:
    """Return the remembered answer if the rules give it again, and a denial if they give another."""
    anew = state.table_anew(table, now)
    if isinstance(anew, Table) and anew.granted == table.granted and _judge(anew, asked) == remembered:
        return remembered
    return state.distrust(table)


def _refuse(table: Table, missing: tuple[str, ...]) -> Denied:
    """Name what is missing. One element that is not granted refuses the whole request: nothing is silently left out."""
    closed = tuple(name for name, kept in table.withheld.items() if kept.clause)
    # If every clause of the dataset drops its column, nothing is named or closed, and all of it is not covered.
    names = missing or closed or tuple(table.withheld)
    uncovered = tuple(name for name in names if name in table.granted or not table.withheld[name].clause)
    if uncovered:
        return not_covered(table.held, table.dataset, uncovered)
    clause = table.withheld[names[0]].clause
    return denied_by(names, clause, table.held.guardrails.reason(clause))
