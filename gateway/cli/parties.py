"""`pactgate parties`: what becomes of a partner: it leaves, it is debarred, it goes on as another one."""

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from agreements.canonical import read_canonical
from agreements.documents.debarment import Debarment, debarment_bytes, read_debarment
from agreements.documents.succession import (
    SUCCESSION,
    Succession,
    read_succession,
    succession_bytes,
)
from agreements.shapes import words_only
from agreements.signature import Kind
from gateway.cli import papers
from gateway.cli.agreement import Approvals, Reason, Yes
from gateway.cli.run import known_trust, office, run, say, show
from gateway.cli.signatures import problems_said, read_one_of, sign_again, sign_all
from gateway.services.parties import Ended, Parties, PartnerLine

app = typer.Typer(
    help="Partners: suspend one, let it leave, debar it, have another one succeed it.", no_args_is_help=True
)

Partner = Annotated[str, typer.Argument(metavar="PARTNER", help="The partner, partner:….")]
Out = Annotated[Path, typer.Option(help="The document to write.")]
_DAY = ["%Y-%m-%d"]


class Cause(StrEnum):
    """What the law debars for."""

    FAILURE_TO_DESTROY = "failure_to_destroy"
    IMPROPER_REDISCLOSURE = "improper_redisclosure"
    MISSING_SUBPOENA_NOTICE = "missing_subpoena_notice"


class Happened(StrEnum):
    """How a partner goes on as another one."""

    MERGER = "merger"
    RENAME = "rename"


@app.command("leave")
def leave(*, partner: Partner, reason: Reason, yes: Yes = False) -> None:
    """End everything of a partner together: agreements, clients, tokens. What it owes begins."""
    if not yes:
        typer.confirm(f"End all agreements and clients of {partner} for good?", abort=True, err=True)

    async def work() -> Ended:
        async with office() as opened:
            return await Parties(opened.desk).leave(partner, reason)

    show(run(work()))


@app.command("debarment")
def debarment(
    *,
    partner: Annotated[str, typer.Option(help="The partner, partner:….")],
    cause: Annotated[Cause, typer.Option(help="What the law debars for.")],
    first: Annotated[datetime, typer.Option("--from", formats=_DAY, help="First day (UTC), today or before.")],
    last: Annotated[datetime, typer.Option("--until", formats=_DAY, help="Last day: at least five years later.")],
    reason: Reason,
    officer_key: Annotated[list[Path], typer.Option("--officer-key", help="Private key of an officer; repeatable.")],
    out: Out,
) -> None:
    """Write and sign a debarment. It takes two officers, and nothing undoes it once it is registered."""
    payload = debarment_bytes(Debarment(partner, cause.value, first.date(), last.date(), reason))
    with problems_said():
        read_debarment(payload)  # judged as it will be when it is registered
    document = sign_all(Kind.DEBARMENT, payload, [papers.read_key(each) for each in officer_key])
    papers.write_signed(out, document)
    if len(document.signatures) == 1:
        say(f"A second officer signs it too: pactgate parties sign {out} --key KEY")
    show({"document": document.digest, "partner": partner, "until": f"{last:%Y-%m-%d}", "file": str(out)})


@app.command("debar")
def debar(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `parties debarment` wrote, signed twice.")],
    yes: Yes = False,
) -> None:
    """Register a debarment: everything of the partner ends at once, and nothing new begins before its last day."""
    document = papers.read_signed(file, Kind.DEBARMENT)
    judged = read_debarment(document.payload)
    if not yes:
        typer.confirm(f"Debar {judged.partner} until {judged.until_day}, for good?", abort=True, err=True)

    async def work() -> tuple[Ended, ...]:
        async with office() as opened:
            return await Parties(opened.desk).debar(document)

    show({"document": document.digest, "until": judged.until_day, "ended": run(work())})


@app.command("succession")
def succession(
    *,
    predecessor: Annotated[str, typer.Option(help="The partner that goes on as another one, partner:….")],
    successor: Annotated[str, typer.Option(help="The partner that it goes on as, partner:….")],
    kind: Annotated[Happened, typer.Option(help="What happened.")],
    day: Annotated[datetime, typer.Option(formats=_DAY, help="Since when, as the partners state it.")],
    reason: Reason,
    signer_key: Annotated[list[Path], typer.Option("--signer-key", help="Private key of a signer; repeatable.")],
    out: Out,
) -> None:
    """Write and sign a succession. A signer of each of the two partners signs it: two people, for a new name too."""
    payload = succession_bytes(Succession(predecessor, successor, kind.value, day.date(), reason))
    with problems_said():
        read_succession(payload)  # judged as it will be when it is registered
    document = sign_all(Kind.SUCCESSION, payload, [papers.read_key(each) for each in signer_key])
    papers.write_signed(out, document)
    if len(document.signatures) == 1:
        say(f"A signer of the other partner signs it too: pactgate parties sign {out} --key KEY")
    show({"document": document.digest, "predecessor": predecessor, "successor": successor, "file": str(out)})


@app.command("sign")
def sign(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A debarment or a succession.")],
    key: Annotated[Path, typer.Option("--key", help="Private key of the next one to sign.")],
) -> None:
    """Add a signature to a debarment or a succession, after reading what it says."""
    kinds = (Kind.DEBARMENT, Kind.SUCCESSION)
    for name, value in sorted(_content(file, kinds).items()):
        say(f"{name}: {value}")
    sign_again(file, kinds, key)


@app.command("approve")
def approve(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `parties succession` wrote, signed twice.")],
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")],
    out: Annotated[Path, typer.Option(help="The approval to write.")],
    yes: Yes = False,
) -> None:
    """Approve a succession as an officer."""
    envelope = papers.read_signed(file, Kind.SUCCESSION)
    judged, content = read_succession(envelope.payload), read_canonical(envelope.payload)
    officer = papers.read_key(officer_key)
    papers.hint_unless_officer(officer, known_trust())
    say(f"{judged.predecessor} goes on as {judged.successor} ({judged.kind}). What bars the one bars the other.")
    approval = papers.approve(envelope, words_only(SUCCESSION, content), content, officer, assume_yes=yes)
    papers.write_signed(out, approval)
    show({"approval": approval.digest, "approves": envelope.digest, "approver": officer.thumbprint, "file": str(out)})


@app.command("merge")
def merge(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `parties succession` wrote, signed twice.")],
    approval: Approvals,
    yes: Yes = False,
) -> None:
    """Register a succession: the predecessor's agreements end, and the successor answers for what it owes."""
    document = papers.read_signed(file, Kind.SUCCESSION)
    approvals = [papers.read_signed(each, Kind.APPROVAL) for each in approval]
    judged = read_succession(document.payload)
    if not yes:
        typer.confirm(f"End all agreements and clients of {judged.predecessor} for good?", abort=True, err=True)

    async def work() -> tuple[Ended, ...]:
        async with office() as opened:
            return await Parties(opened.desk).succeed(document, approvals)

    show({"document": document.digest, "successor": judged.successor, "ended": run(work())})


@app.command("list")
def list_parties() -> None:
    """List every partner: its agreements and clients, what bars it, whom it succeeded and who succeeded it."""

    async def work() -> tuple[PartnerLine, ...]:
        async with office() as opened:
            return await Parties(opened.desk).lines()

    show(run(work()))


def _content(file: Path, kinds: tuple[Kind, ...]) -> dict[str, object]:
    content = read_canonical(read_one_of(file, kinds).payload)
    return dict(content) if isinstance(content, dict) else {}
