"""Parts of reviewed files have exactly the members they are meant to have: a misspelt one would be read by nobody."""


def require_members(row: object, names: set[str], optional: frozenset[str] = frozenset()) -> None:
    """Check that a part has `names`, perhaps `optional` ones, and no others. Raises `ValueError`, `TypeError`."""
    if not isinstance(row, dict):
        raise TypeError("a part is no table")
    if not names <= row.keys() <= names | optional:
        raise ValueError(f"a part has the members {sorted(row)}, not {sorted(names | optional)}")


def texts(values: object) -> tuple[str, ...]:
    """Return a list of texts, each there once. Raises `ValueError` for anything else."""
    if not isinstance(values, list) or not all(isinstance(value, str) and value for value in values):
        raise ValueError("a list holds something else than texts")
    if len(set(values)) != len(values):
        raise ValueError("a list names something twice")
    return tuple(values)
