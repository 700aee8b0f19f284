"""
Which of several transformations wins when an agreement gives one element twice: always the strictest.

The order, and why it is this one, stands in `agreements.strictness`.
"""

from collections.abc import Iterable

from agreements.strictness import HIDDEN, RANK
from policies.errors import UncompilableAgreement

__all__ = ("HIDDEN", "require_known", "strictest")  # HIDDEN: such an element cannot be filtered on or sorted by


def require_known(transformation: str) -> str:
    """Return `transformation`. Raises `UncompilableAgreement` for one without a place in the order."""
    if transformation not in RANK:
        raise UncompilableAgreement("A clause asks for a transformation that has no place in the order of strictness.")
    return transformation


def strictest(transformations: Iterable[str]) -> str:
    """Return the strictest of at least one known transformation."""
    return min(transformations, key=RANK.__getitem__)
