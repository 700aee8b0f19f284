"""`pactgate policy`: the rules that agreements become, why something leaves or does not, and tests of drafts."""

from pathlib import Path
from typing import Annotated

import typer

from agreements.document import parse_agreement
from agreements.elements import load_catalogue
from agreements.signature import Kind, read_envelope
from agreements.wording import LEAVES
from gateway.cli import papers, policy_analysis, policy_diff
from gateway.cli.policy_questions import moment, number, one, require_used
from gateway.cli.run import office, run, say, settings, show
from gateway.cli.signatures import problems_said
from gateway.keys import load_keys
from gateway.services.explaining.policy_tests import FileReport, files_in, run_file
from gateway.services.explaining.requests import Answer, Asked, explain_asked, explain_over_time
from gateway.services.explaining.rules import RulesShown, draft_rules, rules_in_force
from gateway.services.explaining.students import Explained, StudentQuestions, Wanted
from gateway.services.explaining.world import open_world
from gateway.services.law import guardrails_of
from policies.guardrails import load_guardrails

app = typer.Typer(help="The rules that agreements become: show, ask why, test, analyse, compare.", no_args_is_help=True)
app.add_typer(policy_analysis.app, name="analyse")
app.command("diff")(policy_diff.diff)

Agreement = Annotated[
    str | None,
    typer.Option(
        "--agreement",
        callback=papers.agreement,
        metavar="AGREEMENT",
        help="The agreement: its id, or the digest of a version.",
    ),
]
Client = Annotated[
    str | None, typer.Option("--client", callback=papers.client_id, metavar="CLIENT", help="One client, client:….")
]
Partner = Annotated[str | None, typer.Option("--partner", metavar="PARTNER", help="Every agreement of partner:….")]


@app.command("show")
def show_rules(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A draft, or a signed agreement.")] = None,
    agreement: Agreement = None,
) -> None:
    """Show the rules of what is in force, or those that a draft would have: each with its clause and its days."""
    if file is not None and agreement is not None:
        raise typer.BadParameter("name a file or an agreement, not both")
    guardrails, catalogue = load_guardrails(), load_catalogue()
    if file is not None:
        raw = papers.read_file(file)
        raw = read_envelope(raw, Kind.AGREEMENT).payload if papers.is_signed(raw) else raw
        with problems_said():
            found: tuple[RulesShown, ...] = (draft_rules(parse_agreement(raw, catalogue), catalogue, guardrails),)
    else:

        async def work() -> tuple[RulesShown, ...]:
            async with office() as opened:
                world = await open_world(opened)
                return rules_in_force(world, agreement, guardrails_of(opened.desk, world.registry))

        found = run(work())
    for each in found:
        _say_rules(each)
    show(found)


@app.command("explain")
def explain(  # noqa: PLR0917  Typer's options, named by whoever calls
    agreement: Agreement = None,
    client: Client = None,
    partner: Partner = None,
    dataset: Annotated[str | None, typer.Option("--dataset", help="The dataset that would be asked for.")] = None,
    element: Annotated[
        list[str] | None, typer.Option("--element", metavar="NAME", help="An element; repeatable with --dataset.")
    ] = None,
    filters: Annotated[
        list[str] | None, typer.Option("--filter", metavar="NAME", help="An element that would be filtered on.")
    ] = None,
    sort: Annotated[str | None, typer.Option("--sort", metavar="NAME", help="An element to sort by.")] = None,
    purpose: Annotated[str | None, typer.Option("--purpose", help="Another purpose than the one signed.")] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="Another time than now: 2026-11-02T09:30, UTC.")
    ] = None,
    as_partner: Annotated[
        bool, typer.Option("--as-partner", help="Only what the client's own partner may read.")
    ] = False,
    student: Annotated[
        str | None, typer.Option("--student", metavar="NUMBER", help="A student's number; `-` asks for it.")
    ] = None,
) -> None:
    """Say why a request is answered or refused (--dataset), when an element leaves, or why it is seen (--student)."""
    if agreement is None and client is None and partner is None:
        raise typer.BadParameter("name an --agreement, a --client or a --partner")
    given = {
        "--dataset": dataset,
        "--filter": filters,
        "--sort": sort,
        "--purpose": purpose,
        "--at": at,
        "--as-partner": as_partner,
    }
    then, names = None if at is None else moment(at), tuple(element or ())
    if student is not None:
        require_used(given, with_what="--student", used=frozenset({"--at"}))
        _explain_student(Wanted(number(student), one(names), agreement, partner, client, then))
        return
    if dataset is None:
        require_used(given, with_what="a question about an element over time", used=frozenset())
        one(names)

    async def work() -> tuple[Answer, ...]:
        async with office() as opened:
            world = await open_world(opened)
            pairs = world.pairs(agreement, partner, client)
            if dataset is None:
                return explain_over_time(world, pairs, one(names))
            asked = Asked(dataset, purpose, names or None, tuple(filters or ()), sort)
            return explain_asked(world, pairs, asked, then, as_partner=as_partner)

    answers = run(work())
    for each in answers:
        say(f"{each.title} ({each.agreement}), {each.client or 'no client'}")
        for sentence in each.sentences:
            say(f"  {sentence}")
    show(answers)


@app.command("test")
def run_tests(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH…]", help="Files or folders; this folder if left out.")
    ] = None,
) -> None:
    """Check what files expect of agreements and drafts, and name the rules that no expectation looks at."""
    files, catalogue, guardrails = files_in(paths or [Path()]), load_catalogue(), load_guardrails()
    with problems_said():
        found = [run_file(path, papers.read_file, catalogue, guardrails) for path in files]
    for each in found:
        _say_report(each)
    show(found)
    if any(each.failed for each in found):
        raise typer.Exit(1)


def _explain_student(wanted: Wanted) -> None:
    subject_key = load_keys(settings().keys).subject

    async def work() -> Explained:
        async with office() as opened:
            return await StudentQuestions(opened, subject_key).explain(wanted)

    found = run(work())
    for answer in found.answers:
        for sentence in answer.sentences:
            say(sentence)
    say(f"That this was asked is entry {found.entry} of the log.")
    show(found)
    if any(answer.kept_agrees is False for answer in found.answers):
        raise typer.Exit(1)


def _say_rules(shown: RulesShown) -> None:
    state = f"{len(shown.clients)} client(s)" if shown.in_force else "a draft, nothing leaves by it"
    say(f"{shown.title} ({shown.agreement}), {state}; rules {shown.ruleset}")
    for line in shown.lines:
        barred = f", WITHHELD by {', '.join(line.barred_by)}" if line.barred_by else ""
        form = LEAVES[line.transformation]
        say(f"  {line.dataset:<18} {line.name:<30} {form:<24} {line.clause:<26} {line.nbf} to {line.exp}{barred}")
    for bar in shown.bars:
        say(f"  nothing            for {bar.subject}, {bar.clause}, {bar.nbf} to {bar.exp}")


def _say_report(report: FileReport) -> None:
    passed = report.expectations - len(report.failed)
    say(f"{report.file}: {passed} of {report.expectations} expectations are met")
    for each in report.failed:
        say(f"  line {each.line}: {each.name}")
        for difference in each.differences:
            say(f"    {difference}")
    missing = report.untouched
    for words, clauses in (
        ("no expectation names", missing.lines),
        ("no expectation meets", missing.barriers),
        ("no student of an expectation fails", missing.conditions),
    ):
        if clauses:
            say(f"  {words} {', '.join(clauses)}")
