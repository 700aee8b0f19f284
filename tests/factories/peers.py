"""
OAuth implementations of others, run beside the gateway: Node programs of `tests/peers`, on loopback.

`make setup` installs them. Where Node or a package is missing, a test fails: it is not skipped.
"""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

PEERS = Path(__file__).parents[1] / "peers"
_PATIENCE = 60.0
"""Seconds for a program to start, or to do all it does, on a busy machine."""


def node() -> str:
    """Return the path of Node. Raises `AssertionError` where it, or what `make setup` installs for it, is missing."""
    found = shutil.which("node")
    assert found is not None, "Node was not found: install Node 20 or newer with npm, then run `make setup`"
    assert (PEERS / "node_modules").is_dir(), "the peers are not installed: run `make setup`"
    return found


@asynccontextmanager
async def oracle(jwks: Mapping[str, list[dict[str, object]]]) -> AsyncIterator[str]:
    """Run node-oidc-provider with these clients, each with its public keys; yields its issuer."""
    process = await asyncio.create_subprocess_exec(
        node(), "oracle.mjs", cwd=PEERS, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        clients = [{"client_id": name, "jwks": {"keys": keys}} for name, keys in jwks.items()]
        process.stdin.write(json.dumps({"clients": clients}).encode() + b"\n")
        async with asyncio.timeout(_PATIENCE):
            said = await process.stdout.readline()
        assert said, "the oracle stopped; what it said is above"
        yield str(json.loads(said)["issuer"])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
