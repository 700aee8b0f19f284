"""Which populations are kept: one for each agreement that is in force or will be."""

from agreements.document import Agreement
from agreements.in_force import VerifiedAgreement
from gateway.records.coverage import Scope
from gateway.services.registry import Registry
from policies.decision import RowTerms
from policies.population import parse


def scope_of(verified: VerifiedAgreement) -> Scope:
    """Return an agreement's population terms. Which school years leave is a matter of each dataset, not of these."""
    return scope_for(verified.agreement)


def scope_for(agreement: Agreement) -> Scope:
    """Return the population terms of an agreement that may be a draft: for counting, never for keeping a population."""
    return Scope(
        agreement.digest,
        RowTerms(
            population=parse(agreement.population),
            basis=agreement.basis,
            school_years=tuple(sorted({year for terms in agreement.datasets for year in terms.school_years})),
            time_zone=agreement.term.time_zone,
            cadence=agreement.cadence,
            element_order=agreement.element_ids,
        ),
    )


def scopes_of(registry: Registry) -> tuple[Scope, ...]:
    """Return the population terms of everything that is in force, suspended or not."""
    return tuple(scope_of(granted.agreement) for granted in registry.granted.values())
