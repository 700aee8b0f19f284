"""
What a verified document cannot be made without. INVARIANT: only modules that verify signatures import this one.

A seal keeps honest code from making a verified value by accident; it is no defence against code that means harm.
"""

from typing import Final

SEAL: Final = object()


def require_seal(seal: object) -> None:
    """Check that a verification makes the value. Raises `TypeError`."""
    if seal is not SEAL:
        raise TypeError("Only a verification makes verified documents.")
