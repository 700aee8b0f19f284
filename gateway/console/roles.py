"""A role for somebody who signs in, as the document that two officers sign, neither of whom is the person."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from agreements.documents.staff_role import StaffRole
from agreements.roles import Role
from agreements.signature import Kind
from gateway.console.callers import RoleGiver
from gateway.console.desk import ConsoleDesk
from gateway.console.forms import chosen, day, words
from gateway.console.preparing import prepared
from gateway.console.staff import Person, line_of
from gateway.console.views import person_of
from gateway.services.staff.office import StaffOffice
from gateway.services.staff.preparing import role_payload
from gateway.signin.callers import form_of


def roles_router(desk: ConsoleDesk) -> APIRouter:
    """Return the route that prepares a role."""
    router = APIRouter(include_in_schema=False)

    @router.post("/console/staff/{person}/role", name="console_give_role")
    async def give_role(request: Request, staff: RoleGiver, person: Person) -> RedirectResponse:
        """Prepare a role, for two officers who have heard the check number from the person."""
        form = await form_of(request)
        found = await line_of(StaffOffice(desk.office.desk), person)
        role = Role(chosen(form, "role", "Role", tuple(Role)))
        given = StaffRole(
            person=person,
            identity=found.identity,
            role=role,
            party=found.party,
            first_day=day(form, "first_day", "First day"),
            last_day=day(form, "last_day", "Last day"),
            reason=words(form, "reason", "Reason"),
            officer_key=form.get("officer_key", "").strip() or None,
            named_as=form.get("named_as", "").strip() or None,
        )
        payload = await role_payload(desk.office.desk, given, person_of(staff.session))
        return await prepared(
            desk, staff, Kind.STAFF_ROLE, payload, f"Role {role.value}, check number {found.check_number}"
        )

    return router
