"""`pactgate keys`: the gateway's own keys."""

import typer

from gateway.cli.run import say, settings, show
from gateway.keys import GatewayKeys, create_keys, load_keys

app = typer.Typer(help="The gateway's own keys.", no_args_is_help=True)


@app.command("init")
def init() -> None:
    """Make the gateway's keys, once. Keys that are there are never overwritten."""
    folder = settings().keys
    keys = create_keys(folder)
    say(f"Made the gateway's keys in {folder}. Keep a copy somewhere safe: nothing replaces them.")
    show(_public(keys))


@app.command("show")
def show_public() -> None:
    """Show the public halves of the keys."""
    show(_public(load_keys(settings().keys)))


def _public(keys: GatewayKeys) -> dict[str, object]:
    return {"access_token": keys.access_token_public, "checkpoint": keys.checkpoint_public.hex()}
