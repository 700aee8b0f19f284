"""
The token endpoint: load, decide, write, in this order and nothing else.

INVARIANT: a token leaves only after the entry that records it is committed, in one transaction with the replay ids of
assertion and proof. A failed or unknown commit is a 503 without a token.
"""

from collections.abc import Callable

from audit.errors import EpochMoved
from gateway.oauth import entries
from gateway.oauth.assertion import AuthenticatedClient
from gateway.oauth.client_endpoint import ATTEMPTS, ClientEndpoint
from gateway.oauth.errors import TemporarilyUnavailable, TokenRefused
from gateway.oauth.grants import Ask, Issue
from gateway.oauth.journal import Journal, OAuthServices
from gateway.oauth.posted import Posted
from gateway.oauth.server import TokenServer


class TokenEndpoint(ClientEndpoint):
    """Issues tokens."""

    async def issue(self, posted: Posted, services: OAuthServices, note: Callable[[str, str], None]) -> Issue:
        """
        Return a token whose entry is committed.

        `note` receives facts for the log line. Raises `TokenRefused`, on record if the client proved its key, and
        `RateExceeded`.
        """
        form, claimed = self._claimed(posted)
        for _ in range(ATTEMPTS):
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
        await self._spend(entries.issued(who, issue, posted.request_id), who, issue.proof, log)
