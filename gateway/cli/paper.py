"""`pactgate paper`: sign, on one's own machine, a document that was prepared on the district's pages."""

from pathlib import Path
from typing import Annotated

import typer

from agreements.canonical import read_canonical
from agreements.elements import load_catalogue
from agreements.errors import MalformedDocument
from agreements.signature import Kind, add_signature
from gateway.cli import papers
from gateway.cli.agreement import Yes
from gateway.cli.run import say, show
from gateway.cli.signatures import problems_said
from gateway.services.papers.kinds import KINDS, kind_of
from gateway.services.papers.signature_file import signature_file
from gateway.services.papers.telling import Term, terms_of

app = typer.Typer(help="Documents prepared on the pages: sign them with a key of your own.", no_args_is_help=True)


@app.command("sign")
def sign(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The document, as its page gives it.")],
    key: Annotated[Path, typer.Option("--key", help="Your private key (PEM or JWK), closed to other accounts.")],
    out: Annotated[Path, typer.Option(help="The signature file to write, for the page to take.")],
    yes: Yes = False,
) -> None:
    """Read what a document says, and sign exactly its bytes. The key is used here and nowhere else."""
    payload = papers.read_file(file)
    kind = _kind_of(payload)
    catalogue = load_catalogue()
    with problems_said():
        KINDS[kind].read(payload, catalogue)
    for term in terms_of(payload, KINDS[kind].shape(catalogue), catalogue, KINDS[kind].counted):
        say(_told(term))
    if kind is Kind.UNDERTAKING:
        say("The words of this statement stand on the page of the document; `pactgate people accept` shows them too.")
    holder = papers.read_key(key)
    if not yes:
        typer.confirm(f"Sign this {kind.value.replace('_', ' ')}?", abort=True, err=True)
    signed = add_signature(None, kind, payload, holder)
    papers.write_new(out, signature_file(signed) + b"\n")
    say("Hand the signature file to the page of the document.")
    show({"document": signed.digest, "kind": kind.value, "signer": holder.thumbprint, "file": str(out)})


def _told(term: Term) -> str:
    """Return a term as it is read: each further line of its value is marked and stands in, so that it is no term."""
    indent = "  " * term.depth
    if term.value is None:
        return indent + term.title
    return f"{indent}{term.title}: " + f"\n{indent}  ⏎ ".join(term.value.splitlines() or [""])


def _kind_of(payload: bytes) -> Kind:
    try:
        found = kind_of(read_canonical(payload))
    except MalformedDocument as error:
        raise papers.FileRefused(str(error), remedy="Download the document from its page again.") from None
    if found is None:
        raise papers.FileRefused(
            "This is no document that a page prepares.", remedy="Sign it with the command that made it."
        )
    return found
