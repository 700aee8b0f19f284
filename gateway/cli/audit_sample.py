"""`pactgate audit sample`: which disclosures a partner is asked to justify, drawn by a checkpoint and by nobody."""

from pathlib import Path
from typing import Annotated

import typer

from audit.batch import Session
from audit.checkpoint import Checkpoint
from audit.drawing import Drawn, draw_among
from audit.errors import Forked
from audit.reading import leaves
from audit.verify import read_checkpoint
from gateway.cli.run import office, run, show
from gateway.services.logkeys import log_keys_in
from gateway.services.obligations.history import driver_of
from gateway.services.obligations.review_pack import SAMPLE_SIZE

_SIZE = "SELECT size FROM audit.head"
_HEAD = "SELECT tree_head FROM audit.checkpoint WHERE size = $1"


def sample(
    agreement: Annotated[str, typer.Argument(metavar="AGREEMENT", help="Digest of the agreement, sha256:…")],
    *,
    checkpoint: Annotated[
        Path, typer.Option(exists=True, dir_okay=False, help="A checkpoint of the log that the partner holds too.")
    ],
    size: Annotated[int, typer.Option(min=1, help="How many are drawn.")] = SAMPLE_SIZE,
) -> None:
    """Draw disclosures for the partner to justify; `python -m audit sample` draws them again from an export."""

    async def work() -> Drawn:
        async with office() as opened, opened.engine.connect() as connection:
            session = await driver_of(connection)
            chosen = read_checkpoint(checkpoint, (await log_keys_in(session, opened.trust)).verifier)
            return await _drawn(session, chosen, agreement, size)

    found = run(work())
    show(
        {
            "about": found.about,
            "tree_head": found.tree_head.hex(),
            "log_size": found.log_size,
            "among": found.among,
            "size": size,
            "entries": list(found.entries),
            "drawn_by": "pactgate-sample/1",
        }
    )


async def _drawn(session: Session, checkpoint: Checkpoint, agreement: str, size: int) -> Drawn:
    """Draw from the log in the database. Raises `Forked`, `RolledBack` if the checkpoint is not one of it."""
    stop = min(checkpoint.size, int(await session.fetchval(_SIZE) or 0))
    found = await draw_among(leaves(session, 0, stop), checkpoint, agreement, size)
    # Every batch has its head on record; one that was signed elsewhere, over another past, is not among them.
    if await session.fetchval(_HEAD, checkpoint.size) != checkpoint.tree_head:
        raise Forked(f"the log has no checkpoint of {checkpoint.size} entries with this tree head")
    return found
