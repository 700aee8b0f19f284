"""`pactgate audit anomalies`: what is unusual in the log, with reasons."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.papers import FileRefused, read_file
from gateway.cli.policy_questions import moment
from gateway.cli.run import alarmed, office, run, say, show
from gateway.services.anomalies.thresholds import Thresholds, read_thresholds
from gateway.services.anomalies.watch import Watched
from gateway.services.inbox.unusual import find_unusual


def anomalies(
    *,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="From then on; else the last seven days.")] = None,
    thresholds: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="The district's own numbers, as TOML.")
    ] = None,
) -> None:
    """Say what is unusual in the log, why and by which entries; each gets a case. Exit code 1 if there is any."""
    then, limits = None if since is None else moment(since, "--since"), _read(thresholds)

    async def work() -> Watched:
        async with office() as opened:
            return await find_unusual(opened, alarmed, limits, then)

    found = run(work())
    for each in found.anomalies:
        whom = " under ".join(name for name in (each.client, each.agreement) if name) or "nobody known"
        say(f"{each.rule}, {whom}: {each.reason} ({each.count} from entry {each.entries[0]} on)")
    show(found)
    if found.anomalies:
        raise typer.Exit(1)


def _read(file: Path | None) -> Thresholds:
    if file is None:
        return Thresholds()
    try:
        return read_thresholds(read_file(file).decode())
    except UnicodeDecodeError:
        raise FileRefused(f"{file} is not a text in UTF-8.", remedy="Save it as UTF-8.") from None
