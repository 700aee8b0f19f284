"""
The token endpoint: load, decide, write, in this order and nothing else.

INVARIANT: a token leaves only after the entry that records it is committed, in one transaction with the replay ids of
assertion and proof. A failed or unknown commit is a 503 without a token.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Never

from audit.errors import EpochMoved, LogBusy, LogUnavailable, Replayed
from audit.log import Draft
from gateway.oauth import entries
from gateway.oauth.assertion import AuthenticatedClient
from gateway.oauth.errors import InvalidClient, InvalidProof, RateExceeded, TemporarilyUnavailable, TokenRefused
from gateway.oauth.grants import Ask, Issue
from gateway.oauth.issuer import Issuer
from gateway.oauth.journal import Journal, OAuthServices
from gateway.oauth.posted import Posted, claimed_in
from gateway.oauth.rates import Buckets
from gateway.oauth.server import TokenServer
from gateway.oauth.strangers import Strangers
from gateway.oauth.tokens import AccessTokens

_ATTEMPTS = 3
"""What may leave can change between loading and writing; then the client is loaded again."""


class TokenEndpoint:
    """Issues tokens. `clock` is in seconds since 1970; `by_address` and `by_client` bound how often one may ask."""

    def __init__(
        self,
        issuer: Issuer,
        tokens: AccessTokens,
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
        self._spent = _Spent()

    async def issue(self, posted: Posted, services: OAuthServices, note: Callable[[str, str], None]) -> Issue:
        """
        Return a token whose entry is committed.

        `note` receives facts for the log line. Raises `TokenRefused`, on record if the client proved its key, and
        `RateExceeded`.
        """
        try:
            self._by_address.spend(posted.address)
            form, claimed = claimed_in(posted)
        except (TokenRefused, RateExceeded) as refusal:
            self._strangers.count(str(refusal))
            raise
        for _ in range(_ATTEMPTS):
            # (1): load. From here to the write nothing waits for anything.
            client = await services.clients.load(claimed.client_id, claimed.key_id)
            # (2): decide.
            ask = Ask(form, posted.proofs, claimed, client, self._clock(), posted.known_address)
            server = TokenServer(ask, self._issuer, self._tokens)
            try:
                issue = server.decide()
            except TokenRefused as refusal:
                if server.authenticated is None:
                    self._strangers.count(str(refusal))
                    raise
                note("client", server.authenticated.client.id)
                await self._refuse(server.authenticated, refusal, posted, services.log)
            assert server.authenticated is not None
            note("client", server.authenticated.client.id)
            # (3): write.
            try:
                await self._write(server.authenticated, issue, posted, services.log)
            except EpochMoved:
                continue  # nothing was written, so the same assertion and proof may be judged again
            return issue
        raise TemporarilyUnavailable("epoch_moving")

    async def _write(self, who: AuthenticatedClient, issue: Issue, posted: Posted, log: Journal) -> None:
        """Commit the token's entry. Raises `TokenRefused`, or `EpochMoved` if nothing was written."""
        self._require_rate(who)
        try:
            await self._append(entries.issued(who, issue, posted.request_id), log)
        except Replayed as error:
            # The log does not say which of the two was used before. The proof is blamed only if we saw it spent.
            proof = self._spent.has(issue.proof.replay_id) and not self._spent.has(who.replay_id)
            raise (InvalidProof if proof else InvalidClient)("replayed") from error
        self._spent.add(who.replay_id, issue.proof.replay_id)

    async def _refuse(self, who: AuthenticatedClient, refusal: TokenRefused, posted: Posted, log: Journal) -> Never:
        """Put the refusal on record, then raise it."""
        self._require_rate(who)
        try:
            await self._append(entries.refused(who, refusal.code, str(refusal), posted.request_id), log)
        except Replayed as error:
            raise InvalidClient("replayed") from error
        raise refusal

    async def _append(self, draft: Draft, log: Journal) -> None:
        try:
            await log.append(draft)
        except (LogUnavailable, LogBusy) as error:
            raise TemporarilyUnavailable("log") from error

    def _require_rate(self, who: AuthenticatedClient) -> None:
        try:
            self._by_client.spend(who.client.id)
        except RateExceeded:
            self._strangers.count("rate_of_client")
            raise


class _Spent:
    """The last replay ids this replica saw spent: only to tell a client which of its two signatures was stale."""

    _MAX = 8_192

    def __init__(self) -> None:
        self._ids: OrderedDict[bytes, None] = OrderedDict()

    def add(self, *ids: bytes) -> None:
        for each in ids:
            self._ids[each] = None
        while len(self._ids) > self._MAX:
            self._ids.popitem(last=False)

    def has(self, each: bytes) -> bool:
        return each in self._ids
