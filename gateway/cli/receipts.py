"""`pactgate partner verify-receipt`: what a partner can prove by itself about one page it was sent."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import httpx2
import typer

from audit.answered import Proven, prove_answer
from audit.errors import VerificationFailed
from audit.keyfiles import KeyUnusable, verifier_of
from gateway.cli import papers
from gateway.cli.run import say, show
from gateway.oauth.client import PartnerClient, PartnerRefused
from gateway.oauth.keyfiles import read_keys

File = Annotated[Path | None, typer.Argument(metavar="[RECEIPT]", help="What /v1/receipts answered; or fetch it.")]
Body = Annotated[
    Path, typer.Option("--body", exists=True, dir_okay=False, help="The body you received, byte for byte.")
]
LogKeys = Annotated[
    list[str],
    typer.Option("--log-key", help="The log's public key (origin+id+base64) or a file with it. Again for each it has."),
]
Retired = Annotated[
    list[str] | None,
    typer.Option("--retired", metavar="SIZE:KEY", help="A log key that counts up to this size. Repeatable."),
]
EntryNumber = Annotated[int | None, typer.Option("--entry", min=0, help="Fetch the receipt of this entry.")]
Url = Annotated[str | None, typer.Option("--url", help="The gateway's public URL, to fetch from.")]
Client = Annotated[str | None, typer.Option("--client", help="The client id; an entry of another one is wrong.")]
Agreement = Annotated[str | None, typer.Option("--agreement", help="Digest of the agreement, if there are several.")]
Purpose = Annotated[str | None, typer.Option("--purpose", help="Purpose code of that agreement.")]
Keys = Annotated[Path | None, typer.Option("--keys", help="Folder of the client's private keys, to fetch with.")]


def verify_receipt(
    receipt: File = None,
    *,
    body: Body,
    log_key: LogKeys,
    retired: Retired = None,
    entry: EntryNumber = None,
    url: Url = None,
    client: Client = None,
    keys: Keys = None,
    agreement: Agreement = None,
    purpose: Purpose = None,
) -> None:
    """
    Check that the district's log recorded exactly the page you received, asking nobody you need to trust.

    Exit 0: proven; 1: something is wrong, and what; 2: the command cannot be used so.
    """
    try:
        known = verifier_of(log_key, [_retired(each) for each in retired or ()])
    except KeyUnusable as error:
        raise typer.BadParameter(str(error)) from None
    if (receipt is None) == (entry is None) or (agreement is None) != (purpose is None):
        raise typer.BadParameter(
            "give the file of a receipt, or --entry with --url, --client and --keys; --agreement goes with --purpose"
        )
    received = body.read_bytes()
    details = None if agreement is None else {"agreement": agreement, "purpose": purpose}
    answered = papers.read_file(receipt) if receipt is not None else _fetched(entry, url, client, keys, details)
    try:
        proven = prove_answer(answered, received, known, client=client)
    except VerificationFailed as error:
        show({"holds": False, "code": error.code, "found": str(error)})
        raise
    _tell(proven)


def _tell(proven: Proven) -> None:
    facts = proven.entry.body
    origin, size = proven.checkpoint.origin, proven.checkpoint.size
    say(
        f"Proven: {origin} has on record as entry {proven.index}, of {size} in the signed tree, that this body and no"
        f" other was the answer. The entry is dated {proven.entry.time}."
    )
    say("Not proven: that everybody is shown the same log. Compare checkpoints with somebody who holds another one.")
    names = ("client", "agreement", "purpose", "dataset", "elements", "records", "request_id")
    show(
        {
            "holds": True,
            "origin": origin,
            "entry": proven.index,
            "size": size,
            "tree_head": proven.checkpoint.tree_head.hex(),
            "event": proven.entry.event,
            "time": proven.entry.time,
            "request": proven.asked,
            **{name: facts.get(name) for name in names},
        }
    )


def _retired(text: str) -> tuple[str, str]:
    size, colon, key = text.partition(":")
    if not colon:
        raise typer.BadParameter(f"{text!r} is not SIZE:KEY")
    return size, key


def _fetched(
    entry: int | None,
    url: str | None,
    client: str | None,
    keys: Path | None,
    details: Mapping[str, object] | None,
) -> bytes:
    if url is None or client is None or keys is None:
        raise typer.BadParameter("--entry needs --url, --client and --keys")
    with PartnerClient(url, client, read_keys(keys)) as partner:
        try:
            answer = partner.get(f"/v1/receipts/{entry}", str(partner.token(details)["access_token"]))
        except httpx2.TransportError as error:
            raise PartnerRefused(
                f"The gateway cannot be reached ({type(error).__name__}).", remedy="Check --url and the network."
            ) from None
    if answer.status_code != httpx2.codes.OK:
        raise PartnerRefused(f"No receipt: the gateway answers {answer.status_code}.", remedy="Ask for an own entry.")
    return answer.content
