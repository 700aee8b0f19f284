"""`pactgate recovery`: the log goes on after a disaster that lost entries. Two officers say so, and what is lost."""

from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.recovery import read_recovery
from agreements.signature import Kind
from gateway.cli import papers
from gateway.cli.agreement import Reason, Yes
from gateway.cli.run import alarmed, kept_checkpoint, pinned_trust, run, say, settings, show
from gateway.cli.signatures import problems_said, sign_again, sign_as_officer
from gateway.keys import load_keys
from gateway.services.recovery import Pinned, Recovered, open_recovery
from gateway.services.recovery import declare as declare_recovery
from gateway.store.cluster import running_cluster
from gateway.store.session import connect

app = typer.Typer(
    help="After a disaster that lost entries: declare the gap, and go on under a new origin.", no_args_is_help=True
)


@app.command("declare")
def declare(
    *,
    origin: Annotated[str, typer.Option(help="The log's new name, such as log2.district.example/pactgate.")],
    reason: Reason,
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")],
    out: Annotated[Path, typer.Option(help="The document to write.")],
) -> None:
    """Write and sign what is left and what was kept, after the newest copy was restored. Nothing changes yet."""
    pinned = _pinned()

    async def work() -> bytes:
        async with running_cluster(settings()) as cluster, connect(cluster.url("loader")) as session:
            return await declare_recovery(session, pinned, origin=origin, reason=reason)

    with problems_said():
        payload = run(work())
    document = sign_as_officer(Kind.RECOVERY, payload, officer_key, out)
    judged = read_recovery(payload)
    say(f"A second officer signs it too: pactgate recovery sign {out} --officer-key KEY")
    show({"recovery": document.digest, "left": judged.left.size, "kept": judged.kept.size, "file": str(out)})


@app.command("sign")
def sign(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `recovery declare` wrote.")],
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of the second officer.")],
) -> None:
    """Add the second officer's signature, after reading what is lost."""
    judged = read_recovery(papers.read_signed(file, Kind.RECOVERY).payload)
    say(
        f"{judged.old_origin} ends. {judged.origin} goes on from the {judged.left.size} entries that are left; the"
        f" newest checkpoint that was kept had {judged.kept.size}. {judged.reason}"
    )
    sign_again(file, (Kind.RECOVERY,), officer_key)


@app.command("open")
def open_again(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `recovery declare` wrote, signed twice.")],
    yes: Yes = False,
) -> None:
    """Go on under the new origin, for good. The trust file changes: give every machine and auditor the new one."""
    document = papers.read_signed(file, Kind.RECOVERY)
    judged = read_recovery(document.payload)
    if not yes:
        typer.confirm(f"End {judged.old_origin} and go on as {judged.origin}, for good?", abort=True, err=True)
    pinned = _pinned()

    async def work() -> Recovered:
        async with running_cluster(settings()) as cluster:
            return await open_recovery(cluster.url("loader"), pinned, document, alarmed)

    done = run(work())
    say(f"Make a backup now, and keep a copy of {pinned.trust_file} where this machine cannot reach it.")
    show(
        {
            "origin": done.trust.origin,
            "log_public_key": done.trust.log_public_key,
            "follows": judged.old_origin,
            "entry": done.entry,
            "lost_at_least": done.lost,
            "size": done.checkpoint.size,
        }
    )


def _pinned() -> Pinned:
    chosen = settings()
    trust = pinned_trust(chosen)
    return Pinned(chosen.trust, trust, kept_checkpoint(chosen, trust), load_keys(chosen.keys))
