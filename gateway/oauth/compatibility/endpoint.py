"""
The token endpoint of the compatibility mode: load, decide, write, as `gateway.oauth.endpoint` does.

INVARIANT: a token leaves only after the entry that records it is committed. Nobody who did not send a client's secret
writes an entry.
"""

from collections.abc import Callable
from typing import Protocol

from audit.errors import EpochMoved, LogBusy, LogUnavailable
from audit.log import Draft
from gateway.oauth.compatibility import entries
from gateway.oauth.compatibility.credentials import claimed_secret, require_secret
from gateway.oauth.compatibility.deciding import AskedBySecret, BearerIssue, decide, require_grant
from gateway.oauth.compatibility.tokens import BearerTokens
from gateway.oauth.errors import RateExceeded, TemporarilyUnavailable, TokenRefused
from gateway.oauth.issuer import Issuer
from gateway.oauth.journal import Journal
from gateway.oauth.posted import Posted
from gateway.oauth.rates import Buckets
from gateway.oauth.strangers import Strangers
from gateway.registration import SecretClientDirectory

_ATTEMPTS = 3
"""What may leave can change between loading and writing; then the client is loaded again."""


class CompatibilityServices(Protocol):
    """What must be open while bearer tokens are issued and used."""

    @property
    def secret_clients(self) -> SecretClientDirectory:
        """Where clients without keys are looked up."""
        ...

    @property
    def log(self) -> Journal:
        """Where entries are appended."""
        ...


class CompatibilityEndpoint:
    """Issues bearer tokens. Clock, counters and limits are those of the main issuer: both are one door to strangers."""

    def __init__(
        self,
        issuer: Issuer,
        tokens: BearerTokens,
        *,
        clock: Callable[[], float],
        strangers: Strangers,
        by_address: Buckets,
        by_client: Buckets,
    ) -> None:
        self._issuer = issuer
        self._tokens = tokens
        self._clock = clock
        self._strangers = strangers
        self._by_address = by_address
        self._by_client = by_client

    async def issue(
        self,
        posted: Posted,
        address: str | None,
        services: CompatibilityServices,
        note: Callable[[str, str], None],
    ) -> BearerIssue:
        """
        Return a token whose entry is committed.

        `address` is whose the request is, None if that is not known. `note` receives facts for the log line. Raises
        `TokenRefused`, on record if the secret was right, and `RateExceeded`.
        """
        try:
            self._by_address.spend(posted.address)
            form, claimed = claimed_secret(posted)
            require_grant(form)
        except (TokenRefused, RateExceeded) as refusal:
            self._strangers.count(str(refusal))
            raise
        for _ in range(_ATTEMPTS):
            # (1): load.
            known = await services.secret_clients.load(claimed.client_id)
            try:
                secret = require_secret(claimed, known)
            except TokenRefused as refusal:
                self._strangers.count(str(refusal))
                raise
            assert known is not None
            note("client", known.client.id)
            asked = AskedBySecret(form, claimed, known, secret, address)
            # (2): decide, (3): write.
            try:
                return await self._written(asked, posted.request_id, services.log)
            except EpochMoved:
                continue  # nothing was written
        raise TemporarilyUnavailable("epoch_moving")

    async def _written(self, asked: AskedBySecret, request_id: str, log: Journal) -> BearerIssue:
        try:
            issue = decide(asked, self._issuer, self._tokens, self._clock())
        except TokenRefused as refusal:
            await self._append(asked, entries.refused(asked, refusal.code, str(refusal), request_id), log)
            raise
        await self._append(asked, entries.issued(asked, issue, request_id), log)
        return issue

    async def _append(self, asked: AskedBySecret, draft: Draft, log: Journal) -> None:
        """Commit an entry. Raises `RateExceeded`, `EpochMoved`, `TemporarilyUnavailable`."""
        try:
            self._by_client.spend(asked.known.client.id)
        except RateExceeded:
            self._strangers.count("rate_of_client")
            raise
        try:
            await log.append(draft)
        except (LogUnavailable, LogBusy) as error:
            raise TemporarilyUnavailable("log") from error
