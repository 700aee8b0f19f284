"""`pactgate roster`: rosters that partners handed in, before the district decides and when it does."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from agreements.documents.roster_decision import Answer, roster_decision_bytes
from agreements.signature import Kind, add_signature
from gateway.cli import papers
from gateway.cli.records import number_of
from gateway.cli.run import office, run, say, show
from gateway.services.office import Office
from gateway.services.rosters.cases import Case
from gateway.services.rosters.deciding import Decided, RosterDecisions
from gateway.services.rosters.office import RosterOffice, ShownLine

app = typer.Typer(help="Rosters that partners hand in: match, accept, refuse, confirm.", no_args_is_help=True)

Result = TypeVar("Result")
Roster = Annotated[int, typer.Argument(metavar="ROSTER", help="The roster's number; `roster list` gives it.", min=0)]
Key = Annotated[Path, typer.Option("--key", help="Private key of who decides: an officer, or a principal.")]
Lines = Annotated[list[int], typer.Option("--line", metavar="LINE", help="A line, by its number; repeatable.", min=1)]


@app.command("list")
def list_rosters() -> None:
    """Show every roster: how it stands, and how many lines were matched or wait. Names nobody."""
    show(_asked(lambda rosters: rosters.summaries()))


@app.command("match")
def match(
    roster: Roster,
    line: Annotated[int | None, typer.Option(metavar="LINE", help="A line that waits, by its number.", min=1)] = None,
    student: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Whom the line means, as you looked up; asked for if left out.")
    ] = None,
) -> None:
    """Find whom the lines mean, by exact rules; or say yourself whom one means that waits."""

    async def matched(rosters: RosterOffice) -> object:
        if line is not None:
            number = number_of(student)
            await rosters.say(await rosters.enter_look(roster, None), line, number)
        return await rosters.match(roster)

    show(_asked(matched))


@app.command("show")
def show_lines(
    roster: Roster,
    *,
    waiting: Annotated[bool, typer.Option("--waiting", help="Only lines that wait for somebody.")] = False,
) -> None:
    """
    Show each line beside the student it means and the rule, or what it waits for. Names children: keep it close.

    That you looked is an entry.
    """

    async def looked(rosters: RosterOffice) -> tuple[ShownLine, ...]:
        return await rosters.show(await rosters.enter_look(roster, None))

    lines = _asked(looked)
    show([each for each in lines if each.waits_for is not None or not waiting])


@app.command("set-aside")
def set_aside(
    roster: Roster,
    *,
    line: Lines,
    back: Annotated[bool, typer.Option("--back", help="Take the lines back instead.")] = False,
) -> None:
    """Set lines aside: nobody comes onto the roster by them."""

    async def aside(rosters: RosterOffice) -> object:
        await rosters.set_aside(roster, line, back=back)
        return await rosters.match(roster)

    show(_asked(aside))


@app.command("accept")
def accept(
    roster: Roster,
    *,
    key: Key,
    confirm: Annotated[bool, typer.Option("--confirm", help="Let more than 10 % of the students leave.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """
    Accept what was matched, and sign for it. Lines that wait go on waiting, and come in by accepting again.

    With a whole roster, whoever is not on it leaves at once. It counts for 35 days.
    """
    _decide(roster, Answer.ACCEPT, key, None, confirm=confirm, yes=yes)


@app.command("refuse")
def refuse(
    roster: Roster,
    *,
    key: Key,
    reason: Annotated[str, typer.Option(callback=papers.filled, help="Why. Never names a student.")],
) -> None:
    """Refuse a roster, and sign for it. What was accepted before stands."""
    _decide(roster, Answer.REFUSE, key, reason, confirm=False, yes=True)


@app.command("confirm")
def confirm_unchanged(
    roster: Roster,
    *,
    key: Key,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
) -> None:
    """Confirm that an accepted roster is still right, and sign for it: it counts for another 35 days."""
    _decide(roster, Answer.CONFIRM, key, None, confirm=False, yes=yes)


def _decide(roster: int, answer: Answer, key: Path, reason: str | None, *, confirm: bool, yes: bool) -> None:
    signing = papers.read_key(key)

    async def work() -> Decided:
        async with office() as opened:
            decisions = RosterDecisions(opened.desk)
            case = await decisions.plan(roster, answer, signing.thumbprint)
            _explain(case)
            if not yes:
                typer.confirm("Sign it?", abort=True, err=True)
            payload = roster_decision_bytes(case.document(reason))
            document = add_signature(None, Kind.ROSTER_DECISION, payload, signing)
            return await decisions.decide(document, confirm=confirm)

    decided = run(work())
    show(
        {
            "roster": roster,
            "decision": answer.value,
            "entry": decided.entry,
            "begun": decided.begun,
            "ended": decided.ended,
            "counts_until": decided.counts_until,
        }
    )


def _explain(case: Case) -> None:
    if case.plan is None:
        return
    plan = case.plan
    say(f"{case.submission.line}: {len(plan.begin)} rows begin and {len(plan.end)} end.")
    if plan.removed:
        say(f"{plan.removed} of {plan.before} students leave the roster.")
    if case.waiting:
        say(f"{case.waiting} lines go on waiting: see `pactgate roster show {case.submission.roster} --waiting`.")
    say(f"It counts until {plan.fresh_until}, that day included.")


def _asked(work: Callable[[RosterOffice], Awaitable[Result]]) -> Result:
    async def asked() -> Result:
        async with office() as opened:
            return await work(_rosters(opened))

    return run(asked())


def _rosters(opened: Office) -> RosterOffice:
    return RosterOffice(opened.desk)
