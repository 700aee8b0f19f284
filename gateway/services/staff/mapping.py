"""
Roles by the identity provider's word: a group there is a role here, if the district's operator says so.

INVARIANT: off unless it is set, and never an officer's role. What officers decide is not in the hands of whoever
administers the groups: a mapped role drafts, loads and reads, and nothing that it does widens what a partner sees
without signatures. A partner's people have no mapped role at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from agreements.roles import Role

MAPPABLE: Final = frozenset({Role.ADMINISTRATOR, Role.STEWARD, Role.AUDITOR})
USUAL_CLAIM: Final = "groups"
_MOST_VALUES: Final = 1000
"""Some providers list every group there is; what is longer than that is no list of one person's."""


@dataclass(frozen=True, slots=True)
class RoleMapping:
    """Which value of which claim is which role; empty, and the provider gives nobody any."""

    claim: str = USUAL_CLAIM
    by_value: Mapping[str, Role] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, claim: str = USUAL_CLAIM) -> Self:
        """Read `value=role` pairs, separated by commas: `sis-loaders=steward`. Raises `ValueError`, saying which."""
        found: dict[str, Role] = {}
        for pair in filter(None, (part.strip() for part in text.split(","))):
            value, equals, name = (each.strip() for each in pair.rpartition("="))
            if not (value and equals):
                raise ValueError(f"{pair!r} is not of the form group=role")
            allowed = {role.value: role for role in MAPPABLE}
            if name not in allowed:
                raise ValueError(f"{name!r} is not one of {', '.join(sorted(allowed))}, which alone can be mapped")
            if value in found:
                raise ValueError(f"{value!r} is mapped twice")
            found[value] = allowed[name]
        return cls(claim, found)

    def roles(self, claims: Mapping[str, object]) -> frozenset[Role]:
        """Return the roles that these claims of a verified ID token give; a claim of another form gives none."""
        said = claims.get(self.claim)
        values = said if isinstance(said, list) else [said]
        if len(values) > _MOST_VALUES:
            return frozenset()
        return frozenset(self.by_value[each] for each in values if isinstance(each, str) and each in self.by_value)
