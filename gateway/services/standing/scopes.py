"""Which populations are kept, and what a consent to everything means in each version of an agreement."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from agreements.document import Agreement
from agreements.in_force import VerifiedAgreement
from agreements.strictness import tells_no_more
from gateway.records.coverage import Scope
from gateway.records.meanings import Added, added_in
from gateway.services.standing.registry import Promised, Registry
from policies.decision import RowTerms
from policies.population import parse

Scopes = tuple[Scope, ...]


def scope_of(verified: VerifiedAgreement, history: Mapping[str, Promised]) -> Scope:
    """
    Return an agreement's population terms, in view of the versions before it.

    Which school years leave is a matter of each dataset, not of these.
    """
    return scope_for(verified.agreement, _added(verified, history.values()))


def scope_for(agreement: Agreement, added: Added = ()) -> Scope:
    """Return the population terms of an agreement that may be a draft: those are counted, and never kept."""
    return Scope(
        agreement.digest,
        agreement.id,
        RowTerms(
            population=parse(agreement.population),
            basis=agreement.basis,
            school_years=tuple(sorted({year for terms in agreement.datasets for year in terms.school_years})),
            time_zone=agreement.term.time_zone,
            cadence=agreement.cadence,
            element_order=agreement.element_ids,
        ),
        added,
        purpose=agreement.purpose.code,
        party=agreement.partner.id,
    )


def scopes_of(registry: Registry, now: datetime) -> Scopes:
    """Return the population terms of everything that is in force, suspended or not, and not taken over from."""
    return tuple(
        scope_of(granted.agreement, registry.history)
        for granted in registry.granted.values()
        if granted.until is None or now < granted.until
    )


def _added(verified: VerifiedAgreement, history: Iterable[Promised]) -> Added:
    """
    Return what came with later versions, each with the day; an element that is given more exactly than before came too.

    A consent to everything that was signed for an age is no consent to the birth date (34 CFR 99.30(b)(1)).
    """
    newest = verified.agreement
    earlier = [
        each.verified
        for each in history
        if each.verified.agreement.id == newest.id and each.verified.agreement.version < newest.version
    ]
    versions = sorted([*earlier, verified], key=lambda each: each.agreement.version)
    given = _given(newest)
    return added_in([(_day_of(each), _told(given, _given(each.agreement))) for each in versions])


def _told(given: Mapping[str, set[str]], before: Mapping[str, set[str]]) -> set[str]:
    """Return the elements of which what is given now tells no more than what was given before."""
    return {
        element
        for element, forms in given.items()
        if all(any(tells_no_more(form, had) for had in before.get(element, ())) for form in forms)
    }


def _given(agreement: Agreement) -> dict[str, set[str]]:
    """Return the forms in which each element leaves."""
    found: dict[str, set[str]] = {}
    for terms in agreement.datasets:
        for line in terms.elements:
            found.setdefault(line.element, set()).add(line.transformation)
    return found


def _day_of(verified: VerifiedAgreement) -> date:
    return verified.received.at.astimezone(ZoneInfo(verified.agreement.term.time_zone)).date()
