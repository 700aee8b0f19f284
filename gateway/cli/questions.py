"""Asking a person on stderr: what an option said already is not asked again, and `--yes` asks nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import typer

from gateway.cli.run import say


@dataclass(frozen=True, slots=True)
class Questions:
    """Whether to ask at all. An answer may stay open: the draft then says what is missing."""

    silent: bool

    def text(self, question: str, given: str | None, offered: str | None = None) -> str | None:
        """Return a text: what was given, else the answer, else what is offered."""
        if given is not None or self.silent:
            return given or offered
        answer: str = typer.prompt(question, default=offered or "", show_default=offered is not None, err=True)
        return answer.strip() or None

    def choice(self, question: str, given: str | None, choices: Sequence[str]) -> str | None:
        """Return one of `choices`; where there is only one, it needs no question."""
        if len(choices) == 1 and given is None:
            return choices[0]
        while True:
            answer = self.text(f"{question} ({', '.join(choices)})", given)
            if answer is None or answer in choices:
                return answer
            if given is not None:
                raise typer.BadParameter(f"{question}: expected one of {', '.join(choices)}")
            say(f"Expected one of {', '.join(choices)}.")

    def number(self, question: str, given: int | None, offered: int) -> int:
        """Return a whole number."""
        if given is not None or self.silent:
            return offered if given is None else given
        answer: int = typer.prompt(question, default=offered, type=int, err=True)
        return answer

    def several(self, question: str, given: Iterable[str]) -> tuple[str, ...]:
        """Return what was given, else as many answers as there are before an empty one."""
        answers = list(given)
        if answers or self.silent:
            return tuple(answers)
        while (answer := self.text(f"{question} (Enter to go on)", None)) is not None:
            answers.append(answer)
        return tuple(answers)

    def agreed(self, question: str) -> bool:
        """Return whether a person, or `--yes`, agrees to what is offered."""
        return self.silent or typer.confirm(question, default=True, err=True)


def pairs(texts: Iterable[str], what: str) -> list[tuple[str, str]]:
    """Return `NAME=TEXT` options as pairs."""
    found = []
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise typer.BadParameter(f"expected {what} as NAME=TEXT")
        found.append((name.strip(), value.strip()))
    return found
