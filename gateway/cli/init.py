"""`pactgate init`: where trust starts."""

from pathlib import Path
from typing import Annotated

import typer

from agreements.trust import Officer
from gateway.cli.run import run, say, settings, show
from gateway.keys import load_keys
from gateway.services.installation import Installation, install, read_officer
from gateway.store.cluster import running_cluster

Officers = Annotated[
    list[str],
    typer.Option("--officer", metavar="NAME=FILE", help="An officer and the file of their public key; twice."),
]
Origin = Annotated[str, typer.Option(help="The log's name for ever, such as log.district.example/pactgate.")]
Demo = Annotated[bool, typer.Option("--demo", help="Mark the database as a demo, for good.")]


def init(*, origin: Origin, officer: Officers, demo: Demo = False) -> None:
    """Pin two officers and the log's origin outside the database, and open the log with entry 0."""
    chosen = settings()
    officers = tuple(_officer(text) for text in officer)

    async def work() -> Installation:
        keys = load_keys(chosen.keys)
        async with running_cluster(chosen) as cluster:
            return await install(
                cluster.url("owner"),
                cluster.url("loader"),
                chosen.trust,
                keys,
                officers,
                origin=origin,
                demo=demo,
                checkpoint_file=chosen.checkpoint,
            )

    opened = run(work())
    say(f"The log is open. Trust starts in {chosen.trust}: keep a copy where this machine cannot reach it.")
    show(
        {
            "origin": opened.trust.origin,
            "log_public_key": opened.trust.log_public_key,
            "officers": {each.name: each.key.thumbprint for each in opened.trust.officers},
            "demo": opened.demo,
            "size": opened.checkpoint.size,
        }
    )


def _officer(text: str) -> Officer:
    name, equals, file = text.partition("=")
    if not equals or not name.strip():
        raise typer.BadParameter(f"{text!r} is not NAME=FILE")
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None
    return read_officer(name.strip(), content)
