"""`pactgate partner`: the partner's side of the wire, for trying out and for scripts."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated

import httpx2
import typer

from gateway.cli.receipts import verify_receipt
from gateway.cli.run import say, show
from gateway.oauth.client import PartnerClient, PartnerKeys, PartnerRefused
from gateway.oauth.keyfiles import CLIENT_FILE, PROOF_FILE, read_keys, write_keys

app = typer.Typer(help="Act as a partner: make keys, get a token, fetch, check a receipt.", no_args_is_help=True)
app.command("verify-receipt")(verify_receipt)

Folder = Annotated[Path, typer.Option("--keys", help="Folder of the client's private keys.")]
Url = Annotated[str, typer.Option("--url", help="The gateway's public URL, such as https://data.district.example.")]
Client = Annotated[str, typer.Option("--client", help="The client id the district gave, client:….")]
Agreement = Annotated[str | None, typer.Option("--agreement", help="Digest of the agreement, sha256:….")]
Purpose = Annotated[str | None, typer.Option("--purpose", help="Purpose code of the agreement.")]
Dataset = Annotated[list[str] | None, typer.Option("--dataset", help="Narrow the token to this dataset; repeatable.")]
Person = Annotated[str | None, typer.Option("--person", help="Opaque id of the person behind the request.")]
Role = Annotated[str | None, typer.Option("--role", help="Role of that person.")]


@app.command("keygen")
def keygen(folder: Annotated[Path, typer.Argument(help="Folder to make; must not hold keys yet.")]) -> None:
    """Make a client's two keys, and print the public key set to register."""
    keys = PartnerKeys.generate()
    write_keys(folder, keys)
    say(f"Made {CLIENT_FILE} and {PROOF_FILE} in {folder}. Send the district the key set below, never the files.")
    show(keys.jwks())


@app.command("token")
def token(  # noqa: PLR0917  Typer's options, named by whoever calls
    url: Url,
    client: Client,
    folder: Folder,
    agreement: Agreement = None,
    purpose: Purpose = None,
    dataset: Dataset = None,
    person: Person = None,
    role: Role = None,
) -> None:
    """Get an access token and print the answer. It is good for five minutes and for the key in the folder only."""
    with client_of(url, client, folder) as partner:
        show(reached(partner, details_of(agreement, purpose, dataset, person, role)))


@app.command("get")
def get(  # noqa: PLR0917  Typer's options, named by whoever calls
    paths: Annotated[list[str], typer.Argument(metavar="URL…", help="Paths such as /v1/students, or whole URLs.")],
    url: Url,
    client: Client,
    folder: Folder,
    agreement: Agreement = None,
    purpose: Purpose = None,
    dataset: Dataset = None,
    person: Person = None,
    role: Role = None,
) -> None:
    """Get a token, fetch each URL with a proof of its own, and print the answers, one JSON value each."""
    refused = False
    with client_of(url, client, folder) as partner:
        granted = reached(partner, details_of(agreement, purpose, dataset, person, role))
        for path in paths:
            answer = fetched(partner, path, str(granted["access_token"]))
            refused = refused or answer.is_error
            say(f"{answer.status_code} {path}")
            typer.echo(answer.text)
            for sentence in problem_said(answer):
                say(sentence)
    if refused:
        raise typer.Exit(1)


@app.command("revoke")
def revoke(
    url: Url,
    client: Client,
    folder: Folder,
    token: Annotated[Path, typer.Option("--token", help="File with what `partner token` printed.")],
) -> None:
    """End a token before its five minutes are over, from the next request on."""
    try:
        text = json.loads(token.read_bytes())["access_token"]
    except (OSError, ValueError, TypeError, KeyError):
        raise typer.BadParameter("this is not a file with what `partner token` printed", param_hint="--token") from None
    with client_of(url, client, folder) as partner:
        try:
            partner.revoke(str(text))
        except httpx2.TransportError as error:
            raise unreached(error) from None
    say("The token is over.")


def problem_said(answer: httpx2.Response) -> Iterator[str]:
    """Yield what a refusal (RFC 9457) says to a person: why, by which of the partner's own clauses, and what next."""
    if answer.headers.get("content-type", "").partition(";")[0] != "application/problem+json":
        return
    told = answer.json()
    yield f"{told.get('code', 'refused')}: {told.get('detail') or told.get('title')}"
    if told.get("elements"):
        yield f"It is about {', '.join(told['elements'])}."
    if told.get("clause"):
        yield f"The clause is {told['clause']}. What is covered, and by which clauses, is at /v1/grant."


def client_of(url: str, client: str, folder: Path) -> PartnerClient:
    """Return the client whose keys lie in the folder."""
    return PartnerClient(url, client, read_keys(folder))


def reached(partner: PartnerClient, details: Mapping[str, object] | None) -> dict[str, object]:
    """Return a new token's answer. Raises `PartnerRefused`."""
    try:
        return partner.token(details)
    except httpx2.TransportError as error:
        raise unreached(error) from None


def fetched(partner: PartnerClient, path: str, token: str) -> httpx2.Response:
    """Return the answer to one path. Raises `PartnerRefused`."""
    try:
        return partner.get(path, token)
    except httpx2.TransportError as error:
        raise unreached(error) from None


def unreached(error: httpx2.TransportError) -> PartnerRefused:
    """Return what is said of a gateway that does not answer; nothing of what was sent to it."""
    return PartnerRefused(
        f"The gateway cannot be reached ({type(error).__name__}).", remedy="Check --url and the network."
    )


def details_of(
    agreement: str | None, purpose: str | None, datasets: list[str] | None, person: str | None, role: str | None
) -> dict[str, object] | None:
    """Return what a token is asked for, None for whatever the client's one agreement gives."""
    if (agreement is None) != (purpose is None) or (person is None) != (role is None):
        raise typer.BadParameter("--agreement goes with --purpose, and --person with --role")
    if agreement is None:
        if datasets or person:
            raise typer.BadParameter("--dataset and --person need --agreement and --purpose")
        return None
    details: dict[str, object] = {"agreement": agreement, "purpose": purpose}
    if datasets:
        details["datasets"] = datasets
    if person:
        details["on_behalf_of"] = {"person": person, "role": role}
    return details
