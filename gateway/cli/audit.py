"""`pactgate audit`: the log, checked, shown, exported and proven. Reads as the auditor; student data is not in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import orjson
import typer

from audit.batch import Session
from audit.checkpoint import Checkpoint, CheckpointVerifier
from audit.entry import parse
from audit.errors import SourceUnavailable, VerificationFailed
from audit.events import Event
from audit.proof import Receipt
from audit.reading import leaf_at, leaves
from audit.sources import Folder, Web
from audit.targets import FolderTarget, Target
from audit.verify import read_checkpoint
from gateway.cli import papers
from gateway.cli.progress import progress
from gateway.cli.run import office, pinned_trust, run, say, sentence_for, settings, show
from gateway.keys import GatewayKeys, load_keys
from gateway.services.inspection import Inspected, export, inspect, inspect_export, prove, record_check, sign_newest
from gateway.services.logkeys import LogKeys, log_keys
from gateway.settings import Settings
from gateway.store.cluster import Cluster, postgres_folder, running_cluster
from gateway.store.errors import DatabaseUnavailable
from gateway.store.session import connect

app = typer.Typer(
    help="The log: verify, search, see what is unusual, decide again, prove, export.", no_args_is_help=True
)

NOT_FOUND_OUT = 2
_SIZE = "SELECT size FROM audit.head"
Exported = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, help="A log exported earlier; else the one in the database."),
]
Previous = Annotated[
    Path | None,
    typer.Option(exists=True, dir_okay=False, help="A checkpoint kept elsewhere; finds a rollback or a fork."),
]
HashesOnly = Annotated[bool, typer.Option("--hashes-only", help="An export without entries, only their hashes.")]


@dataclass(frozen=True, slots=True)
class _Log:
    session: Session
    verifier: CheckpointVerifier
    role: str


@app.command("verify")
def verify(
    *,
    folder: Exported = None,
    url: Annotated[str | None, typer.Option(help="The address of an export, http:// or https://.")] = None,
    previous: Previous = None,
    hashes_only: HashesOnly = False,
    record: Annotated[bool, typer.Option("--record", help="Write into the log that it was checked.")] = False,
) -> None:
    """
    Check the whole log with the keys that lead back to the trust file, and name the first thing that is wrong.

    Exit 0: it holds; 1: something is wrong; 2: nothing was found out, since the export cannot be read
    or somebody stopped it.
    """
    if (folder is not None and url is not None) or (hashes_only and folder is None and url is None):
        raise typer.BadParameter("give --folder or --url, and --hashes-only with one of them")
    if record and (folder is not None or url is not None):
        raise typer.BadParameter("only a check of the log itself can be written into it", param_hint="--record")
    chosen = settings()

    async def in_database() -> Inspected:
        async with _log(sign=True) as log:
            earlier = None if previous is None else read_checkpoint(previous, log.verifier)
            with progress("Checking") as tell:
                return await inspect(log.session, log.verifier, earlier, beside=log.role == "auditor", progress=tell)

    def in_export(export: Folder | Web) -> Inspected:
        known = _known_keys(chosen)
        earlier = None if previous is None else read_checkpoint(previous, known)
        with closing(export) as source, progress("Checking") as tell:
            return inspect_export(source, known, earlier, entries=not hashes_only, progress=tell)

    try:
        exported = Web(url) if url is not None else Folder(folder) if folder is not None else None
        found = run(in_database()) if exported is None else in_export(exported)
    except VerificationFailed as error:
        show({"holds": False, "code": error.code, "found": str(error)})
        raise
    except SourceUnavailable as error:
        say(f"pactgate: {sentence_for(error)}")
        raise typer.Exit(NOT_FOUND_OUT) from None
    except KeyboardInterrupt:
        say("Stopped before the end: nothing was found out.")
        raise typer.Exit(NOT_FOUND_OUT) from None
    _tell(found, run(_record(found)) if record else None)


async def _record(found: Inspected) -> int:
    async with office() as opened:
        return await record_check(opened.engine, found)


def _tell(found: Inspected, recorded: int | None) -> None:
    say(f"The log holds: {found.origin}, {found.size} entries.")
    if found.unsigned:
        say(f"{found.unsigned} newer entries lead to the head, which nobody has signed yet.")
    if not found.entries:
        say("Only hashes were checked, not the entries.")
    beside = found.openings
    if beside is not None:
        say(f"Beside it {beside.opened} commitments were opened and hold; {beside.closed} could not be opened.")
    show(
        {
            "holds": True,
            "origin": found.origin,
            "size": found.size,
            "tree_head": found.tree_head.hex(),
            "continues": found.continues,
            "unsigned": found.unsigned,
            "entries": found.entries,
            "commitments": None if beside is None else asdict(beside),
            "recorded": recorded,
        }
    )


@app.command("show")
def show_entries(
    *,
    first: Annotated[int, typer.Option("--from", min=0, help="First entry.")] = 0,
    last: Annotated[int | None, typer.Option("--to", min=0, help="Last entry, included.")] = None,
    event: Annotated[list[Event] | None, typer.Option(metavar="EVENT", help="Only this event; repeatable.")] = None,
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
def export_entries(
    target: Annotated[str, typer.Argument(metavar="DIR|s3://BUCKET/PREFIX", help="New, or an earlier export.")],
    *,
    hashes_only: HashesOnly = False,
    witnessed: Annotated[bool, typer.Option("--witnessed", help="Only up to what a witness cosigned.")] = False,
) -> None:
    """
    Write the log as static files (C2SP tlog-tiles), going on from where an earlier export ended.

    Entries tell behaviour: they are for officers and auditors. Without them the export may be published.
    """

    async def work() -> tuple[Checkpoint, int]:
        async with _log(sign=True) as log:
            with progress("Exporting") as tell:
                return await export(
                    log.session,
                    log.verifier,
                    _target(target),
                    bundles=not hashes_only,
                    witnessed=witnessed,
                    progress=tell,
                )

    checkpoint, read = run(work())
    say(f"{read} entries were read; those before were there already.")
    show({"folder": target, "size": checkpoint.size, "tree_head": checkpoint.tree_head.hex(), "read": read})


def _target(named: str) -> Target:
    if "://" not in named:
        return FolderTarget(Path(named))
    from audit.objects import ObjectTarget  # noqa: PLC0415 - 70 ms that no other command needs to pay

    return ObjectTarget(named)


async def sign_if_possible() -> None:
    """Sign the log's head if this machine holds the key and may, so that the newest entries are covered."""
    async with _log(sign=True):
        pass


