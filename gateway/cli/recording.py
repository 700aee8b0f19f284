"""`pactgate accounting import`: what left in an earlier year, recorded by hand from a spreadsheet, all or nothing."""

from pathlib import Path
from typing import Annotated

import typer

from agreements.canonical import Json, canonical_bytes
from agreements.documents.outside_disclosure import read_outside_disclosure
from agreements.errors import InvalidDocument
from agreements.signature import Envelope, Kind, add_signature
from gateway.cli import papers
from gateway.cli.run import known_trust, office, run, say, settings, show
from gateway.cli.signatures import problems_said
from gateway.keys import load_keys
from gateway.services.accounting.by_hand import OutsideDisclosures
from gateway.services.accounting.importing import read_import
from gateway.services.emergencies.papers import Students


def import_records(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file; docs/accounting.md names its columns.")],
    officer_key: Annotated[Path, typer.Option("--officer-key", help="Private key of the officer who records it.")],
    evidence: Annotated[Path | None, typer.Option(help="A file that shows it; its digest is in every record.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be recorded, and record nothing.")] = False,
) -> None:
    """Record by hand what left in an earlier year: a line is one disclosure about one student."""
    digest = None if evidence is None else papers.digest_of_file(evidence)
    officer = papers.read_key(officer_key)
    papers.hint_unless_officer(officer, known_trust())
    records: list[tuple[Envelope, Students]] = []
    for each in read_import(papers.read_text(file)):
        content: dict[str, Json] = {
            **each.content,
            "format": "pactgate-outside-disclosure/1",
            "students": {"count": len(each.students.each), "commitment": each.students.commitment},
        }
        if digest is not None:
            content["evidence"] = digest
        payload = canonical_bytes(content)
        try:
            with problems_said():
                read_outside_disclosure(payload)
        except InvalidDocument:
            say(f"This is what line {each.line} says.")
            raise
        records.append((add_signature(None, Kind.OUTSIDE_DISCLOSURE, payload, officer), each.students))
    told = {"records": len(records), "students": len({one for _, many in records for one in many.each})}
    if dry_run:
        show({**told, "entries": None})
        return
    subject_key = load_keys(settings().keys).subject

    async def work() -> tuple[int, ...]:
        async with office() as opened:
            with problems_said():
                return await OutsideDisclosures(opened.desk, subject_key).record_all(records)

    entries = run(work())
    show({**told, "entries": [entries[0], entries[-1]]})
