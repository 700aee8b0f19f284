"""
Fields of forms as values: trimmed and bounded; refused by the name of the field, never by what was typed.

What a document says is judged again where it is read, and once more where it is filed: this here speaks to a person.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Final

from agreements.dates import read_date
from gateway.console.errors import BadForm, NotConfirmed
from gateway.errors import Sentence

Form = Mapping[str, str]
LONGEST: Final = 500
"""Characters of a reason; browsers are told the same."""
YEARS: Final = range(2000, 2101)
"""What a day on a form may be: a year of another century is a slip, and the ends of the calendar have no zone."""


def words(form: Form, name: str, title: str, *, most: int = LONGEST) -> str:
    """Return what was typed into a field that must not be empty; `title` is its label, a message. Raises `BadForm`."""
    typed = form.get(name, "").strip()
    if not typed or len(typed) > most:
        raise BadForm(Sentence("“%(field)s” takes some words, %(most)s characters at most.", field=title, most=most))
    return typed


def bounded(form: Form, *, most: int) -> dict[str, str]:
    """Return all that was typed, trimmed. Raises `BadForm` if a field is too long: nothing is ever cut."""
    trimmed = {name: value.strip() for name, value in form.items()}
    if any(len(value) > most for value in trimmed.values()):
        raise BadForm(Sentence("A field of this form takes %(most)s characters at most.", most=most))
    return trimmed


def shaped(form: Form, name: str, title: str, shape: tuple[str, str]) -> str:
    """Return a field that has this pattern, which looks like `shape[1]`. Raises `BadForm`."""
    typed = form.get(name, "").strip()
    if not re.fullmatch(shape[0], typed):
        raise BadForm(Sentence("“%(field)s” takes %(what)s.", field=title, what=shape[1]))
    return typed


def chosen(form: Form, name: str, title: str, among: tuple[str, ...]) -> str:
    """Return one of these values. Raises `BadForm`."""
    typed = form.get(name, "").strip()
    if typed not in among:
        raise BadForm(Sentence("“%(field)s”: choose one of those that are offered.", field=title))
    return typed


def day(form: Form, name: str, title: str) -> date:
    """Return a day of the calendar. Raises `BadForm`."""
    found = read_date(form.get(name, "").strip())
    if found is None or found.year not in YEARS:
        raise BadForm(Sentence("“%(field)s” takes a day such as 2026-09-01.", field=title))
    return found


def moment(form: Form, name: str, title: str, zone: tzinfo) -> datetime:
    """Return a moment; one without an offset is of `zone`. Raises `BadForm`."""
    try:
        found = datetime.fromisoformat(form.get(name, "").strip())
    except ValueError:
        found = None
    if found is None or found.year not in YEARS:
        raise BadForm(Sentence("“%(field)s” takes a day and a time such as 2026-11-02T09:30.", field=title))
    return found if found.tzinfo is not None else found.replace(tzinfo=zone)


def number(form: Form, name: str, title: str, *, least: int, most: int) -> int:
    """Return a whole number between two. Raises `BadForm`."""
    typed = form.get(name, "").strip()
    if not re.fullmatch("[0-9]{1,15}", typed) or not least <= int(typed) <= most:
        raise BadForm(
            Sentence(
                "“%(field)s” takes a whole number from %(least)s to %(most)s.", field=title, least=least, most=most
            )
        )
    return int(typed)


def require_typed(form: Form, name: str) -> None:
    """Check that the name of what an act is about was typed. Raises `NotConfirmed`."""
    if form.get("name", "").strip() != name.strip():
        raise NotConfirmed("the name was not typed")


MOST_CHOICES: Final = 100
"""Options that a select has room for. Where there are more, somebody types, or goes by the list."""


def confirmed(form: Form, name: str) -> str:
    """Return the reason for an act, if the name of what it is about was typed. Raises `NotConfirmed`, `BadForm`."""
    require_typed(form, name)
    return words(form, "reason", "Reason")
