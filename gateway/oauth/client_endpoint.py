"""
What the endpoints have in common at which a client authenticates: who is counted as a stranger, and what is on record.

INVARIANT: nothing leaves before the entry that records it is committed, in one transaction with the replay ids of
assertion and proof. A failed or unknown commit is a 503.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Never

from audit.errors import LogBusy, LogUnavailable, Replayed
from audit.log import Draft
from gateway.oauth import entries
from gateway.oauth.assertion import AuthenticatedClient, ClaimedAssertion
from gateway.oauth.dpop import Proof
from gateway.oauth.errors import InvalidClient, InvalidProof, RateExceeded, TemporarilyUnavailable, TokenRefused
from gateway.oauth.issuer import Issuer
from gateway.oauth.journal import Journal
from gateway.oauth.posted import Posted, claimed_in
from gateway.oauth.rates import Buckets
from gateway.oauth.strangers import Strangers
from gateway.oauth.tokens import AccessTokens

ATTEMPTS = 3
"""What may leave can change between loading and writing; then the client is loaded again."""


class ClientEndpoint:
    """
    One endpoint. `clock` is in seconds since 1970.

    `by_address` and `by_client` bound how often one may ask, at all endpoints that share them together.
    """

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
        self.by_address = by_address
        self.by_client = by_client
        self._issuer = issuer
        self._tokens = tokens
        self._clock = clock
        self._strangers = strangers
        self._spent = _Spent()

    def _claimed(self, posted: Posted, needs: str = "grant_type") -> tuple[Mapping[str, str], ClaimedAssertion]:
        """Return form and assertion. Raises `TokenRefused`, `RateExceeded`; who proved nothing is counted."""
        try:
            self.by_address.spend(posted.address)
            return claimed_in(posted, needs)
        except (TokenRefused, RateExceeded) as refusal:
            self._strangers.count(str(refusal))
            raise

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

    async def _spend(self, draft: Draft, who: AuthenticatedClient, proof: Proof, log: Journal) -> None:
        """
        Commit an entry that spends assertion and proof.

        Raises `TokenRefused`, or `EpochMoved` if nothing was written.
        """
        try:
            await self._append(draft, log)
        except Replayed as error:
            # The log does not say which of the two was used before. The proof is blamed only if we saw it spent.
            blamed = self._spent.has(proof.replay_id) and not self._spent.has(who.replay_id)
            raise (InvalidProof if blamed else InvalidClient)("replayed") from error
        self._spent.add(who.replay_id, proof.replay_id)

    def _require_rate(self, who: AuthenticatedClient) -> None:
        try:
            self.by_client.spend(who.client.id)
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
