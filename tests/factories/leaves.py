"""What an entry of an event must say, made up: for tests of the check, and for those who write past other checks."""

from typing import Any

from audit.events import Event
from audit.members import MEMBERS, Kind
from audit.shapes import labels_of, name_of

VALUES: dict[Kind, Any] = {
    Kind.TEXT: "text",
    Kind.TEXT_OR_NULL: None,
    Kind.NUMBER: 1,
    Kind.NUMBER_OR_NULL: None,
    Kind.FLAG: True,
    Kind.LIST: ["text"],
    Kind.LIST_OR_NULL: None,
    Kind.TABLE: {"word": 1},
}


def made_up(event: Event, *, without: str = "") -> dict[str, Any]:
    """Return every member of an event, but one."""
    names = {name_of(label): VALUES[MEMBERS[label].kind] for label, _ in labels_of(event)}
    return {name: value for name, value in names.items() if name != without}
