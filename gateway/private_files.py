"""Reading what this account alone may read."""

from pathlib import Path

from gateway.errors import KeysMissing


def read_private(path: Path) -> bytes:
    """Return what is in a file of secrets. Raises `KeysMissing` if other accounts may open it, and `OSError`."""
    if path.stat().st_mode & 0o077:
        raise KeysMissing(
            f"{path} can be read by other accounts.", remedy=f"Close it with chmod 600 {path}, and consider it known."
        )
    return path.read_bytes()
