"""
`pactgate witness`: name who cosigns the log from elsewhere, see how they stand; and run one for somebody else's log.

`keygen` and `serve` are for the witness's own machine and owner, and need nothing of a gateway: they are the commands
of `python -m audit witness` under another name.
"""

from pathlib import Path
from typing import Annotated

import typer

from agreements.canonical import read_canonical
from agreements.documents.witnesses import USUAL_HOURS, Witnesses, WitnessPlace, read_witnesses, witnesses_bytes
from agreements.signature import Kind
from audit.witness.home import create_home
from audit.witness.running import serve as serve_witness
from gateway.cli import papers
from gateway.cli.agreement import Reason
from gateway.cli.run import office, run, say, show
from gateway.cli.signatures import problems_said, sign_again, sign_all
from gateway.services.witnessing.naming import Namings, WitnessReport

app = typer.Typer(help="Witnesses: name who cosigns the log, see how they stand, run one.", no_args_is_help=True)

Named = Annotated[Path, typer.Argument(metavar="FILE", help="What `witness name` wrote.")]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The witness's own folder.")]


def _place(text: str) -> WitnessPlace:
    vkey, equals, url = text.rpartition("=http")
    if not equals:
        raise typer.BadParameter(
            "expected VKEY=URL, such as witness.example/w1+0123abcd+BASE64=https://witness.example"
        )
    return WitnessPlace(vkey, f"http{url}")


@app.command("name")
def name(
    *,
    witness: Annotated[list[str], typer.Option(help="VKEY=URL of a witness; repeatable.")],
    must_cosign: Annotated[int, typer.Option(min=1, help="How many of them must cosign.")] = 1,
    hours: Annotated[int, typer.Option(min=1, help="Hours after which nothing leaves without.")] = USUAL_HOURS,
    replaces: Annotated[
        str | None, typer.Option(callback=papers.digest, help="Digest of the naming in force; `list` shows it.")
    ] = None,
    reason: Reason,
    officer_key: Annotated[list[Path], typer.Option("--officer-key", help="Private key of an officer; repeatable.")],
    out: Annotated[Path, typer.Option(help="The document to write.")],
) -> None:
    """Write and sign a naming of witnesses. It takes two officers, and replaces the naming before."""
    places = tuple(_place(each) for each in witness)
    payload = witnesses_bytes(Witnesses(places, must_cosign, hours, replaces, reason))
    with problems_said():
        read_witnesses(payload)  # judged as it will be when it is registered
    document = sign_all(Kind.WITNESSES, payload, [papers.read_key(each) for each in officer_key])
    papers.write_signed(out, document)
    if len(document.signatures) == 1:
        say(f"A second officer signs it too: pactgate witness sign {out} --key KEY")
    show({"document": document.digest, "witnesses": [each.name for each in places], "hours": hours, "file": str(out)})


@app.command("sign")
def sign(
    *, file: Named, key: Annotated[Path, typer.Option("--key", help="Private key of the second officer.")]
) -> None:
    """Add a signature to a naming of witnesses, after reading what it says."""
    content = read_canonical(papers.read_signed(file, Kind.WITNESSES).payload)
    for part, value in sorted(content.items() if isinstance(content, dict) else ()):
        for each in value if isinstance(value, list) else [value]:
            say(
                f"{part}: "
                + (", ".join(f"{k} {v}" for k, v in sorted(each.items())) if isinstance(each, dict) else str(each))
            )
    sign_again(file, (Kind.WITNESSES,), key)


@app.command("register")
def register(file: Named) -> None:
    """Bring a naming into force. From now on the hours run: without cosignatures nothing leaves when they are over."""
    document = papers.read_signed(file, Kind.WITNESSES)

    async def work() -> int:
        async with office() as opened:
            return await Namings(opened.desk).register(document)

    show({"document": document.digest, "entry": run(work())})


@app.command("list")
def list_witnesses() -> None:
    """Show who is named, what each cosigned last, and which part of the log nobody elsewhere has seen, since when."""

    async def work() -> WitnessReport:
        async with office() as opened:
            return await Namings(opened.desk).report()

    report = run(work())
    say(f"{report.entries} entries are not witnessed." if report.entries else "Every entry is witnessed.")
    show(report)


@app.command("keygen")
def keygen(
    folder: Folder,
    *,
    name: Annotated[str, typer.Option(help="What others know it by, such as witness.example/w1.")],
    ml_dsa: Annotated[bool, typer.Option("--ml-dsa", help="An ML-DSA-44 key instead of Ed25519.")] = False,
) -> None:
    """Make the folder of a new witness, on its own machine: its key and its memory."""
    signer = create_home(folder, name, post_quantum=ml_dsa)
    say(f"Write the verifier keys of the logs it is to know into {folder / 'logs.txt'}, one a line.")
    show({"folder": str(folder), "vkey": signer.verifier.vkey})


@app.command("serve")
def serve(
    folder: Folder,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on; a proxy in front speaks TLS.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes any free one.")] = 8020,
) -> None:
    """Cosign the checkpoints of the logs in `logs.txt`, if they continue what was seen before (C2SP tlog-witness)."""
    serve_witness(folder, host, port)
