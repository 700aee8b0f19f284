"""`pactgate keys rotate|retire tokens`: the exchange of the key that signs access tokens."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from gateway.cli.run import office, run, say, settings, show
from gateway.errors import KeysMissing
from gateway.services.token_ends import retire_token_key as retired_in_log
from gateway.token_keys import (
    LEAD_SECONDS,
    State,
    TokenKey,
    add_token_key,
    load_token_keys,
    retire_token_key,
    seconds_now,
    states,
)


def rotate_tokens(
    *, now: Annotated[bool, typer.Option("--now", help="Sign with it at once: in an emergency.")] = False
) -> None:
    """Make a new key for access tokens, which takes over in a quarter of an hour. A running gateway finds it itself."""
    folder = settings().keys
    standing = load_token_keys(folder)
    at = seconds_now()
    known = states(standing, at)
    waiting = [each for each in standing if known[each.id] is State.WAITING]
    if waiting and not now:
        raise KeysMissing(
            "A key that takes over later is here already.",
            remedy="Wait for it; `pactgate keys list` shows when. In an emergency: pactgate keys rotate tokens --now",
        )
    begins = at if now else at + LEAD_SECONDS
    made = add_token_key(folder, signs_from=begins)
    say(f"Made a new key for access tokens in {folder}. Copy its file to every machine that serves, and offline.")
    say("A machine without it refuses the tokens that it signs." if now else f"It signs from {_instant(begins)} on.")
    for each in waiting:
        say(f"Key {each.id} takes over from it on {_instant(each.signs_from)}: retire it too if it may have been seen.")
    show(line_of(made, State.SIGNING if now else State.WAITING))


def retire_tokens(
    *,
    key: Annotated[str, typer.Option("--token-key", help="The key's thumbprint, as `keys list` shows it.")],
) -> None:
    """End a key that signs access tokens, and all that it signed, from the next request on. First make another."""
    folder = settings().keys
    known = states(load_token_keys(folder), seconds_now())
    if known.get(key) is State.SIGNING:
        raise KeysMissing(
            "This key signs now, and without it no token can be issued.",
            remedy="First: pactgate keys rotate tokens --now",
        )

    async def work() -> int:
        async with office() as opened, opened.engine.begin() as connection:
            return await retired_in_log(connection, key)

    # The entry first: from it on every machine refuses what the key signed, whether or not its file is still there.
    entry = run(work())
    was_here = retire_token_key(folder, key)
    say(f"Retired by entry {entry}. Run this on every other machine that has the file, or delete the file there.")
    show({"key": key, "entry": entry, "private_half_destroyed": was_here})


def token_key_lines() -> list[dict[str, Any]]:
    """Return what `keys list` shows of the keys that sign access tokens."""
    try:
        keys = load_token_keys(settings().keys)
    except (KeysMissing, OSError):
        return []  # an office without the gateway's keys
    known = states(keys, seconds_now())
    return [line_of(each, known[each.id]) for each in keys]


def line_of(key: TokenKey, state: State) -> dict[str, Any]:
    """Return one key as it is shown: nothing of its private half."""
    return {"key": key.id, "state": state.value, "signs_from": _instant(key.signs_from) if key.signs_from else None}


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