@asynccontextmanager
async def _log(*, sign: bool) -> AsyncIterator[_Log]:
    """Open the log for reading; with `sign`, sign its head first if this machine holds a key and may."""
    chosen = settings()
    trust = pinned_trust(chosen)
    async with running_cluster(chosen) as cluster:
        role = "app" if "app" in cluster.urls and "auditor" not in cluster.urls else "auditor"
        known = await log_keys(cluster.url(role), trust)
        if sign and "app" in cluster.urls and chosen.keys.exists():
            await _sign(load_keys(chosen.keys), cluster, known)
        async with connect(cluster.url(role)) as session:
            yield _Log(session, known.verifier, role)


async def _sign(keys: GatewayKeys, cluster: Cluster, known: LogKeys) -> None:
    async with connect(cluster.url("app")) as session:
        await sign_newest(session, known.signer(keys), known.verifier)


def _known_keys(chosen: Settings) -> CheckpointVerifier:
    """Return the log's keys: by the documents in the database if there is one here, else the one that was pinned."""
    trust = pinned_trust(chosen)

    async def read() -> CheckpointVerifier | None:
        async with running_cluster(chosen) as cluster:
            role = next((role for role in ("auditor", "app", "loader") if role in cluster.urls), None)
            return None if role is None else (await log_keys(cluster.url(role), trust)).verifier

    pinned = CheckpointVerifier.parse(trust.log_public_key)
    if chosen.is_embedded and not postgres_folder(chosen).exists():
        return pinned
    try:
        return run(read()) or pinned
    except DatabaseUnavailable:
        say("The database is not reached: only the key in the trust file is known.")
        return pinned
