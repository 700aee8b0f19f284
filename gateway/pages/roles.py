"""What the roles of those who sign in are called, wherever a page says one."""

from collections.abc import Mapping
from typing import Final

from agreements.roles import Role
from gateway.pages.languages import message

ROLES: Final[Mapping[Role, str]] = {
    Role.OFFICER: message("privacy officer"),
    Role.ADMINISTRATOR: message("administrator"),
    Role.STEWARD: message("steward"),
    Role.AUDITOR: message("auditor"),
    Role.PARTNER_MANAGER: message("partner's manager"),
    Role.PARTNER_STAFF: message("partner's staff"),
}
