"""How questions about policies are typed: one element, a student's number, a time, options that go together."""

from collections.abc import Mapping
from datetime import UTC, datetime

import typer


def require_used(given: Mapping[str, object], *, with_what: str, used: frozenset[str]) -> None:
    """
    Check that no option was given that the question would not heed: the answer would be to another question.

    Raises `BadParameter`.
    """
    for name, value in given.items():
        if value and name not in used:
            raise typer.BadParameter(f"{name} does not go with {with_what}", param_hint=name)


def one(names: tuple[str, ...]) -> str:
    """Return the one element that was named. Raises `BadParameter`."""
    if len(names) != 1:
        raise typer.BadParameter("name one --element, or a --dataset to ask about a request")
    return names[0]


def number(student: str) -> str:
    """Return a student's number; `-` asks for it, so that it stays out of the shell's history."""
    return str(typer.prompt("Student number", err=True)).strip() if student == "-" else student


def moment(text: str, option: str = "--at") -> datetime:
    """Return a time; without a zone it is UTC. Raises `BadParameter`, naming the option it was given with."""
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("expected a time such as 2026-11-02T09:30", param_hint=option) from None
    return read if read.tzinfo is not None else read.replace(tzinfo=UTC)
