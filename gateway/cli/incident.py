"""`pactgate incident`: what happened at a partner, whose records it may concern, and who must be told until when."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli import papers
from gateway.cli.policy_questions import moment
from gateway.cli.run import office, run, say, settings, show
from gateway.keys import load_keys
from gateway.services.incidents.clocks import Task
from gateway.services.incidents.incidents import Incidents
from gateway.services.incidents.letters import letters
from gateway.services.incidents.lines import Affected, Concerns, Incident, IncidentLine

app = typer.Typer(
    help="Incidents: open one, see whose records it may concern and what is due, close it.", no_args_is_help=True
)
Number = Annotated[int, typer.Argument(metavar="INCIDENT", min=0, help="The entry that opened it.")]
_TIME: Final = "TIME"


@app.command("open")
def open_incident(
    *,
    what: Annotated[str, typer.Option(help="What happened, in words. Name no student.")],
    discovered: Annotated[str, typer.Option(metavar=_TIME, help="When it was discovered; the clocks run from then.")],
    since: Annotated[str, typer.Option(metavar=_TIME, help="What left from then on may be concerned, …")],
    until: Annotated[str, typer.Option(metavar=_TIME, help="… and until then.")],
    partner: Annotated[str | None, typer.Option(help="The partner that it concerns, partner:….")] = None,
    agreement: Annotated[str | None, typer.Option(help="The agreement, by digest or id.")] = None,
    client: Annotated[str | None, typer.Option(help="The client, client:….")] = None,
) -> None:
    """Put an incident on file. It stops nothing: suspend what must stop."""
    times: list[datetime] = [
        moment(discovered, "--discovered"),
        moment(since, "--since"),
        moment(until, "--until"),
    ]
    concerns = Concerns(times[1], times[2], partner, agreement, client)

    async def work() -> IncidentLine:
        async with office() as opened:
            incidents = Incidents(opened)
            return (await incidents.one(await incidents.open(what, times[0], concerns, None))).line

    line = run(work())
    say(f"See whose records it may concern: pactgate incident affected {line.entry}")
    show(line)


@app.command("list")
def list_incidents() -> None:
    """List every incident with what is due. Exit code 1 if something is overdue."""

    async def work() -> tuple[IncidentLine, ...]:
        async with office() as opened:
            return await Incidents(opened).listed()

    lines = run(work())
    show(lines)
    late = [each.entry for each in lines if each.overdue]
    for number in late:
        say(f"Careful: something about incident {number} is overdue.")
    if late:
        raise typer.Exit(1)


@app.command("show")
def show_incident(number: Number) -> None:
    """Show one incident with everything that was done about it."""

    async def work() -> Incident:
        async with office() as opened:
            return await Incidents(opened).one(number)

    show(run(work()))


@app.command("affected")
def affected(
    *,
    number: Number,
    out: Annotated[Path | None, typer.Option(help="Write numbers and names for letters here, as CSV.")] = None,
) -> None:
    """Say whose records it may concern, by the log. That you looked is an entry, and stands in their accountings."""

    async def work() -> Affected:
        async with office() as opened:
            return await Incidents(opened, load_keys(settings().keys).subject).affected(number, None)

    found = run(work())
    if found.altered:
        say(f"Careful: the lists beside entries {', '.join(map(str, found.altered))} were altered; somebody may lack.")
    if out is not None:
        papers.write_new(out, letters(found).encode(), private=True)
    numbers = {} if out is not None else {"numbers": [each.number for each in found.students]}
    show(
        {
            "entry": found.entry,
            "disclosures": found.disclosures,
            "students": found.count,
            "unlinked": found.unlinked,
            "altered": found.altered,
            **numbers,
        }
    )


@app.command("note")
def note(
    *,
    number: Number,
    words: Annotated[str, typer.Option(help="What is noted. Name no student.")] = "",
    done: Annotated[Task | None, typer.Option(help="What is done now.")] = None,
    not_applicable: Annotated[Task | None, typer.Option(help="What need not be done; --words says why.")] = None,
) -> None:
    """Note something about an incident, or tick off what was to be done, or say why it does not apply."""
    if done is not None and not_applicable is not None:
        raise typer.BadParameter("Say one of --done and --not-applicable.")

    async def work() -> int:
        async with office() as opened:
            task, applies = done or not_applicable, not_applicable is None
            return await Incidents(opened).note(number, words, None, task=task, applies=applies)

    show({"entry": run(work())})


@app.command("close")
def close(*, number: Number, words: Annotated[str, typer.Option(help="What came of it. Name no student.")]) -> None:
    """Close an incident with a last note, once everything that is due is done or said not to apply."""

    async def work() -> int:
        async with office() as opened:
            return await Incidents(opened).close(number, words, None)

    show({"entry": run(work())})
