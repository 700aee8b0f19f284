"""`pactgate db`: roles, schema, and whether somebody changed either by hand."""

from importlib.resources import files
from typing import Annotated

import typer

from gateway.cli.run import run, say, settings
from gateway.migrations.scratch import require_unchanged, scratch_database
from gateway.migrations.upgrade import require_same_tables, upgrade
from gateway.store.catalogue import read_catalogue, require_same_catalogue
from gateway.store.cluster import create_given_roles, running_cluster
from gateway.store.roles import require_nobody_serves
from gateway.store.session import connect

app = typer.Typer(help="The database: roles, schema, drift.", no_args_is_help=True)
Scratch = Annotated[bool, typer.Option("--scratch", help="Use a throw-away database, made by the migrations alone.")]


@app.command("roles")
def roles() -> None:
    """Create the four roles, and the database, or bring them back to what they should be."""

    async def work() -> None:
        chosen = settings()
        if not chosen.is_embedded:
            await create_given_roles(chosen)
            return
        async with running_cluster(chosen):
            pass  # the embedded server makes them at every start

    run(work())
    say("The four roles are in place.")


@app.command("upgrade")
def upgrade_schema() -> None:
    """Run the migrations that have not run yet, all or none. Refused while a gateway serves."""

    async def work() -> None:
        async with running_cluster(settings()) as cluster:
            async with connect(cluster.url("owner")) as connection:
                await require_nobody_serves(connection)
            await upgrade(cluster.url("owner"))

    run(work())
    say("The schema is the newest.")


@app.command("check")
def check(*, scratch: Scratch = False) -> None:
    """Check that tables, functions, views, triggers and grants are what the migrations make, and nothing else."""
    run(_check_scratch() if scratch else _check_installed())
    say("The database is what its migrations make.")


@app.command("catalogue")
def catalogue(*, scratch: Scratch = False) -> None:
    """Print what stands in the database besides rows, one fact a line."""

    async def work() -> tuple[str, ...]:
        if scratch:
            async with scratch_database() as owner, connect(owner) as connection:
                return await read_catalogue(connection)
        async with running_cluster(settings()) as cluster, connect(cluster.url("owner")) as connection:
            return await read_catalogue(connection)

    typer.echo("\n".join(run(work())))


async def _check_installed() -> None:
    async with running_cluster(settings()) as cluster:
        await require_unchanged(cluster)


async def _check_scratch() -> None:
    """Compare the migrations with the code's tables and with the catalogue that was reviewed and committed."""
    expected = (files("gateway.migrations") / "catalogue.txt").read_text(encoding="utf-8").splitlines()
    async with scratch_database() as owner:
        await require_same_tables(owner)
        async with connect(owner) as connection:
            found = await read_catalogue(connection)
    require_same_catalogue(
        found,
        tuple(expected),
        remedy="Review each line; if it is meant, run"
        " `pactgate db catalogue --scratch > gateway/migrations/catalogue.txt` and commit it with the migration.",
    )
