"""
The roles of the people who sign in: six, each of the district's own staff or of a partner's.

What each role may do stands in one table, `gateway.services.staff.roles`.
"""

from enum import StrEnum


class Role(StrEnum):
    """A role of somebody who signs in; the value stands in signed documents and is never renamed or reused."""

    OFFICER = "officer"
    """Privacy officer: the log, families, stops, approvals by the officer's own key."""
    ADMINISTRATOR = "administrator"
    """Agreements from draft to signature, clients, partners."""
    STEWARD = "steward"
    """Loads, rosters, codes, consents."""
    AUDITOR = "auditor"
    """Reads the log; no student."""
    PARTNER_MANAGER = "partner_manager"
    """A partner's own people, and how its clients stand."""
    PARTNER_STAFF = "partner_staff"
    """Students of the agreements whose list of people names the person."""

    @property
    def is_partners(self) -> bool:
        """Whether people of a partner hold it, and nobody of the district."""
        return self in {Role.PARTNER_MANAGER, Role.PARTNER_STAFF}
