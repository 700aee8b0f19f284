"""
The fields of a form over a draft: where each stands in the document, how it is shown, and what was typed into it.

INVARIANT: what was shown and came back unchanged stays exactly as it was, whatever an imported file had there.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from agreements.canonical import Json
from agreements.dates import read_date
from agreements.pointer import Missing, resolve
from gateway.services.drafts.editing import placed

Content = dict[str, Json]
_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,8}")
_ROW: Final = re.compile(r"0|[1-9][0-9]{0,2}")
_NO_VALUES: Final = frozenset({"csrf", "revision", "onward", "stay"})
"""What a form has besides what somebody typed."""
_SPARE: Final = 2
"""Empty rows under those that are filled in."""


class Look(StrEnum):
    """How a field looks."""

    LINE = "line"
    TEXT = "text"
    NUMBER = "number"
    DAY = "day"
    CHOICE = "choice"
    TICK = "tick"
    LINES = "lines"
    ROWS = "rows"


@dataclass(frozen=True, slots=True)
class Field:
    """
    One field: the JSON pointer of its place, its label, what can be chosen, and the law that asks for it.

    `label` and `hint` are messages; `members` are those of each row, by name; `offered` stands in an empty field for
    the person to take or to change; `known` are values to pick from that others may be added to.
    """

    path: str
    label: str
    look: Look = Look.LINE
    choices: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    source: str = ""
    members: tuple[tuple[str, str], ...] = ()
    offered: str = ""
    known: tuple[tuple[str, str], ...] = ()
    reads_file: str = ""

    @property
    def name(self) -> str:
        """What the form calls it."""
        return self.path.removeprefix("/").replace("/", ".")

    def shown(self, content: Content) -> str:
        """Return what stands in the field, empty if nothing does."""
        found = resolve(content, self.path)
        if isinstance(found, Missing):
            return ""
        if isinstance(found, list):
            return "\n".join(_text(each) for each in found)
        return _text(found)

    def told(self, content: Content) -> str:
        """Return what stands in the field in the words of the page, a row in each line."""
        if self.look is Look.ROWS:
            return "\n".join(" · ".join(filter(None, row.values())) for row in self.rows(content)).strip()
        value = self.shown(content)
        return dict(self.choices).get(value, value)

    def is_day(self, value: str) -> bool:
        """Whether a browser's own field for days can hold this: what it cannot hold, it would throw away."""
        return self.look is Look.DAY and (not value or read_date(value) is not None)

    def rows(self, content: Content) -> list[dict[str, str]]:
        """Return the rows that stand there, and some empty ones below them."""
        found = resolve(content, self.path)
        listed = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
        names = [name for name, _ in self.members]
        filled = [{name: _text(row.get(name)) for name in names} for row in listed]
        return [*filled, *(dict.fromkeys(names, "") for _ in range(_SPARE))]

    def read(self, form: Mapping[str, str], content: Content) -> Json:
        """Return the value that was typed; None where nothing was."""
        if self.look is Look.ROWS:
            return self._read_rows(form, content)
        given = cleaned(form.get(self.name, ""))
        if given and given == self.shown(content).strip():
            found = resolve(content, self.path)
            return None if isinstance(found, Missing) else found
        match self.look:
            case Look.TICK:
                return True if given else None
            case Look.LINES:
                return list(dict.fromkeys(line.strip() for line in given.split("\n") if line.strip())) or None
            case Look.NUMBER if _WHOLE.fullmatch(given):
                return int(given)
        return given or None

    def _read_rows(self, form: Mapping[str, str], content: Content) -> Json:
        # A draft that somebody else saved in the meantime may have fewer rows than the page on which these were typed.
        typed = [int(name.split(".")[-2]) + 1 for name in form if self._is_row(name)]
        found: list[dict[str, Json]] = []
        for index in range(max(len(self.rows(content)), *typed, 0)):
            row: dict[str, Json] = {}
            for name, _ in self.members:
                given = cleaned(form.get(f"{self.name}.{index}.{name}", ""))
                if given:
                    row[name] = given
            if row:
                found.append(row)
        return found or None  # type: ignore[return-value]  # a list of groups of texts

    def has(self, name: str) -> bool:
        """Whether a form's field of this name belongs to this one."""
        return name == self.name or self._is_row(name)

    def _is_row(self, name: str) -> bool:
        if self.look is not Look.ROWS or not name.startswith(f"{self.name}."):
            return False
        index, _, member = name.removeprefix(f"{self.name}.").partition(".")
        return bool(_ROW.fullmatch(index)) and member in dict(self.members)


def homeless(form: Mapping[str, str], fields: tuple[Field, ...]) -> tuple[str, ...]:
    """Return what was typed into fields that the page does not have any more, as when somebody changed the basis."""
    return tuple(
        value
        for name, value in form.items()
        if name not in _NO_VALUES and cleaned(value) and not any(each.has(name) for each in fields)
    )


def filled(content: Content, fields: tuple[Field, ...], form: Mapping[str, str]) -> Content:
    """Return the content with everything that a form says; what it does not show stays as it is."""
    for field in fields:
        content = placed(content, field.path, field.read(form, content))
    return content


def cleaned(given: str) -> str:
    """Return what was typed in normal form C, with line feeds alone, and without blanks around it."""
    return unicodedata.normalize("NFC", given.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _text(value: Json) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int():
            return str(value)
    return repr(value)
