"""`pactgate records parental-rights`: an officer puts on file that a parent's rights are revoked, or back."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from agreements.documents.parental_rights import (
    Act,
    Ground,
    ParentalRights,
    parental_rights_bytes,
    read_parental_rights,
)
from agreements.signature import Kind, add_signature
from gateway.cli import papers
from gateway.cli.records import Student, number_of
from gateway.cli.run import known_trust, office, run, say, show
from gateway.services.restrictions import Restrictions, SignerName, Whom


def parental_rights(
    *,
    act: Annotated[Act, typer.Argument(help="Whether they are revoked or restored.")],
    ground: Annotated[Ground, typer.Option(help="What revoked or restored them (34 CFR 99.4).")],
    ordered_on: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="The day of the order, statute or document.")
    ],
    evidence: Annotated[Path, typer.Option(help="The paper that shows it; its digest is signed and kept.")],
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of an officer.")],
    student: Student = None,
) -> None:
    """
    Put on file that a court, a statute or a document revoked a parent's rights, or gave them back (34 CFR 99.4).

    Asks for the student's number and the parent's name, as it stands on consents. What this parent signed ends.
    """
    officer, proof = papers.read_key(officer_key), papers.digest_of_file(evidence)
    papers.hint_unless_officer(officer, known_trust())
    number = number_of(student)
    whom = Whom(number, SignerName(str(typer.prompt("Name of the parent", err=True))))
    payload = parental_rights_bytes(ParentalRights(act, ground, ordered_on.date(), proof, whom.commitment))
    read_parental_rights(payload)  # judged as it will be when it is registered
    document = add_signature(None, Kind.PARENTAL_RIGHTS, payload, officer)

    async def work() -> int:
        async with office() as opened:
            return await Restrictions(opened.desk).file(document, whom)

    entry = run(work())
    if act is Act.REVOKED:
        say("What this parent signed for the student counts no more, and nothing of it can be loaded again.")
    else:
        say("Nothing comes back by itself: a consent is entered or loaded again.")
    show({"document": document.digest, "act": act.value, "entry": entry})
