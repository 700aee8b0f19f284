"""`pactgate emergency`: what an officer orders when health or safety is at stake, and a second officer reviews."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from agreements.authored import read_authored
from agreements.canonical import canonical_bytes, read_canonical
from agreements.documents.emergency import EMERGENCY_ORDER, EmergencyOrder, read_emergency_order
from agreements.elements import load_catalogue
from agreements.shapes import words_only
from agreements.signature import Kind
from gateway.cli import handing_over, papers
from gateway.cli.agreement import Yes
from gateway.cli.run import known_trust, office, run, say, show
from gateway.cli.signatures import problems_said, read_one_of, sign_as_officer
from gateway.services.emergencies.lines import OrderLine
from gateway.services.emergencies.orders import Emergencies

app = typer.Typer(
    help="Emergencies: order a disclosure, review it, hand over records by it, end it.", no_args_is_help=True
)
app.command("release")(handing_over.release)
app.command("explain")(handing_over.explain)
app.command("end")(handing_over.end)

OfficerKey = Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")]
FORMAT: Final = "pactgate-emergency-order/1"


@app.command("order")
def order(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The order in YAML or JSON. It names no student.")],
    officer_key: OfficerKey,
    out: Annotated[Path, typer.Option(help="The signed order to write.")],
) -> None:
    """Sign an emergency order as an officer. Whatever is wrong with it is said at once; what is wrong is not signed."""
    content = read_authored(papers.read_file(file))
    if isinstance(content, dict):  # what the person who writes it should not have to look up
        content.setdefault("format", FORMAT)
        content.setdefault("begins", f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}")
    payload = canonical_bytes(content)
    written = _judged(payload)
    document = sign_as_officer(Kind.EMERGENCY_ORDER, payload, officer_key, out)
    say("It takes effect when it is registered, and a second officer reviews it within 72 hours of that.")
    show({"document": document.digest, "id": written.id, "begins": written.begins, "ends": written.ends})


@app.command("review")
def review(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `emergency order` wrote.")],
    officer_key: OfficerKey,
    out: Annotated[Path, typer.Option(help="The review to write.")],
    yes: Yes = False,
) -> None:
    """Review an order as the second officer: threat, recipients and reasons are shown first."""
    envelope = papers.read_signed(file, Kind.EMERGENCY_ORDER)
    written, content = _judged(envelope.payload), read_canonical(envelope.payload)
    officer = papers.read_key(officer_key)
    papers.hint_unless_officer(officer, known_trust())
    if officer.thumbprint in {item.kid for item in envelope.signatures}:
        say("Careful: this officer signed the order; the review will be refused. A second person reviews.")
    say(f"{written.id}: {len(written.elements)} elements of {written.count} students until {written.ends}.")
    approval = papers.approve(envelope, words_only(EMERGENCY_ORDER, content), content, officer, assume_yes=yes)
    papers.write_signed(out, approval)
    show({"approval": approval.digest, "approves": envelope.digest, "approver": officer.thumbprint, "file": str(out)})


@app.command("register")
def register(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `emergency order` or `emergency review` wrote.")],
) -> None:
    """Register an order, or the review of one."""
    document = read_one_of(file, (Kind.EMERGENCY_ORDER, Kind.APPROVAL))

    async def work() -> OrderLine:
        async with office() as opened:
            emergencies = Emergencies(opened.desk)
            act = emergencies.order if document.kind is Kind.EMERGENCY_ORDER else emergencies.review
            return await act(document)

    line = run(work())
    if line.reviewed_by is None:
        say(f"In force from {line.begins} to {line.ends}. A second officer reviews it by {line.review_due}.")
    show(line)


@app.command("list")
def list_orders() -> None:
    """List every emergency order, with what threatened whom, who reviewed it, what left by it, and how it ended."""

    async def work() -> tuple[OrderLine, ...]:
        async with office() as opened:
            return await Emergencies(opened.desk).lines()

    lines = run(work())
    for line in lines:
        if line.review_overdue:
            say(f"Careful: {line.id} was never reviewed by a second officer.")
    show(lines)


def _judged(payload: bytes) -> EmergencyOrder:
    with problems_said():
        return read_emergency_order(payload, load_catalogue())
