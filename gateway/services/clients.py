"""The directory of clients: what the token endpoint may know about one, at the epoch the database is at now."""

from datetime import datetime

from gateway.registration import AgreementGrant, RegisteredClient
from gateway.services.grants import Grants
from policies.state import Granted
from policies.term import bounds


class Clients:
    """Looks clients up in what was verified; there is no other source of keys."""

    def __init__(self, grants: Grants) -> None:
        self._grants = grants

    async def load(self, client_id: str) -> RegisteredClient | None:
        """Return the client of this id, suspended or not, or None if there is none. One snapshot a call."""
        registry, moment = await self._grants.registry()
        known = registry.clients.get(client_id)
        if known is None:
            return None
        stopped = {stop.concerns for stop in registry.suspensions}
        jwks: list[dict[str, object]] = []
        grants: list[AgreementGrant] = []
        for digest, granted in registry.granted.items():
            keys = [
                key for bound in granted.bindings if bound.binding.client == client_id for key in bound.binding.keys
            ]
            if not keys:
                continue
            jwks += [{**key.jwk, "kid": key.thumbprint} for key in keys]
            barred = digest in stopped or known.partner in stopped
            in_force = not barred and runs(granted, moment.now)
            grants.append(grant_of(granted, frozenset(key.thumbprint for key in keys), in_force=in_force))
        return RegisteredClient(
            id=known.id,
            partner=known.partner,
            name=known.name,
            active=known.active,
            jwks=tuple({str(key["kid"]): key for key in jwks}.values()),
            agreements=tuple(grants),
            epoch=moment.epoch,
            read_at=moment.now,
        )


def grant_of(granted: Granted, keys: frozenset[str], *, in_force: bool) -> AgreementGrant:
    """Return what a client may ask under one agreement, with the keys that are bound to it."""
    agreement = granted.agreement.agreement
    return AgreementGrant(
        digest=agreement.digest,
        purpose=agreement.purpose.code,
        datasets=frozenset(terms.dataset for terms in agreement.datasets),
        in_force=in_force,
        keys=keys,
        line=agreement.id,
    )


def runs(granted: Granted, now: datetime) -> bool:
    """Say whether an agreement's days have begun and are not over."""
    term = granted.agreement.agreement.term
    begins, ends = bounds(term.first_day, term.last_day, term.time_zone)
    return begins <= now < (ends if granted.until is None else min(ends, granted.until))
