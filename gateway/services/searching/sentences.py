"""What an entry says, in one plain sentence."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from agreements.elements import Catalogue
from audit.entry import Entry
from audit.events import Event

_ABOUT: Final = ("client", "partner", "agreement", "line", "order", "document", "draft", "party", "predecessor")
_DESCRIPTIONS: Final[Mapping[str, str]] = {event.value: event.description for event in Event}


def sentence(index: int, entry: Entry, catalogue: Catalogue) -> str:
    """Return what entry `index` says; of an event that this release does not know, its name and whom it is about."""
    return f"Entry {index}, {entry.time[:19].replace('T', ' ')} UTC: {words_for(entry, catalogue)}"


def words_for(entry: Entry, catalogue: Catalogue) -> str:
    """Return the same without its number and time, for where these stand beside it."""
    body = entry.body
    if entry.event == Event.DISCLOSURE:
        count = body.get("records")
        return (
            f"{body.get('client')} received {count} {'record' if count == 1 else 'records'} of {body.get('dataset')}"
            f" under {body.get('agreement')}: {_names(body.get('elements', ()), catalogue)}; {_behind(body)}."
        )
    if entry.event == Event.REFUSAL:
        asked = f" for {body['dataset']}" if body.get("dataset") else ""
        named = _names(body.get("elements") or (), catalogue)
        return (
            f"a request of {body.get('client')}{asked}{f' ({named})' if named else ''}"
            f" was refused under {body.get('agreement')}: {body.get('code')}; {_behind(body)}."
        )
    about = ", ".join(f"{name} {body[name]}" for name in _ABOUT if isinstance(body.get(name), str))
    said = _DESCRIPTIONS.get(entry.event, f"{entry.event}.")
    return f"{said[:-1]} ({about})." if about else said


def _names(elements: Iterable[str], catalogue: Catalogue) -> str:
    return ", ".join(catalogue.element(each).name if each in catalogue else each for each in elements)


def _behind(body: Mapping[str, Any]) -> str:
    behind = body.get("behind")
    return "automated" if behind in {None, "automated"} else f"behind it {behind}"
