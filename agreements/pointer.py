"""JSON pointers (RFC 6901): how a problem, a rule and a decision name one place in a signed document."""

from typing import Final

from agreements.canonical import Json


class Missing:
    """The type of `MISSING`."""

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()
"""There is nothing at this place; never a valid value, and falsy like an empty one."""


def pointer(*steps: str | int) -> str:
    """Return the pointer that follows `steps` from the root."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def resolve(content: Json, path: str) -> Json | Missing:
    """Return what stands at `path` of `content`, or `MISSING`. Never raises: drafts are judged while incomplete."""
    here: Json | Missing = content
    for step in path.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(here, dict):
            here = here.get(name, MISSING)
        elif isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            here = here[int(name)]
        else:
            return MISSING
    return here


def rows(content: Json, path: str) -> list[tuple[str, dict[str, Json]]]:
    """Return the objects listed at `path`, each with its own pointer; nothing if there is no list of objects."""
    listed = resolve(content, path)
    if not isinstance(listed, list):
        return []
    return [(f"{path}/{index}", row) for index, row in enumerate(listed) if isinstance(row, dict)]
