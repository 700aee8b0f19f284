"""
What the log says of a decision: the members of its entry, the same when it is written and when it is decided again.

INVARIANT: ids, digests, codes and clauses only; no value and nothing about a student (claim 9).
"""

from collections.abc import Mapping
from typing import Any, Final

from policies.decision import Denied, Permit
from policies.emergency import BASIS
from policies.emergency_release import EmergencyPermit
from policies.request import Bearer

_BEARER: Final = "bearer"


def told_of_permit(permit: Permit) -> dict[str, Any]:
    """Return what the entry of a disclosure says of the permit by which it was made."""
    return {
        "dataset": permit.dataset,
        "ruleset": permit.ruleset_digest,
        "guardrails": permit.guardrails_digest,
        "catalogue": permit.catalogue_digest,
        "basis": permit.rows.basis,
        "ferpa_9932_required": permit.ferpa_9932_required,
        "elements": [field.element for field in permit.fields],
        "transformations": [field.transformation for field in permit.fields],
        "clauses": [list(field.clauses) for field in permit.fields],
    }


def told_of_release(permit: EmergencyPermit) -> dict[str, Any]:
    """Return what the entry of a release says of the permit by which records were handed over in an emergency."""
    return {
        "order": permit.order,
        "recipients": list(permit.recipients),
        "dataset": permit.dataset,
        "ruleset": permit.ruleset_digest,
        "guardrails": permit.guardrails_digest,
        "catalogue": permit.catalogue_digest,
        "basis": BASIS,
        "ferpa_9932_required": permit.ferpa_9932_required,
        "elements": [field.element for field in permit.fields],
        "transformations": [field.transformation for field in permit.fields],
        "clauses": [list(field.clauses) for field in permit.fields],
    }


def told_of_denial(denied: Denied) -> dict[str, Any]:
    """Return what the entry of a refusal says of a denial: its code, the wire names it is about, and its clause."""
    return {"code": str(denied.code), "elements": list(denied.elements), "clause": denied.facts.get("clause")}


def told_of_bearer(bearer: Bearer | None) -> dict[str, Any]:
    """Return what the entry of a request says of a token that is bound to no key; nothing of one that is bound."""
    return {} if bearer is None else {"binding": _BEARER, "network": bearer.network}


def bearer_told(body: Mapping[str, Any]) -> Bearer | None:
    """Return what the entry of a request tells of its token: the way back from `told_of_bearer`."""
    return Bearer(body.get("network")) if body.get("binding") == _BEARER else None
