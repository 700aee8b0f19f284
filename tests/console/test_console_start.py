"""First steps are read from what is there, each with a command that exists; every word of the pages is explained."""

import re
from pathlib import Path

import typer

from agreements.roles import Role
from gateway.cli import app
from gateway.console.glossary import WORDS
from gateway.console.start import GUIDES
from gateway.services.first_steps import FirstStep, first_steps
from gateway.services.office import open_office
from tests.factories.console import Console
from tests.factories.installation import TestInstallation

ROOT = Path(__file__).parents[2]


def commands() -> set[str]:
    """Return every command of the program, as it is typed."""
    found = set()

    def walk(group: object, name: str) -> None:
        for word, each in getattr(group, "commands", {}).items():
            found.add(f"{name} {word}")
            walk(each, f"{name} {word}")

    walk(typer.main.get_command(app), "pactgate")
    return found


def test_every_step_has_a_guide_that_exists_and_commands_that_exist() -> None:
    known = commands()
    assert set(GUIDES) == set(FirstStep)
    for guide in GUIDES.values():
        assert (ROOT / guide.guide).is_file(), guide.guide
        assert set(guide.commands) <= known, guide.commands


def test_every_word_that_a_page_links_to_is_explained() -> None:
    linked = set()
    for page in ROOT.glob("gateway/console/templates/*.html"):
        linked |= set(re.findall(r'word\("(\w+)"', page.read_text("utf-8")))
    assert linked
    assert linked <= set(WORDS)


async def test_a_fresh_installation_lacks_all_but_its_keys(installed: TestInstallation) -> None:
    async with open_office(installed.database.url("loader"), installed.trust, lambda *_: None) as office:
        steps = await first_steps(office)
    assert [taken.step for taken in steps] == list(FirstStep)
    assert {taken.step for taken in steps if taken.is_done} == {FirstStep.KEYS}


async def test_what_is_there_is_done_and_the_first_that_is_open_comes_next(console: Console) -> None:
    steward = (await (await console.as_a(Role.STEWARD)).get("/console/start")).text
    assert steward.count('aria-current="step"') == 1
    assert 'href="/console/loads"' in steward
    assert 'href="/console/partners"' not in steward.split("<main")[1], "only what one may open"
    officer = await console.as_a(Role.OFFICER)
    page = (await officer.get("/console/start")).text.split("<main")[1]
    for title, is_done in (
        ("Two privacy officers sign in", False),
        ("An agreement is in force", True),
        ("Records are loaded", True),
        ("Witnesses are named", False),
    ):
        assert ("done" if is_done else "open") in page.split(title)[1].split("</h2>")[0], title
    assert "first steps are open" in (await officer.get("/console/overview")).text


async def test_the_words_are_there_for_everybody(console: Console) -> None:
    for role in (Role.STEWARD, Role.AUDITOR):
        page = (await (await console.as_a(role)).get("/console/words")).text
        assert page.count("<dfn>") == len(WORDS)
        assert 'id="basis"' in page
