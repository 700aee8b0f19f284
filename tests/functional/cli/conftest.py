"""Desks at three stages of the story, each prepared once through the commands and copied for every test."""

import asyncio
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.factories.command_line import CommandLine
from tests.factories.database import TestServer

_numbers = count(1)


@pytest.fixture(scope="session")
def _signed_desk(postgres: TestServer, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Log opened; signers registered, introduced by Piotr; an agreement drafted by Piotr, signed, not approved."""
    asyncio.run(postgres.create("cli_signed"))
    desk = CommandLine.on(postgres, "cli_signed", tmp_path_factory.mktemp("signed"))
    desk.open()
    for name, party in (("dana", "district:emerald-city"), ("rae", "partner:bright-path")):
        desk.introduce(name, party, "piotr", out=f"@{name}.signer.json")
        desk.done("signer", "register", f"@{name}.signer.json")
    desk.draft()
    desk.sign()
    return desk


@pytest.fixture(scope="session")
def _active_desk(_signed_desk: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """The agreement in force, approved by Olivia; a client registered; an export at hand, not loaded."""
    server = _signed_desk.server
    asyncio.run(server.create("cli_active", template="cli_signed"))
    desk = _signed_desk.copy("cli_active", tmp_path_factory.mktemp("active"))
    desk.approve()
    digest = desk.activate()
    desk.bind(digest)
    desk.done(
        "client", "approve", "@binding.json", "--officer-key", "@olivia.pem", "--out", "@b.approval.json", "--yes"
    )
    desk.done("client", "register", "@binding.json", "--approval", "@b.approval.json", "--name", "Bright Path nightly")
    desk.export_files()
    return desk


@pytest.fixture
def signed(_signed_desk: CommandLine, tmp_path: Path) -> Iterator[CommandLine]:
    yield from _copied(_signed_desk, tmp_path)


@pytest.fixture
def active(_active_desk: CommandLine, tmp_path: Path) -> Iterator[CommandLine]:
    yield from _copied(_active_desk, tmp_path)


@pytest.fixture
def bare(postgres: TestServer, tmp_path: Path) -> Iterator[CommandLine]:
    """A migrated database and nothing else."""
    name = f"cli_{next(_numbers)}"
    asyncio.run(postgres.create(name))
    yield CommandLine.on(postgres, name, tmp_path)
    asyncio.run(postgres.drop(name))


def _copied(desk: CommandLine, folder: Path) -> Iterator[CommandLine]:
    name = f"cli_{next(_numbers)}"
    asyncio.run(desk.server.create(name, template=desk.database))
    yield desk.copy(name, folder)
    asyncio.run(desk.server.drop(name))
