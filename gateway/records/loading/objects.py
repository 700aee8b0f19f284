"""From one JSON object to the cells of a row: the members that a mapping names, and nothing else of it."""

from collections.abc import Sequence

import orjson


def members(text: str, paths: Sequence[str]) -> list[str] | str:
    """
    Return the cells at these paths (`schoolReference.schoolId`), or why there is none.

    A member that is missing or null is an empty cell. A list or an object is no cell: the row is refused, for a
    mapping that names one has not understood the file.
    """
    try:
        found = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return "it is no JSON object"
    if not isinstance(found, dict):
        return "it is no JSON object"
    cells: list[str] = []
    for path in paths:
        value: object = found
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, dict | list):
            return f"its member {path!r} is no single value"
        cells.append(_cell(value))
    return cells


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
