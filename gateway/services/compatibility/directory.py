"""The directory of clients that know only a secret: those whom district, both parties and their binding let in now."""

import asyncpg

from agreements.in_force import VerifiedBinding
from gateway.registration import AgreementGrant, KnownSecret, RegisteredClient, SecretClient
from gateway.services.alarms import alarm
from gateway.services.attended import attendance_of
from gateway.services.clients import grant_of, runs
from gateway.services.compatibility.secrets import live_secrets
from gateway.services.grants import Grants
from gateway.services.standing.registry import Moment, Registry
from policies.bearer import bearer_until, signed_networks
from policies.decision import Denied
from policies.request import Bearer
from policies.state import Granted

SECRET = "client_secret"  # noqa: S105  the name of a method
"""What stands for the key of a client that has none."""
_SALTS = "SELECT idx, salt FROM gateway.client_secret WHERE idx = ANY ($1)"


class SecretClients:
    """Looks clients up in what was verified. It leaves out what a decision would deny, by the same function."""

    def __init__(self, grants: Grants, pool: asyncpg.Pool) -> None:
        self._grants = grants
        self._pool = pool

    async def load(self, client_id: str) -> SecretClient | None:
        """Return the client of this id, suspended or not, or None if nothing lets it in."""
        registry, moment = await self._grants.registry()
        known = registry.clients.get(client_id)
        networks = {
            digest: networks
            for digest, granted in registry.granted.items()
            if (networks := self._networks(granted, client_id, moment))
        }
        if known is None or not networks:
            return None
        stopped = {stop.concerns for stop in registry.suspensions}
        client = RegisteredClient(
            id=known.id,
            partner=known.partner,
            name=known.name,
            active=known.active,
            jwks=(),
            agreements=tuple(
                _grant(registry, granted, moment, barred=digest in stopped or known.partner in stopped)
                for digest, granted in registry.granted.items()
                if digest in networks
            ),
            epoch=moment.epoch,
            read_at=moment.now,
            ended=registry.ended_tokens,
        )
        return SecretClient(client, networks, await self._secrets(registry, client_id, moment))

    async def networks(self, client_id: str, agreement: str, secret: int) -> frozenset[str] | None:
        """Return the networks from which this client may ask under this agreement now; None if its secret ended."""
        registry, moment = await self._grants.registry()
        if secret not in {each.entry for each in live_secrets(registry.secrets, client_id, moment.now)}:
            return None
        granted = registry.granted.get(agreement)
        return frozenset() if granted is None else self._networks(granted, client_id, moment)

    def _networks(self, granted: Granted, client_id: str, moment: Moment) -> frozenset[str]:
        return frozenset(
            network
            for network in signed_networks(granted, client_id)
            if not isinstance(self._until(granted, client_id, network, moment), Denied)
        )

    def _until(self, granted: Granted, client_id: str, network: str, moment: Moment) -> object:
        return bearer_until(granted, client_id, Bearer(network), moment.now, guardrails=self._grants.guardrails)

    async def _secrets(self, registry: Registry, client_id: str, moment: Moment) -> tuple[KnownSecret, ...]:
        """Return the secrets in use. One whose salt is gone opens nothing, and alarms."""
        live = live_secrets(registry.secrets, client_id, moment.now)
        salts = {row["idx"]: row["salt"] for row in await self._pool.fetch(_SALTS, [each.entry for each in live])}
        for each in live:
            if each.entry not in salts:
                alarm("secret_missing", {"client": client_id, "entry": str(each.entry)})
        return tuple(
            KnownSecret(each.entry, salts[each.entry], each.commitment) for each in live if each.entry in salts
        )


def bearer_bindings(granted: Granted) -> tuple[VerifiedBinding, ...]:
    """Return the bindings of an agreement by which clients ask without keys."""
    return tuple(each for each in granted.bindings if each.binding.compatibility)


def _grant(registry: Registry, granted: Granted, moment: Moment, *, barred: bool) -> AgreementGrant:
    attended = attendance_of(registry, granted, moment.now)
    return grant_of(granted, {SECRET: ()}, attended, in_force=not barred and runs(granted, moment.now))
