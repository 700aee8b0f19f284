"""What a partner asks for, in the words of the agreement. Holds no student data."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Bearer:
    """
    That the token of a request is bound to no key: whoever has it can use it.

    `network` is the one of the client's signed networks from which the request came; None: from none of them.
    """

    network: str | None


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """
    One request for one dataset under one agreement.

    `elements` are wire names (`grade_level`); None asks for everything granted. `filters` maps a wire name to the
    wanted released value; `sort` is a wire name. Filters and sort are judged as strictly as the elements themselves.
    `bearer` is None where the token is bound to a key that the caller proved.
    """

    client: str
    agreement: str
    purpose: str
    dataset: str
    elements: tuple[str, ...] | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str | None = None
    bearer: Bearer | None = None
