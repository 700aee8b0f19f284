"""`pactgate audit`: the log, checked, shown, exported and proven. Reads as the auditor; student data is not in it."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import orjson
import typer

from audit.batch import Session
from audit.checkpoint import Checkpoint, CheckpointSigner, CheckpointVerifier
from audit.entry import parse
from audit.errors import VerificationFailed
from audit.events import Event
from audit.proof import Receipt
from audit.reading import leaf_at, leaves
from gateway.cli import papers
from gateway.cli.run import pinned_trust, run, say, settings, show
from gateway.keys import load_keys
from gateway.services.inspection import Inspected, export, inspect, inspect_folder, prove, sign_newest
from gateway.settings import Settings
from gateway.store.cluster import Cluster, running_cluster
from gateway.store.session import connect

app = typer.Typer(help="The log: verify, search, prove, export.", no_args_is_help=True)

_SIZE = "SELECT size FROM audit.head"
Exported = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="A log exported earlier; else the one in the database."),
]
Previous = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="A checkpoint kept elsewhere; finds a rollback or a fork."),
]


@dataclass(frozen=True, slots=True)
class _Log:
    session: Session
    verifier: CheckpointVerifier


@app.command("verify")
def verify(*, folder: Exported = None, previous: Previous = None) -> None:
    """Check the whole log with the key pinned in the trust file, and name the first thing that is wrong."""

    async def work() -> Inspected:
        with tempfile.TemporaryDirectory(prefix="pactgate-") as scratch:
            async with _log(sign=True) as log:
                return await inspect(log.session, log.verifier, Path(scratch), previous)

    try:
        found = run(work()) if folder is None else inspect_folder(folder, _pinned(settings()), previous)
    except VerificationFailed as error:
        show({"holds": False, "code": error.code, "found": str(error)})
        raise
    verified = found.verified
    say(f"The log holds: {verified.origin}, {verified.size} entries.")
    if found.unsigned:
        say(f"{found.unsigned} newer entries lead to the head, which nobody has signed yet.")
    show(
        {
            "holds": True,
            "origin": verified.origin,
            "size": verified.size,
            "tree_head": verified.tree_head.hex(),
            "continues": verified.continues,
            "unsigned": found.unsigned,
        }
    )


@app.command("show")
def show_entries(
    *,
    first: Annotated[int, typer.Option("--from", min=0, help="First entry.")] = 0,
    last: Annotated[int | None, typer.Option("--to", min=0, help="Last entry, included.")] = None,
    event: Annotated[list[Event] | None, typer.Option(help="Only entries of this event; repeatable.")] = None,
) -> None:
    """Print entries as JSON lines, each with its index."""

    async def work() -> None:
        async with _log(sign=False) as log:
            size = int(await log.session.fetchval(_SIZE) or 0)
            index = first
            async for written in leaves(log.session, first, size if last is None else min(size, last + 1)):
                if not event or parse(written).event in event:
                    typer.echo(orjson.dumps({"index": index, "entry": orjson.Fragment(written)}).decode())
                index += 1

    run(work())


@app.command("prove")
def prove_entry(
    entry: Annotated[int, typer.Argument(min=0, metavar="ENTRY", help="Index of the entry.")],
    *,
    out: Annotated[Path | None, typer.Option(help="Write the receipt to this file instead.")] = None,
    leaf: Annotated[Path | None, typer.Option(help="Also write the entry, byte for byte, to this file.")] = None,
) -> None:
    """Print the receipt of an entry. `python -m audit receipt` checks it anywhere, together with the entry."""

    async def work() -> tuple[Receipt, bytes]:
        async with _log(sign=True) as log:
            return await prove(log.session, log.verifier, entry), await leaf_at(log.session, entry)

    receipt, written = run(work())
    if leaf is not None:
        papers.write_new(leaf, written)
    if out is None:
        typer.echo(receipt.text(), nl=False)
    else:
        papers.write_new(out, receipt.text().encode())


@app.command("export")
def export_entries(folder: Annotated[Path, typer.Argument(metavar="DIR", help="New, or an earlier export.")]) -> None:
    """Write the log as static files (C2SP tlog-tiles). Entries tell behaviour: they are for officers and auditors."""

    async def work() -> Checkpoint:
        async with _log(sign=True) as log:
            return await export(log.session, log.verifier, folder)

    try:
        checkpoint = run(work())
    except OSError as error:
        raise papers.FileRefused(
            f"{folder} cannot be written: {error.strerror}.", remedy="Choose another folder."
        ) from None
    show({"folder": str(folder), "size": checkpoint.size, "tree_head": checkpoint.tree_head.hex()})


async def sign_if_possible() -> None:
    """Sign the log's head if this machine holds the key and may, so that the newest entries are covered."""
    async with _log(sign=True):
        pass


@asynccontextmanager
async def _log(*, sign: bool) -> AsyncIterator[_Log]:
    """Open the log for reading; with `sign`, sign its head first if this machine holds the key and may."""
    chosen = settings()
    verifier = _pinned(chosen)
    async with running_cluster(chosen) as cluster:
        if sign and "app" in cluster.urls and chosen.keys.exists():
            await _sign(chosen, cluster, verifier)
        role = "app" if "app" in cluster.urls and "auditor" not in cluster.urls else "auditor"
        async with connect(cluster.url(role)) as session:
            yield _Log(session, verifier)


async def _sign(chosen: Settings, cluster: Cluster, verifier: CheckpointVerifier) -> None:
    signer = CheckpointSigner(verifier.origin, load_keys(chosen.keys).checkpoint)
    async with connect(cluster.url("app")) as session:
        await sign_newest(session, signer, verifier)


def _pinned(chosen: Settings) -> CheckpointVerifier:
    return CheckpointVerifier.parse(pinned_trust(chosen).log_public_key)
