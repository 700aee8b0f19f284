"""The directory of clients: what the token endpoint may know about one, at the epoch the database is at now."""

from collections.abc import Mapping
from datetime import datetime

from agreements.attending import Attendance
from agreements.in_force import VerifiedBinding
from gateway.registration import AgreementGrant, Places, RegisteredClient
from gateway.services.attended import attendance_of
from gateway.services.bound import bindings_of, keys_of
from gateway.services.grants import Grants
from gateway.services.keysets.renewing import KeyRenewal
from gateway.services.standing.registry import Moment, Registry
from policies.state import Granted
from policies.term import bounds


class Clients:
    """Looks clients up in what was verified; there is no other source of keys. `renewal` fetches what they publish."""

    def __init__(self, grants: Grants, renewal: KeyRenewal) -> None:
        self._grants = grants
        self._renewal = renewal

    async def load(self, client_id: str, key_id: str | None = None, /) -> RegisteredClient | None:
        """
        Return the client of this id, suspended or not, or None if there is none. One snapshot a call.

        `key_id` is the key that somebody named as this client: published keys are fetched if it is not among them.
        """
        registry, moment = await self._grants.registry()
        if key_id is not None:
            wanted = _standing(registry, client_id, moment.now)
            if await self._renewal.renew(wanted, key_id, moment.now):
                registry, moment = await self._grants.registry()
        return self._client(registry, moment, client_id)

    @staticmethod
    def _client(registry: Registry, moment: Moment, client_id: str) -> RegisteredClient | None:
        known = registry.clients.get(client_id)
        if known is None:
            return None
        stopped = _stopped(registry)
        jwks: list[dict[str, object]] = []
        grants: list[AgreementGrant] = []
        for digest, granted in registry.granted.items():
            bindings = list(bindings_of(granted, client_id, moment.now))
            if not bindings:
                continue
            jwks += [{**key.key.jwk, "kid": key.kid} for each in bindings for key in each.keys]
            barred = digest in stopped or known.partner in stopped
            in_force = not barred and runs(granted, moment.now)
            keys = keys_of(granted, client_id, moment.now)
            grants.append(grant_of(granted, keys, attendance_of(registry, granted, moment.now), in_force=in_force))
        return RegisteredClient(
            id=known.id,
            partner=known.partner,
            name=known.name,
            active=known.active,
            jwks=tuple(each for index, each in enumerate(jwks) if each not in jwks[:index]),
            agreements=tuple(grants),
            epoch=moment.epoch,
            read_at=moment.now,
            ended=registry.ended_tokens,
        )


def _stopped(registry: Registry) -> set[str]:
    return {stop.concerns for stop in registry.suspensions}


def _standing(registry: Registry, client_id: str, now: datetime) -> list[VerifiedBinding]:
    """Return the bindings for whose keys it is worth asking: nobody is called for what is stopped or over."""
    known = registry.clients.get(client_id)
    stopped = _stopped(registry)
    if known is None or not known.active:
        return []
    return [
        each
        for digest, granted in registry.granted.items()
        if digest not in stopped and known.partner not in stopped and runs(granted, now)
        for each in granted.bindings
        if each.binding.client == client_id and (each.ends is None or now < each.ends)
    ]


def grant_of(granted: Granted, keys: Mapping[str, Places], attendance: Attendance, *, in_force: bool) -> AgreementGrant:
    """Return what a client may ask under one agreement, with the keys that are bound to it, and for whom."""
    agreement = granted.agreement.agreement
    return AgreementGrant(
        digest=agreement.digest,
        purpose=agreement.purpose.code,
        datasets=frozenset(terms.dataset for terms in agreement.datasets),
        in_force=in_force,
        keys=keys,
        line=agreement.id,
        attendance=attendance,
    )


def runs(granted: Granted, now: datetime) -> bool:
    """Say whether an agreement's days have begun and are not over."""
    term = granted.agreement.agreement.term
    begins, ends = bounds(term.first_day, term.last_day, term.time_zone)
    return begins <= now < (ends if granted.until is None else min(ends, granted.until))
