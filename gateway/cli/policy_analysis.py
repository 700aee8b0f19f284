"""`pactgate policy analyse`: questions about all the rules in force together."""

import re
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Annotated, TypeVar

import typer

from agreements.elements import load_catalogue
from gateway.cli.policy_questions import moment, number
from gateway.cli.run import alarmed, office, run, say, settings, show
from gateway.keys import load_keys
from gateway.services.analysis.analyses import Analyses, Who
from gateway.services.analysis.past import Law
from gateway.services.analysis.replaying import Replayed
from policies.analyse import sentences as words
from policies.analyse.who import counter_example
from policies.guardrails import load_guardrails

app = typer.Typer(help="Ask about all the rules in force together.", no_args_is_help=True)
Result = TypeVar("Result")
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}

Period = Annotated[str, typer.Option("--last", metavar="30d", help="How far back: hours (h), days (d) or weeks (w).")]


@app.command()
def who(
    element: Annotated[str, typer.Argument(metavar="ELEMENT", help="An element, by its id or its wire name.")],
    *,
    student: Annotated[
        str | None,
        typer.Option(metavar="NUMBER", help="Only who obtains it of this student; `-` asks for it. This is logged."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="Another time than now: 2026-11-02T09:30, UTC.")
    ] = None,
    ever: Annotated[bool, typer.Option("--ever", help="At any time.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="A partner that may; exit code 1 with the first other one. Repeatable.")
    ] = None,
) -> None:
    """Say who can obtain an element now: partner, client, agreement, purpose, clause, transformation, until when."""
    if ever and (at or student):
        raise typer.BadParameter("--ever goes with neither --at nor --student")
    wanted, then = _element(element), None if at is None else moment(at)
    whose = None if student is None else number(student)

    async def work(analyses: Analyses) -> Who:
        if whose is None:
            return await analyses.who(wanted, at=then, ever=ever)
        return await analyses.who_of_student(wanted, whose, load_keys(settings().keys).subject, at=then)

    answer = ask(work)
    tell(words.obtained_sentence(each, load_catalogue()) for each in answer.found)
    other = counter_example(answer.found, only) if only else None
    show({"who": answer, "counter_example": other})
    if other is not None:
        say(f"Not only {', '.join(only or ())}: {words.obtained_sentence(other, load_catalogue())}")
        raise typer.Exit(1)


@app.command()
def together(
    partner: Annotated[str | None, typer.Argument(metavar="[PARTNER]", help="Such as partner:bright-path.")] = None,
) -> None:
    """Say what one partner obtains over all its agreements, and what of it could be joined, and with whose."""
    found = ask(lambda analyses: analyses.together(partner))
    for each in found:
        say(f"{each.partner}:")
        tell(words.holding_sentence(holding, load_catalogue()) for holding in each.holdings)
        tell(words.adds_up_sentence(pair) for pair in each.adding_up)
        tell(words.gathered(each.joinable))
    show({"together": found})


@app.command()
def unused(last: Period = "30d") -> None:
    """Say what was granted and never asked for, by the log. Refusals count as asked."""
    back = period(last)
    found = ask(lambda analyses: analyses.unused(back))
    tell(words.unused_sentence(each) for each in found.unused)
    show({"unused": found})


@app.command()
def dead() -> None:
    """Say which clauses can never matter from now on, and why. Exit code 1 if there is one."""
    found = ask(lambda analyses: analyses.dead())
    tell(words.dead_sentence(each) for each in found)
    show({"dead": found})
    if found:
        raise typer.Exit(1)


@app.command()
def replay(last: Period = "30d") -> None:
    """Decide the logged requests again. Exit code 1 if an entry is not what the rules of its moment lead to."""
    back = period(last)
    show_replay(ask(lambda analyses: analyses.replay(back, draft=None, law=None)))


def ask(question: Callable[[Analyses], Awaitable[Result]]) -> Result:
    """Put a question to this installation, by the law of this release."""

    async def work() -> Result:
        async with office() as opened:
            return await question(Analyses(opened.desk, own_law(), alarmed))

    return run(work())


def own_law() -> Law:
    """Return the catalogue and the guardrails of this release."""
    return Law(load_catalogue(), load_guardrails())


def show_replay(found: Replayed) -> None:
    """Tell and show a replay. Exit code 1 if something in it cannot be explained."""
    say(f"{found.decided_again} of {found.requests} requests since entry {found.first} were decided again.")
    for code, count in sorted(found.not_decided.items()):
        say(f"{count} refusal(s) '{code}' were no decisions of the policies.")
    if found.earlier:
        say(f"{found.earlier} are of an earlier release, which did not record what it decided by: not decided again.")
    for what, count in sorted(found.missing.items()):
        say(f"{count} could not be decided again: their {what} is not there.")
    tell((words.tally_sentence(each) for each in found.differences), nothing="Nothing would have been different.")
    show({"replay": found})
    if found.unexplained:
        say(f"{found.unexplained} entries are not what the rules of their moment lead to: {found.unexplained_entries}.")
        raise typer.Exit(1)


def tell(sentences: Iterable[str], nothing: str = "Nothing.") -> None:
    """Say one sentence after the other, or that there is nothing to say."""
    told = False
    for sentence in sentences:
        told = True
        say(sentence)
    if not told:
        say(nothing)


def _element(text: str) -> str:
    """Return the id that is meant. Raises `UnknownElement`."""
    catalogue = load_catalogue()
    named = [element.id for element in catalogue if element.name == text]
    return catalogue.element(named[0] if len(named) == 1 else text).id


def period(text: str) -> timedelta:
    """Return the period that is meant."""
    found = re.fullmatch(r"([0-9]{1,5})([hdw])", text)
    if found is None:
        raise typer.BadParameter("expected a period such as 30d, 12h or 4w")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})
