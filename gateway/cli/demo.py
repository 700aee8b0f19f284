"""`pactgate demo`: a fictional district, two partners, and the whole path of a request, told step by step."""

import shlex
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.run import say, settings, show
from gateway.demo.district import MINIMUM_STUDENTS, Edge
from gateway.demo.perform import free_port, run, settings_for
from gateway.demo.stage import STUDENTS, Stage
from gateway.demo.story import CONSENTED, Step
from gateway.server import bind
from gateway.signin.development import require_on_this_machine

Once = Annotated[bool, typer.Option("--once", help="Tell the story on a free port and exit, instead of serving on.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the steps as one JSON object on stdout.")]
Students = Annotated[int, typer.Option(min=MINIMUM_STUDENTS, help="How many fictional students.")]


def demo(*, once: Once = False, as_json: AsJson = False, students: Students = STUDENTS) -> None:
    """Play a fictional district on a throw-away database. Nothing of it is kept; no real student is in it."""
    chosen = settings()
    port = free_port() if once else chosen.port
    require_on_this_machine(settings_for(chosen, chosen.home, port))
    # Tried before anything is built: a port that is taken should be said at once.
    bind("127.0.0.1", port).close()
    say("Setting the stage: a fictional district, two signed agreements, one school year of records …")
    stages: list[Stage] = []

    def opened(stage: Stage) -> None:
        stages.append(stage)
        say(f"{len(stage.district.students)} fictional students, {len(stage.parts)} partners. Serving {stage.url}.\n")

    def told(step: Step) -> None:
        mark = "ok  " if step.ok else "FAIL"
        say(f"  {mark} {step.name}: {step.got}" + ("" if step.ok else f"\n       expected: {step.expected}"))
        if step.name == "whole log" and not once:
            _invite(stages[0])

    conclude(run(chosen, port, told, opened, once=once, students=students), as_json=as_json)


def conclude(steps: Sequence[Step], *, as_json: bool) -> None:
    """Print the steps if asked to, and leave with 1 unless every one of them, and at least one, is ok."""
    if as_json:
        show({"steps": [asdict(step) for step in steps]})
    if not steps or not all(step.ok for step in steps):
        sys.exit(1)


def _invite(stage: Stage) -> None:
    part, child = stage.parts[CONSENTED], stage.district.edges[Edge.CONSENTED][-1]
    command = [_installed("pactgate"), "partner", "get", "/v1/students?limit=3", "--url", stage.url]
    verify = [_installed("python"), "-m", "audit", "verify", str(stage.home / "log")]
    say(
        f"\nThe pages of the staff, where you pick who you are:\n  {stage.url}/console/sign-in\n"
        f"  {stage.url}/portal/sign-in\n"
        f"Who saw what about one child: as officer-a, open Students and type {child}\n"
        f"\n  {stage.url}/register\n  {stage.url}/.well-known/oauth-authorization-server\n"
        f"  {stage.url}/openapi.json\n  {stage.url}/healthz\n\n"
        f"Ask as the partner:\n  {shlex.join([*command, '--client', part.client, '--keys', str(part.folder)])}\n"
        f"Check the log yourself:\n  {shlex.join([*verify, '--key', stage.trust.log_public_key])}\n\n"
        "Ctrl-C ends the demo and removes all of it."
    )


def _installed(program: str) -> str:
    """Return how a program of this environment is called from anywhere: nobody has to activate anything first."""
    return str(Path(sysconfig.get_path("scripts"), program))
