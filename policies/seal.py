"""
What a permit cannot be made without. INVARIANT: only the module that decides imports this one.

A seal keeps honest code from making a permit by accident; it is no defence against code that means harm.
"""

from typing import Final

SEAL: Final = object()


def require_seal(seal: object) -> None:
    """Check that a decision makes the value. Raises `TypeError`."""
    if seal is not SEAL:
        raise TypeError("Only a decision makes permits.")
