"""The pages say what is so: commands and settings exist, names resolve, links lead somewhere, tables equal the code."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pkgutil import resolve_name
from typing import Any

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from audit.events import MOVES_EPOCH, Event
from audit.members import MEMBERS
from audit.shapes import labels_of
from gateway.cli import app
from gateway.demo.story import CONSENTED
from gateway.problems import PROBLEMS, TOKEN_ERRORS, Kind
from gateway.services.integrity.findings import Code
from gateway.settings import CATALOGUE
from tests.factories.pages import PAGES, ROOT, commands, inline, quoted, rows, text_of
from tests.factories.staged import Staged

PARTNERS, OFFICERS = "docs/partners.md", "docs/officers.md"
EVENTS, FLOW = "docs/events.md", "docs/how-a-request-flows.md"
ROOMS = ("agreements", "audit", "gateway", "policies")


@cache
def group() -> TyperGroup:
    whole = typer.main.get_command(app)
    assert isinstance(whole, TyperGroup)
    return whole


def require_call(words: list[str]) -> None:
    """Check that a call names a command, and options that this command has."""
    at: Any = group()
    named = []
    rest = list(words)
    while isinstance(at, TyperGroup) and rest and not rest[0].startswith(("-", "…", "{")):
        named.append(rest.pop(0))
        assert named[-1] in at.commands, f"there is no `pactgate {' '.join(named)}`"
        at = at.commands[named[-1]]
    if isinstance(at, TyperCommand):
        known = {option for parameter in at.params for option in parameter.opts}
        given = {word for word in rest if word.startswith("--")}
        assert given <= known, f"`pactgate {' '.join(named)}` has no {given - known}"


@pytest.mark.parametrize("wrong", ["agreement create", "agreement sign --force", "serv"])
def test_a_command_that_is_not_there_would_be_found(wrong: str) -> None:
    with pytest.raises(AssertionError):
        require_call(wrong.split())


@pytest.mark.parametrize("page", PAGES)
def test_every_command_on_a_page_is_one_of_ours(page: str) -> None:
    for words in commands(page, "pactgate"):
        require_call(words)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_to_a_file_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" in target:
            continue
        name, _, heading = target.partition("#")
        file = (ROOT / page).parent / name if name else ROOT / page
        assert file.exists(), target
        if heading:
            titles = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
            assert heading in anchors, target


@pytest.mark.parametrize("page", PAGES)
def test_every_setting_that_is_named_is_a_setting(page: str) -> None:
    assert set(re.findall(r"PACTGATE_[A-Z]+(?:_[A-Z]+)*", text_of(page))) <= set(CATALOGUE)


def symbols(page: str) -> Iterator[str]:
    for text in inline(page):
        if re.fullmatch(rf"(?:{'|'.join(ROOMS)})(?:\.\w+)+", text) and not text.endswith((".toml", ".py", ".env")):
            yield text


@pytest.mark.parametrize("page", PAGES)
def test_every_symbol_that_is_named_is_there(page: str) -> None:
    for name in symbols(page):
        if name in {event.value for event in Event}:
            continue
        resolve_name(name)


def test_the_flow_names_the_function_to_read_first() -> None:
    assert "gateway.services.disclosure.Disclosures.disclose" in set(symbols(FLOW))
    assert len(set(symbols(FLOW))) > 40


def test_every_event_is_documented_and_nothing_else_is() -> None:
    documented = [(quoted(event), moves == "yes", words) for event, moves, words in rows(EVENTS, first="event")]
    assert documented == [(event.value, event in MOVES_EPOCH, event.description) for event in Event]


def shown(label: str) -> str:
    """A member as the page shows it: its name, and the word that tells it from another of that name."""
    name, _, word = label.partition(".")
    return f"`{name}` ({word})" if word else f"`{name}`"


def test_every_member_of_an_entry_is_documented_and_nothing_else_is() -> None:
    said = [(quoted(event), words) for event, words in rows(EVENTS, first="entry of")]
    assert said == [
        (event.value, ", ".join(f"({shown(each)})" if may else shown(each) for each, may in labels_of(event)))
        for event in Event
    ]
    assert [tuple(row) for row in rows(EVENTS, first="member")] == [
        (shown(label), member.kind.word, member.meaning) for label, member in MEMBERS.items()
    ]


@pytest.mark.parametrize(("first", "kinds"), [("code", PROBLEMS), ("error", TOKEN_ERRORS)])
def test_every_refusal_is_documented_and_nothing_else_is(first: str, kinds: Mapping[str, Kind]) -> None:
    table = rows(PARTNERS, first=first)
    assert [(quoted(code), int(status), says) for code, status, says, _ in table] == [
        (code, kind.status, kind.title) for code, kind in kinds.items()
    ]
    assert all(remedy for *_, remedy in table)


def test_every_address_of_the_api_is_documented_and_nothing_else_is(scene: Staged) -> None:
    described = scene.ask(CONSENTED, "/openapi.json").json()["paths"]
    served = {f"{way.upper()} {path}" for path in described if path.startswith("/v1/") for way in described[path]}
    assert {quoted(address) for address, _ in rows(PARTNERS, first="address")} == served


def test_every_alarm_is_explained_and_nothing_else_is() -> None:
    raised = {
        code
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        for code in re.findall(r"\balarm\(\s*\"(\w+)\"", path.read_text("utf-8"))
    }
    assert {quoted(code) for code, *_ in rows(OFFICERS, first="alarm")} == raised | {code.value for code in Code}
