"""Who may call a route of the compatibility mode, said in its signature and counted as the others are."""

from typing import Annotated, Any

from fastapi import Depends, Request

from gateway.addresses import known
from gateway.caller import BearerCaller
from gateway.oauth.callers import admit, declares_caller, presented_by, put_on_record
from gateway.oauth.compatibility.addresses import network_of
from gateway.oauth.compatibility.endpoint import CompatibilityServices
from gateway.oauth.compatibility.errors import BearerTokenRefused
from gateway.oauth.compatibility.gate import CompatibilityGate
from gateway.oauth.errors import InsufficientAuthorization
from gateway.oauth.journal import SERVICES_STATE
from policies.request import Bearer

GATE_STATE = "compatibility_gate"


async def _caller_from(request: Request, dataset: str | None) -> BearerCaller:
    scope = request.scope
    gate = scope["state"][GATE_STATE]
    assert isinstance(gate, CompatibilityGate)
    token = gate.require_token(presented_by(request))
    services: CompatibilityServices = scope["state"][SERVICES_STATE]
    networks = await services.secret_clients.networks(token.client, token.details.agreement, token.secret)
    if networks is None:
        raise gate.counted(BearerTokenRefused("secret_ended"), known(scope["client"]))
    caller = BearerCaller(
        client=token.client,
        agreement=token.details.agreement,
        purpose=token.details.purpose,
        token_id=token.id,
        behind=token.details.behind,
        # An address of nobody's does not end it here: the decision refuses it, and the refusal goes on the log.
        bearer=Bearer(network_of(known(scope["client"]), networks)),
        secret=token.secret,
        token_epoch=token.epoch,
        token_key=token.key_id,
        role=token.details.role,
    )
    await admit(request, caller, gate.throttle, gate.strangers)
    if token.details.datasets is not None and dataset not in token.details.datasets:
        await put_on_record(request, caller, InsufficientAuthorization.code)
        raise InsufficientAuthorization("dataset", caller)
    return caller


@declares_caller
async def require_bearer_caller(request: Request) -> BearerCaller:
    """Return the caller of a route that discloses no dataset. Raises `AccessRefused`."""
    return await _caller_from(request, None)


BearerCallerDep = Annotated[BearerCaller, Depends(require_bearer_caller)]


def bearer_caller_of(dataset: str) -> Any:  # noqa: ANN401  FastAPI's own type of a dependency
    """Make the dependency of a route that discloses `dataset`; use it in `Annotated[BearerCaller, …]`."""

    @declares_caller
    async def require_bearer_caller_of_dataset(request: Request) -> BearerCaller:
        return await _caller_from(request, dataset)

    return Depends(require_bearer_caller_of_dataset)
