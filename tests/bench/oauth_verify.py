"""What checking an assertion and a proof costs, by algorithm, in process: python -m tests.bench.oauth_verify."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import cast
from uuid import uuid4

from joserfc.jwk import ECKey

from gateway.oauth.assertion import read_assertion, require_client
from gateway.oauth.dpop import Expected, require_proof
from gateway.registration import RegisteredClient
from tests.bench.machine import facts
from tests.bench.report import say
from tests.factories.oauth import Builder, World, key, public

ROUNDS, CALLS = 5, 400
HEADERS = {"ES256": ("k1", "client"), "PS256": ("r1", "client_ps256"), "Ed25519": ("e1", "client_ed25519")}
PROOFS = {"ES256": ("proof", "proof"), "PS256": ("rsa", "client_ps256"), "Ed25519": ("client_ed25519",) * 2}


def best(call: Callable[[], object]) -> float:
    """Return the microseconds of one call, of the best round."""
    rounds = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(CALLS):
            call()
        rounds.append(time.perf_counter() - began)
    return 1e6 * min(rounds) / CALLS


def main() -> None:
    """Measure and print."""
    for name, value in facts().items():
        say(f"{name + ':':<20} {value}")
    me, issuer = f"client:{uuid4()}", "https://district.example"
    ids = {"client": me, "other": f"client:{uuid4()}"}
    agreements = dict.fromkeys(("client", "other", "expired"), "sha256:00")
    build = Builder(World(issuer, time.time, ids, agreements, "tutoring", cast("ECKey", key("server"))))
    keys = (public("client", kid="k1"), public("rsa", kid="r1"), public("client_ed25519", kid="e1"))
    client = RegisteredClient(me, "partner:p", "P", True, keys, (), 0, datetime.now(UTC))
    say(f"\nmicroseconds, best of {ROUNDS} x {CALLS}       assertion    proof")
    for algorithm, (kid, signer) in HEADERS.items():
        text = build.assertion({"header": {"alg": algorithm, "kid": kid}, "sign": signer})
        jwk, prover = PROOFS[algorithm]
        change = {"header": {"alg": algorithm, "jwk": public(jwk)}, "sign": prover}
        proof = build.proof("POST", f"{issuer}/oauth/token", change)
        expected = Expected("POST", f"{issuer}/oauth/token", time.time())

        def assertion(text: str = text) -> object:
            return require_client(read_assertion(text), client, issuer=issuer, now=time.time())

        def proven(proof: str = proof, expected: Expected = expected) -> object:
            return require_proof((proof,), expected)

        say(f"  {algorithm:<32} {best(assertion):8.0f} {best(proven):8.0f}")


if __name__ == "__main__":
    main()
