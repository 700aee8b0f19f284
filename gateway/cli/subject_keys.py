"""`pactgate keys rotate|retire subjects` and `keys rewrap`: the exchange of the key that wraps students' links."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from gateway.cli.progress import progress
from gateway.cli.run import office, run, say, settings, show
from gateway.errors import KeysMissing
from gateway.keys import load_keys
from gateway.services.office import Office
from gateway.services.rewrapping import Rewrapping
from gateway.wrapping_keys import WrappingKeys, add_wrapping_key, destroy_wrapping_key, told


def rotate_subjects() -> None:
    """Make a new key for the links between students and the log. It wraps nothing until `keys rewrap`."""
    folder = settings().keys
    made = add_wrapping_key(folder)
    say(f"Made a new key for students' links in {folder}. Copy its file to every machine that serves, and offline.")
    say("Then, once: pactgate keys rewrap. A machine without the file answers nothing about whoever is rewrapped.")
    show({"key": told(made.name)})


def rewrap() -> None:
    """Wrap every student's link by the newest key. Stopped in the middle, it goes on where it was."""
    keys = load_keys(settings().keys).subject

    async def work() -> tuple[int, int]:
        async with office() as opened:
            rewrapping = Rewrapping(opened.engine, keys)
            entry = await rewrapping.introduce()
            whole = sum(line.links for line in await rewrapping.listed())
            with progress("Wrapping links") as tell:
                return entry, await rewrapping.rewrap(lambda done: tell(done, whole) if tell else None)

    entry, links = run(work())
    say(f"The key is in since entry {entry}. When nothing is wrapped by the old one: pactgate keys retire subjects")
    show({"key": told(keys.newest.name), "entry": entry, "rewrapped": links})


def retire_subjects(
    *, key: Annotated[str, typer.Option("--subject-key", help="The key's name, as `keys list` shows it.")]
) -> None:
    """End a key that wraps no link any more, and delete its file here. Backups made before need its copy."""
    folder = settings().keys
    keys = load_keys(folder).subject

    async def work() -> tuple[bytes, int]:
        async with office() as opened:
            return await Rewrapping(opened.engine, keys).retire(key)

    # The entry first: from it on the database takes no link under this key, from whatever machine.
    name, entry = run(work())
    was_here = destroy_wrapping_key(folder, name)
    say(f"Retired by entry {entry}. Delete the file on every other machine too.")
    say("Keep its copy apart for as long as you keep a backup that was made before, and destroy it then.")
    show({"key": key, "entry": entry, "file_deleted": was_here})


async def subject_key_lines(opened: Office) -> list[dict[str, Any]]:
    """Return what `keys list` shows of the keys that wrap students' links."""
    try:
        keys = load_keys(settings().keys).subject
    except KeysMissing:
        keys = WrappingKeys([])  # an office without the gateway's keys
    return [asdict(line) for line in await Rewrapping(opened.engine, keys).listed()]
