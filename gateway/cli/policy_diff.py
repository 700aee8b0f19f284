"""`pactgate policy diff`: what clients would gain and lose by a change, or did between two entries of the log."""

from pathlib import Path
from typing import Annotated

import typer

from agreements.document import Agreement, parse_agreement
from agreements.elements import load_catalogue, read_catalogue
from agreements.signature import Kind, read_envelope
from gateway.cli import papers
from gateway.cli.policy_analysis import ask, own_law, period, show_replay, tell
from gateway.cli.run import show
from gateway.services.analysis.past import Law
from policies.analyse import sentences as words
from policies.guardrails import load_guardrails, read_guardrails

Guarded = Annotated[Path | None, typer.Option("--guardrails", help="Another guardrails file, supposed to hold.")]
Catalogued = Annotated[Path | None, typer.Option("--catalogue", help="Another element catalogue, supposed to hold.")]


def diff(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A draft in YAML or JSON, or signed.")] = None,
    *,
    guardrails: Guarded = None,
    catalogue: Catalogued = None,
    before: Annotated[int | None, typer.Option("--from", metavar="ENTRY", help="Compare what stood after it …")] = None,
    after: Annotated[
        int | None, typer.Option("--to", metavar="ENTRY", help="… with what stood after this one.")
    ] = None,
    last: Annotated[
        str | None, typer.Option("--replay", metavar="30d", help="Decide the logged requests again under it.")
    ] = None,
) -> None:
    """Say what clients would gain and lose by a draft or other guardrails, or did between two entries of the log."""
    supposed = any(each is not None for each in (file, guardrails, catalogue))
    entries = before is not None and after is not None
    if supposed == entries or (before is None) != (after is None) or (entries and last):
        raise typer.BadParameter("give a draft, --guardrails or --catalogue, or both --from and --to")
    law = _law(guardrails, catalogue)
    draft = None if file is None else _draft(file, law or own_law())
    if last is not None:
        back = period(last)
        show_replay(ask(lambda analyses: analyses.replay(back, draft=draft, law=law)))
        return
    if before is not None and after is not None:
        found = ask(lambda analyses: analyses.compare_entries(before, after))
    else:
        found = ask(lambda analyses: analyses.compare(draft=draft, law=law))
    known = (law or own_law()).catalogue
    tell((words.change_sentence(each, known) for each in found.changes), nothing="No client gains or loses anything.")
    show({"diff": {"since": found.since, "changes": [{"kind": each.kind, "change": each} for each in found.changes]}})


def _law(guardrails: Path | None, catalogue: Path | None) -> Law | None:
    if guardrails is None and catalogue is None:
        return None
    elements = load_catalogue() if catalogue is None else read_catalogue(papers.read_text(catalogue))
    own = load_guardrails()
    return Law(elements, own if guardrails is None else read_guardrails(papers.read_text(guardrails), elements))


def _draft(file: Path, law: Law) -> Agreement:
    raw = papers.read_file(file)
    return parse_agreement(read_envelope(raw, Kind.AGREEMENT).payload if papers.is_signed(raw) else raw, law.catalogue)
