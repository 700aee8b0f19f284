"""Whom an incident concerns: a partner, an agreement and a client of which each may be named beside the others."""

from gateway.services.inbox.errors import CaseRefused
from gateway.services.incidents.lines import Concerns
from gateway.services.standing.registry import Registry
from gateway.services.suspensions import partner_of


def require_together(concerns: Concerns, registry: Registry) -> None:
    """
    Check that whoever is named beside another belongs to it: what no disclosure can be of concerns nobody at all.

    Raises `CaseRefused`.
    """
    ids = {digest: each.verified.agreement.id for digest, each in registry.history.items()}
    registered = {each.document.digest: partner_of(each) for each in registry.register.agreements}
    partners = {partner for digest, partner in registered.items() if concerns.agreement in {digest, ids.get(digest)}}
    # (1): the agreement is one with the partner.
    if concerns.partner is not None and partners and concerns.partner not in partners:
        raise CaseRefused("The agreement is not one with this partner.")
    if concerns.client is None:
        return
    owners = {each.partner for each in registry.clients.values() if each.id == concerns.client}
    # (2): the client is one of the partner's.
    if concerns.partner is not None and concerns.partner not in owners:
        raise CaseRefused("The program is not one of this partner.")
    # (3): the client belongs to whom the agreement is with.
    if partners and owners.isdisjoint(partners):
        raise CaseRefused("The program is not one of the partner of this agreement.")
