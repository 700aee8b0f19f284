"""`pactgate audit search` and `reindex`: entries by what they say and about whom, and the index that makes it quick."""

from collections.abc import Callable
from typing import Annotated

import orjson
import typer

from agreements.elements import load_catalogue
from audit.entry import parse
from audit.events import Event
from audit.index import rebuild
from audit.index_check import check_index
from gateway.cli.policy_questions import moment, number
from gateway.cli.run import office, run, say, settings, show
from gateway.keys import load_keys
from gateway.services.obligations.history import driver_of
from gateway.services.searching.searches import Answer, Searches
from gateway.services.searching.sentences import sentence
from gateway.services.searching.wanted import Outcome, Wanted

_MOST = 10_000
_TOLD_EVERY = 64
"""Blocks after which a person is told how far it is: a quarter of a million entries."""


def search(
    *,
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="From then on, such as 2026-11-02.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before then; UTC unless it says.")] = None,
    partner: Annotated[list[str] | None, typer.Option(help="About this partner; repeatable, as all below.")] = None,
    agreement: Annotated[list[str] | None, typer.Option(help="About this agreement: a digest, or an id.")] = None,
    client: Annotated[list[str] | None, typer.Option(help="Asked by this client, or about it.")] = None,
    element: Annotated[list[str] | None, typer.Option(help="An element by its id or name, given or asked for.")] = None,
    dataset: Annotated[list[str] | None, typer.Option(help="A dataset, given or asked for.")] = None,
    purpose: Annotated[list[str] | None, typer.Option(help="The purpose of a request, or of an agreement.")] = None,
    code: Annotated[list[str] | None, typer.Option(help="Why something was refused, such as not_found.")] = None,
    behind: Annotated[list[str] | None, typer.Option(help="The person behind a request, by the partner's id.")] = None,
    event: Annotated[
        list[Event] | None, typer.Option(metavar="EVENT", help="Only this event, such as disclosure.")
    ] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="What came of it.")] = None,
    student: Annotated[
        str | None, typer.Option(metavar="NUMBER", help="Names this student; `-` asks for it. This is logged.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST, help="At most so many entries.")] = 100,
    cursor: Annotated[str | None, typer.Option(help="Go on where this same search ended.")] = None,
    oldest_first: Annotated[bool, typer.Option("--oldest-first", help="Begin with the oldest.")] = False,
    sentences: Annotated[bool, typer.Option("--sentences", help="Say in plain words what each entry says.")] = False,
) -> None:
    """Search the log for entries that are all of this; JSON lines, the last one with `next` if there are more."""
    wanted = Wanted(
        since=None if since is None else moment(since, "--from"),
        until=None if until is None else moment(until, "--to"),
        partners=tuple(partner or ()),
        agreements=tuple(agreement or ()),
        clients=tuple(client or ()),
        elements=tuple(element or ()),
        datasets=tuple(dataset or ()),
        purposes=tuple(purpose or ()),
        codes=tuple(code or ()),
        behind=tuple(behind or ()),
        events=tuple(each.value for each in event or ()),
        outcome=outcome,
        student=None if student is None else number(student),
    )

    async def work() -> Answer:
        key = None if wanted.student is None else load_keys(settings().keys).subject
        async with office() as opened:
            return await Searches(opened, key).search(wanted, limit=limit, cursor=cursor, newest_first=not oldest_first)

    answer, catalogue = run(work()), load_catalogue()
    for each in answer.found:
        line: dict[str, object] = {"index": each.index, "entry": orjson.Fragment(each.leaf)}
        if sentences:
            line["sentence"] = sentence(each.index, parse(each.leaf), catalogue)
        typer.echo(orjson.dumps(line).decode())
    if answer.entry is not None:
        say(f"That a student was searched for is entry {answer.entry}.")
    if answer.next is not None:
        typer.echo(orjson.dumps({"next": answer.next}).decode())


def reindex(
    *,
    check: Annotated[bool, typer.Option("--check", help="Only compare the index with the entries.")] = False,
) -> None:
    """Make the index of the log anew, or check it. Searches need it to be quick, never to be complete."""

    async def work() -> int:
        async with office() as opened, opened.engine.connect() as connection:
            session = await driver_of(connection)
            if check:
                return await check_index(session, _telling("compared"))
            return await rebuild(session, _telling("indexed"))

    blocks = run(work())
    show({"blocks": blocks, "checked": check})


def _telling(done: str) -> Callable[[int], None]:
    def tell(blocks: int) -> None:
        if blocks % _TOLD_EVERY == 0:
            say(f"{blocks} blocks of 4,096 entries are {done}.")

    return tell
