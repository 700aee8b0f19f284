"""
Fields of forms as values: trimmed and bounded; refused by the name of the field, never by what was typed.

What a document says is judged again where it is read, and once more where it is filed: this here speaks to a person.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from agreements.dates import read_date
from gateway.console.errors import BadForm, NotConfirmed

Form = Mapping[str, str]
LONGEST: Final = 500
"""Characters of a reason; browsers are told the same."""


def words(form: Form, name: str, title: str, *, most: int = LONGEST) -> str:
    """Return what was typed into a field that must not be empty; `title` is its label. Raises `BadForm`."""
    typed = form.get(name, "").strip()
    if not typed or len(typed) > most:
        raise BadForm(f"“{title}” takes some words, {most} characters at most.")
    return typed


def shaped(form: Form, name: str, title: str, shape: tuple[str, str]) -> str:
    """Return a field that has this pattern, which looks like `shape[1]`. Raises `BadForm`."""
    typed = form.get(name, "").strip()
    if not re.fullmatch(shape[0], typed):
        raise BadForm(f"“{title}” takes {shape[1]}.")
    return typed


def chosen(form: Form, name: str, title: str, among: tuple[str, ...]) -> str:
    """Return one of these values. Raises `BadForm`."""
    typed = form.get(name, "").strip()
    if typed not in among:
        raise BadForm(f"“{title}”: choose one of those that are offered.")
    return typed


def day(form: Form, name: str, title: str) -> date:
    """Return a day of the calendar. Raises `BadForm`."""
    found = read_date(form.get(name, "").strip())
    if found is None:
        raise BadForm(f"“{title}” takes a day such as 2026-09-01.")
    return found


def number(form: Form, name: str, title: str, *, least: int, most: int) -> int:
    """Return a whole number between two. Raises `BadForm`."""
    typed = form.get(name, "").strip()
    if not re.fullmatch("[0-9]{1,15}", typed) or not least <= int(typed) <= most:
        raise BadForm(f"“{title}” takes a whole number from {least} to {most}.")
    return int(typed)


def require_typed(form: Form, name: str) -> None:
    """Check that the name of what an act is about was typed. Raises `NotConfirmed`."""
    if form.get("name", "").strip() != name.strip():
        raise NotConfirmed("the name was not typed")


def confirmed(form: Form, name: str) -> str:
    """Return the reason for an act, if the name of what it is about was typed. Raises `NotConfirmed`, `BadForm`."""
    require_typed(form, name)
    return words(form, "reason", "Reason")
