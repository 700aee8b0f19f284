"""Performing the demo: a throw-away database, the stage, the served gateway, the story; then everything is removed."""

import asyncio
import os
import socket
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from gateway.demo.stage import STUDENTS, ZONE, Scripts, Stage, script_for, served, set_stage
from gateway.demo.story import Step, Story
from gateway.logs import LineWriter, configure_logging
from gateway.settings import Settings
from gateway.store.cluster import DATABASE, Cluster
from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import Role, create_database, create_roles, new_passwords

LOG_FILE = "gateway.log"


def free_port() -> int:
    """Return a port nobody listens on just now."""
    with socket.socket() as probing:
        probing.bind(("127.0.0.1", 0))
        return int(probing.getsockname()[1])


def settings_for(chosen: Settings, home: Path, port: int) -> Settings:
    """Return the settings of a demo in `home`: loopback, its own keys and trust, never a given database."""
    return replace(
        chosen,
        home=home,
        keys=home / "keys",
        trust=home / "trust.json",
        checkpoint=home / "checkpoint",
        erasures=home / "erasures",
        postgres=None,
        database_urls={},
        host="127.0.0.1",
        port=port,
        public_url=f"http://127.0.0.1:{port}",
        development_sign_in=True,
    )


@asynccontextmanager
async def throw_away_cluster(settings: Settings) -> AsyncIterator[Cluster]:
    """Start a server of its own, with the four roles and an empty database, and remove it afterwards."""
    passwords = new_passwords()
    with throw_away_postgres() as server:
        await create_roles(server.admin_url(), passwords)
        await create_database(server.admin_url(), DATABASE)
        urls = {role.name.lower(): server.url(role, passwords.of(role), DATABASE) for role in Role}
        yield Cluster(settings, {"admin": server.admin_url(DATABASE), **urls})


@asynccontextmanager
async def on_stage(
    settings: Settings, write: LineWriter, *, students: int = STUDENTS, scripts: Scripts = script_for
) -> AsyncIterator[tuple[Stage, asyncio.Task[None]]]:
    """Set the stage and serve it for the length of the block; yields it with the task that serves."""
    today = datetime.now(ZONE).date()
    async with (
        throw_away_cluster(settings) as cluster,
        set_stage(cluster, settings, today=today, students=students, scripts=scripts) as stage,
        served(stage, write) as serving,
    ):
        yield stage, serving


async def perform(
    chosen: Settings,
    port: int,
    told: Callable[[Step], None],
    opened: Callable[[Stage], None],
    *,
    once: bool,
    students: int = STUDENTS,
) -> list[Step]:
    """
    Set the stage, tell the story, and return its steps; without `once`, serve until told to stop.

    `opened` is called when the gateway answers, `told` after each step. Nothing is left behind.
    """
    with tempfile.TemporaryDirectory(prefix="pactgate-demo-") as folder:
        home = Path(folder)
        with (home / LOG_FILE).open("wb", buffering=0) as lines:
            write = LineWriter(lines)
            configure_logging(write)
            async with on_stage(settings_for(chosen, home, port), write, students=students) as (stage, serving):
                opened(stage)
                steps = await tell(Story(stage), told)
                if not once:
                    await serving
                return steps


async def tell(story: Story, told: Callable[[Step], None]) -> list[Step]:
    """Tell a story to its end."""
    steps = []
    try:
        async with aclosing(story.tell()) as telling:
            async for step in telling:
                told(step)
                steps.append(step)
    finally:
        story.close()
    return steps


def run(
    chosen: Settings,
    port: int,
    told: Callable[[Step], None],
    opened: Callable[[Stage], None],
    *,
    once: bool,
    students: int = STUDENTS,
) -> list[Step]:
    """Perform the demo on a loop of its own."""
    os.umask(0o077)
    return asyncio.run(perform(chosen, port, told, opened, once=once, students=students))
