"""`pactgate backup` and `pactgate restore`: a copy of the database that can be checked, and a database from one."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli import papers
from gateway.cli.run import kept_checkpoint, pinned_trust, run, say, settings, show
from gateway.erased import ErasedLinks
from gateway.keys import load_keys
from gateway.migrations.scratch import require_unchanged
from gateway.services.backups.making import back_up
from gateway.services.backups.manifest import Manifest
from gateway.services.backups.restoring import Outside, Restored
from gateway.services.backups.restoring import restore as restore_backup
from gateway.store.cluster import running_cluster


def backup(*, folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to write, a new one.")]) -> None:
    """Write every row, as of one moment, to a new folder. It holds student records and no key: keep the two apart."""
    chosen = settings()
    trust = pinned_trust(chosen)

    async def work() -> Manifest:
        async with running_cluster(chosen) as cluster:
            return await back_up(cluster.url("owner"), folder, trust, ErasedLinks(chosen.erasures))

    made = run(work())
    say(f"Write down the digest: `pactgate restore --digest` knows the backup by it. Copy {chosen.erasures} too.")
    show(_account(made) | {"folder": str(folder)})


def restore(
    *,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `pactgate backup` wrote.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Recompute every entry, and compare the schema with its migrations.")
    ] = False,
    digest: Annotated[
        str | None, typer.Option(callback=papers.digest, help="What `pactgate backup` said: no other is taken.")
    ] = None,
) -> None:
    """Fill an empty database from a backup, forget in it whom two officers erased, and say whether it may serve."""
    chosen = settings()
    trust = pinned_trust(chosen)
    outside = Outside(
        trust, kept_checkpoint(chosen, trust), ErasedLinks(chosen.erasures), load_keys(chosen.keys).subject
    )

    async def work() -> Restored:
        async with running_cluster(chosen) as cluster:
            done = await restore_backup(cluster.url("owner"), folder, outside, verify=verify, digest=digest)
            if verify:
                await require_unchanged(cluster)
            return done

    done = run(work())
    if done.set_back is not None:
        say(f"Restored for reading only. {done.set_back} `serve` refuses it.")
    elif not outside.kept.is_there:
        say("No checkpoint was kept here, so nothing tells whether this copy is the newest.")
    show(
        _account(done.manifest)
        | {"erased": done.erased, "rechecked": done.rechecked, "continues": done.set_back is None}
    )


def _account(manifest: Manifest) -> dict[str, object]:
    return {
        "backup": manifest.digest,
        "made_at": manifest.made_at,
        "revision": manifest.revision,
        "origin": manifest.origin,
        "size": manifest.size,
        "tree_head": manifest.tree_head.hex(),
        "rows": sum(part.copied.rows for part in manifest.parts),
    }
