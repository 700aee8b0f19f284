"""Where the time of one token goes: as `tests.bench.stages`, for the token endpoint."""

from audit.log import Log
from gateway.oauth import client_endpoint, grants, server
from gateway.oauth.tokens import AccessTokens
from gateway.services.grants import Grants
from tests.bench.stages import Stage, main

STAGES: tuple[Stage, ...] = (
    ("form and assertion, read", client_endpoint, "claimed_in"),
    ("what is in force (wall: waits for PostgreSQL)", Grants, "registry"),
    ("assertion, checked", server, "require_client"),
    ("proof, checked", grants, "require_proof"),
    ("token, signed", AccessTokens, "mint"),
    ("append (wall: waits for the commit)", Log, "append"),
)


if __name__ == "__main__":
    main(STAGES, "FastAPI, Authlib, HTTP floor, line")
