"""`pactgate keys`: the gateway's own keys, and the exchange of the one that signs the log's checkpoints."""

from pathlib import Path
from typing import Annotated, Any

import typer

from agreements.canonical import read_canonical
from agreements.documents.log_key import INTRODUCED, RETIRED, LogKeyMove, log_key_bytes, read_log_key
from agreements.keys import SigningKey
from agreements.signature import Kind
from audit.checkpoint import CheckpointSigner
from gateway.cli import papers
from gateway.cli.agreement import Reason
from gateway.cli.run import office, pinned_trust, run, say, settings, show
from gateway.cli.signatures import problems_said, read_one_of, sign_again, sign_all
from gateway.cli.subject_keys import subject_key_lines
from gateway.cli.token_keys import token_key_lines
from gateway.errors import KeysMissing
from gateway.keys import GatewayKeys, add_checkpoint_key, create_keys, load_keys
from gateway.services.logkeys import LogKeys, log_keys_in, require_key_of
from gateway.services.obligations.history import driver_of
from gateway.services.rotation import move_log_key

app = typer.Typer(help="The gateway's own keys: make, show, exchange, retire.", no_args_is_help=True)
rotate = typer.Typer(help="Make a new key beside the old one: it takes over step by step.", no_args_is_help=True)
retire = typer.Typer(help="End a key that another has taken over from.", no_args_is_help=True)
app.add_typer(rotate, name="rotate")
app.add_typer(retire, name="retire")


Officers = Annotated[list[Path], typer.Option("--key", help="Private key of an officer. Repeatable; it takes two.")]
Out = Annotated[Path, typer.Option(help="The document to write.")]
Document = Annotated[Path, typer.Argument(metavar="FILE", help="What `rotate` or `retire` wrote.")]


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


@app.command("list")
def list_keys() -> None:
    """List the keys: which entry brought and ended each, and whether it is held here."""
    chosen = settings()

    async def work() -> tuple[LogKeys, list[dict[str, Any]]]:
        async with office() as opened:
            links = await subject_key_lines(opened)
            async with opened.engine.connect() as connection:
                return await log_keys_in(await driver_of(connection), opened.trust), links

    known, links = run(work())
    here = _held(known.origin)
    lines = [
        {"key": each.key, "introduced": each.introduced, "retired": each.retired, "held": each.key in here}
        for each in known.keys
    ]
    waiting = sorted(here - {each.key for each in known.keys})
    for key in waiting:
        say(f"{key} is in {chosen.keys} and was not introduced: it signs nothing.")
    show({"checkpoint": lines, "not_introduced": waiting, "tokens": token_key_lines(), "subjects": links})


@rotate.command("checkpoint")
def rotate_checkpoint(*, reason: Reason, key: Officers, out: Out) -> None:
    """Make a new key beside the old one, and write its introduction. It signs once two officers' document is in."""
    officers = [papers.read_key(file) for file in key]
    origin = pinned_trust(settings()).origin
    fresh = CheckpointSigner(origin, add_checkpoint_key(settings().keys)).vkey
    say(f"Made a new checkpoint key in {settings().keys}. Copy the file to every machine that serves, and offline.")
    _write(LogKeyMove(origin, fresh, INTRODUCED, reason), officers, out)


@retire.command("checkpoint")
def retire_checkpoint(
    *,
    log_key: Annotated[str, typer.Option("--log-key", help="The key to retire, as `keys list` shows it.")],
    reason: Reason,
    key: Officers,
    out: Out,
) -> None:
    """Write the end of a key: once it is in, its signature counts for no later checkpoint."""
    officers = [papers.read_key(file) for file in key]
    origin = pinned_trust(settings()).origin
    require_key_of(log_key, origin)
    say("The checkpoint key still counts until the document is registered.")
    _write(LogKeyMove(origin, log_key, RETIRED, reason), officers, out)


@app.command("sign")
def sign(file: Document, *, key: Annotated[Path, typer.Option("--key", help="Private key of an officer.")]) -> None:
    """Add an officer's signature to an introduction or a retirement, after reading what it says."""
    content = read_canonical(read_one_of(file, [Kind.LOG_KEY]).payload)
    if isinstance(content, dict):
        for name, value in sorted(content.items()):
            say(f"{name}: {value}")
    sign_again(file, [Kind.LOG_KEY], key)


@app.command("register")
def register(file: Document) -> None:
    """Register an introduction or a retirement: it acts from its entry on, on every machine that serves."""
    document = read_one_of(file, [Kind.LOG_KEY])
    move = read_log_key(document.payload)

    async def work() -> int:
        async with office() as opened:
            return await move_log_key(opened.desk, document)

    entry = run(work())
    say("Give the log's keys to everybody who checks it: `pactgate keys list` shows them.")
    show({"document": document.digest, "key": move.key, "move": move.move, "entry": entry})


def _write(move: LogKeyMove, officers: list[SigningKey], out: Path) -> None:
    payload = log_key_bytes(move)
    with problems_said():
        read_log_key(payload)  # judged as it will be when it is registered
    document = sign_all(Kind.LOG_KEY, payload, officers)
    papers.write_signed(out, document)
    if len(document.signatures) == 1:
        say(f"A second officer signs it too: pactgate keys sign {out} --key KEY")
    say(f"Then register it: pactgate keys register {out}")
    show({"document": document.digest, "key": move.key, "move": move.move, "file": str(out)})


def _held(origin: str) -> set[str]:
    try:
        held = load_keys(settings().keys)
    except KeysMissing:
        return set()  # an office without the gateway's keys
    return {CheckpointSigner(origin, key).vkey for key in held.checkpoints}


def _public(keys: GatewayKeys) -> dict[str, object]:
    return {"access_token": keys.access_token_public, "checkpoint": keys.checkpoint_public.hex()}
