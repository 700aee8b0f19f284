"""
After every test that wrote, the whole log is recomputed: at the one place where the databases of tests come to an end.

A test that damages its log says so beforehand; then the damage must be found.
"""

from collections.abc import Mapping

from audit.checkpoint import CheckpointVerifier
from audit.errors import VerificationFailed
from audit.recheck import recheck
from gateway.store.session import connect
from tests.factories.log import signer_of

_HAS_LOG = "SELECT to_regclass('audit.head') IS NOT NULL"
_SIGNERS = "SELECT DISTINCT signer FROM audit.signature"


def known_by(vkey: str) -> dict[str, CheckpointVerifier]:
    """Return the key that `vkey` writes out, by the name under which its signatures are kept."""
    verifier = CheckpointVerifier.parse(vkey)
    return {f"{verifier.origin}+{verifier.key_id}": verifier}


async def require_whole(url: str, known: Mapping[str, CheckpointVerifier], *, damaged: bool = False) -> None:
    """
    Recompute the tree, its checkpoints, and the signatures of every `known` key that signed: by origin+key id.

    Raises `VerificationFailed` naming the first thing wrong; with `damaged`, `AssertionError` if nothing was found.
    """
    async with connect(url) as session:
        if not await session.fetchval(_HAS_LOG):
            return
        signed = {row["signer"] for row in await session.fetch(_SIGNERS)}
        # A key that nobody here knows signs nothing that could be checked; the tree is checked all the same.
        verifiers = [known[each] for each in sorted(signed) if each in known] or [signer_of().verifier]
        try:
            for verifier in verifiers:
                await recheck(session, verifier)
        except VerificationFailed:
            if damaged:
                return
            raise
    assert not damaged, "the test says that it damaged the log, and nothing wrong was found in it"
