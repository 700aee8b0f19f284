"""
What a client may do about tokens of its own: end one (RFC 7009), and ask whether one is good (RFC 7662).

INVARIANT: another client's token and a text that is no token are answered alike: it is not active, and nothing was
ended. Both endpoints ask for the same proofs as the token endpoint, each made for its own URL.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from audit.errors import EpochMoved
from audit.log import Draft
from gateway.oauth import entries
from gateway.oauth.assertion import AuthenticatedClient, ClaimedAssertion, require_client
from gateway.oauth.client_endpoint import ATTEMPTS, ClientEndpoint
from gateway.oauth.dpop import Expected, Proof, require_proof
from gateway.oauth.errors import (
    InvalidClient,
    InvalidProof,
    InvalidRequest,
    InvalidToken,
    ProofMissing,
    ProofRefused,
    RateExceeded,
    TemporarilyUnavailable,
    TokenRefused,
)
from gateway.oauth.issuer import INTROSPECTION_PATH, REVOCATION_PATH, Issuer
from gateway.oauth.journal import OAuthServices
from gateway.oauth.posted import Posted
from gateway.oauth.rates import Buckets
from gateway.oauth.strangers import Strangers
from gateway.oauth.tokens import AccessTokens, VerifiedToken
from gateway.registration import RegisteredClient, is_allowed

_FIELDS = frozenset({"token", "token_type_hint", "client_id", "client_assertion", "client_assertion_type"})
Note = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Own:
    """A client's own token: whether it was ended, and whether it opens anything now with the key of this proof."""

    token: VerifiedToken
    is_over: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class _IssuedToken:
    """A token as `EndedTokens` looks at it."""

    client: str
    agreement: str
    token_id: str
    token_epoch: int
    token_key: str


class OwnTokens(ClientEndpoint):
    """Ends tokens and tells of them. `by_revoker` bounds how often one client may end one."""

    def __init__(
        self,
        issuer: Issuer,
        tokens: AccessTokens,
        *,
        clock: Callable[[], float],
        strangers: Strangers,
        by_address: Buckets,
        by_client: Buckets,
        by_revoker: Buckets,
    ) -> None:
        super().__init__(issuer, tokens, clock=clock, strangers=strangers, by_address=by_address, by_client=by_client)
        self._by_revoker = by_revoker

    async def revoke(self, posted: Posted, services: OAuthServices, note: Note) -> None:
        """
        End the token; the next request with it is refused, on every replica.

        A text that is no token of the client's, and a token that is over, need no ending and are no error (RFC 7009
        section 2.2). Raises `TokenRefused`, on record if the client proved its key, and `RateExceeded`.
        """

        def entry(who: AuthenticatedClient, own: Own | None, proof: Proof) -> Draft:
            # One that opens nothing just now is ended too: a stop may be undone before it expires.
            if own is None or own.is_over:
                told = None if own is None else own.token.id
                return entries.inspected(who, told, proof, posted.request_id, active=False)
            self._require_room(who)
            return entries.revoked(who, own.token, proof, posted.request_id)

        await self._judge(posted, REVOCATION_PATH, services, note, entry)

    async def introspect(self, posted: Posted, services: OAuthServices, note: Note) -> Mapping[str, object]:
        """Tell whether the token is the client's own and good, and what it says. Raises as `revoke`."""

        def entry(who: AuthenticatedClient, own: Own | None, proof: Proof) -> Draft:
            told, active = (None, False) if own is None else (own.token.id, own.is_active)
            return entries.inspected(who, told, proof, posted.request_id, active=active)

        own = await self._judge(posted, INTROSPECTION_PATH, services, note, entry)
        return {"active": False} if own is None or not own.is_active else self._told(own.token)

    async def _judge(
        self,
        posted: Posted,
        path: str,
        services: OAuthServices,
        note: Note,
        entry: Callable[[AuthenticatedClient, Own | None, Proof], Draft],
    ) -> Own | None:
        """Return the client's own token, once the entry is committed that says what was made of it."""
        form, claimed = self._claimed(posted, "token")
        for _ in range(ATTEMPTS):
            # (1): load. From here to the write nothing waits for anything.
            client = await services.clients.load(claimed.client_id, claimed.key_id)
            # (2): who asks.
            who = self._authenticated(claimed, client)
            note("client", who.client.id)
            # (3): the proof, and a form that asks for nothing else.
            try:
                if not _FIELDS.issuperset(form):
                    raise InvalidRequest("field_unknown")
                if not who.client.active:
                    raise InvalidClient("client_suspended")
                _require_some_place(who, posted.known_address)
                proof = self._proof(posted, path)
            except TokenRefused as refusal:
                await self._refuse(who, refusal, posted, services.log)
            # (4): the token, and the entry.
            self._require_rate(who)
            own = self._own(form["token"], who.client, proof)
            try:
                await self._spend(entry(who, own, proof), who, proof, services.log)
            except EpochMoved:
                continue  # nothing was written, so the same assertion and proof may be judged again
            return own
        raise TemporarilyUnavailable("epoch_moving")

    def _authenticated(self, claimed: ClaimedAssertion, client: RegisteredClient | None) -> AuthenticatedClient:
        try:
            return require_client(claimed, client, issuer=self._issuer.url, now=self._clock())
        except TokenRefused as refusal:
            self._strangers.count(str(refusal))
            raise

    def _proof(self, posted: Posted, path: str) -> Proof:
        try:
            return require_proof(posted.proofs, Expected("POST", self._issuer.at(path), self._clock()))
        except ProofMissing as error:
            raise InvalidRequest(str(error)) from error
        except ProofRefused as error:
            raise InvalidProof(str(error)) from error

    def _own(self, text: str, client: RegisteredClient, proof: Proof) -> Own | None:
        """Return the token if it is one of this client's, as we signed it and not expired; None for all else."""
        try:
            token = self._tokens.verify(text, self._clock())
        except InvalidToken:
            return None
        if token.client != client.id:
            return None
        details = token.details
        agreement = details.agreement
        in_force = any(
            grant.digest == agreement
            and grant.in_force
            and token.key in grant.keys
            and grant.attendance.against(details.person, details.role) is None
            for grant in client.agreements
        )
        issued = _IssuedToken(client.id, agreement, token.id, token.epoch, token.key_id)
        is_over = client.ended.has(issued)
        # Whoever lost the key of the proof may still end a token; only that it is good is told to its holder alone.
        is_bound = token.thumbprint == proof.thumbprint
        return Own(token, is_over, in_force and is_bound and not is_over)

    def _require_room(self, who: AuthenticatedClient) -> None:
        try:
            self._by_revoker.spend(who.client.id)
        except RateExceeded:
            self._strangers.count("rate_of_client")
            raise

    def _told(self, token: VerifiedToken) -> Mapping[str, object]:
        """Return what RFC 7662 section 2.2 and RFC 9449 section 6.2 say of a token that is good."""
        return {
            "active": True,
            "client_id": token.client,
            "sub": token.client,
            "iss": self._issuer.url,
            "aud": self._issuer.url,
            "iat": token.issued,
            "exp": token.expires,
            "jti": token.id,
            "token_type": "DPoP",
            "cnf": {"jkt": token.thumbprint},
            "authorization_details": [token.details.as_json()],
        }


def _require_some_place(who: AuthenticatedClient, address: str | None) -> None:
    """Check that the key may be used from here under some agreement. Raises `InvalidClient`."""
    places = [grant.keys[who.key_id] for grant in who.client.agreements if who.key_id in grant.keys]
    if not any(is_allowed(each, address) for each in places):
        raise InvalidClient("client_address")
