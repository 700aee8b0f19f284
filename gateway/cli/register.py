"""`pactgate agreement register`: the public register as files, for the district's own web server."""

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli import papers
from gateway.cli.run import office, run, say, show
from gateway.register.edition import site_of
from gateway.services.publishing.public_register import PublicRegister
from gateway.services.publishing.publication import register_of

_PAGE: Final = re.compile(r"sha256-[0-9a-f]{64}\.html")
"""A page of ours, by its name; nothing else in the folder is ever touched."""


def register(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder; pages that are in it are replaced.")],
) -> None:
    """Write the public register as a web site: pages, register.csv and register.json. Nobody is named in it."""

    async def work() -> PublicRegister:
        async with office() as opened:
            return await register_of(opened)

    found = run(work())
    site = site_of(found)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise papers.FileRefused(f"{out} cannot be made: {error.strerror}.", remedy="Choose another place.") from None
    for name, content in site.items():
        papers.write_over(out / name, content)
    gone = sorted(path for path in out.iterdir() if _PAGE.fullmatch(path.name) and path.name not in site)
    for path in gone:
        path.unlink()
    say(f"{len(found.agreements)} agreement(s), as of {found.as_of}. Give the folder to your web server as it is.")
    show({"folder": str(out), "agreements": len(found.agreements), "files": sorted(site), "removed": len(gone)})
