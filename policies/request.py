"""What a partner asks for, in the words of the agreement. Holds no student data."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """
    One request for one dataset under one agreement.

    `elements` are wire names (`grade_level`); None asks for everything granted. `filters` maps a wire name to the
    wanted released value; `sort` is a wire name. Filters and sort are judged as strictly as the elements themselves.
    """

    client: str
    agreement: str
    purpose: str
    dataset: str
    elements: tuple[str, ...] | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str | None = None
