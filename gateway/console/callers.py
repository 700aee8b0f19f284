"""Who may open a page of the console: whoever has a role that may do what the page is for."""

from typing import Annotated, Any

from gateway.services.papers.kinds import ANY
from gateway.services.staff.roles import MAY, Act
from gateway.signin.callers import DistrictStaff, staff_of


def staff_may(*acts: Act) -> Any:  # noqa: ANN401  FastAPI's own type of a dependency
    """Make the dependency of a page for whoever may do one of these, by the one table of roles."""
    return staff_of(*sorted(role for role, may in MAY.items() if not may.isdisjoint(acts)))


LogReader = Annotated[DistrictStaff, staff_may(Act.READ_LOG)]
StudentSearcher = Annotated[DistrictStaff, staff_may(Act.SEARCH_STUDENTS)]
AlarmHandler = Annotated[DistrictStaff, staff_may(Act.HANDLE_ALARMS)]
IncidentHandler = Annotated[DistrictStaff, staff_may(Act.HANDLE_INCIDENTS)]
Stopper = Annotated[DistrictStaff, staff_may(Act.STOP)]
ClientManager = Annotated[DistrictStaff, staff_may(Act.MANAGE_CLIENTS)]
PartnerManager = Annotated[DistrictStaff, staff_may(Act.MANAGE_PARTNERS)]
Inviter = Annotated[DistrictStaff, staff_may(Act.INVITE)]
RoleGiver = Annotated[DistrictStaff, staff_may(Act.GIVE_ROLES)]
Preparer = Annotated[DistrictStaff, staff_may(Act.MANAGE_PARTNERS, Act.APPROVE)]
"""Whoever may prepare what others sign: it gives no effect to anything."""
Approver = Annotated[DistrictStaff, staff_may(Act.APPROVE)]
Reviewer = Annotated[DistrictStaff, staff_may(Act.APPROVE, Act.DRAFT)]
Loader = Annotated[DistrictStaff, staff_may(Act.LOAD_RECORDS)]
RosterManager = Annotated[DistrictStaff, staff_may(Act.MANAGE_ROSTERS)]
Classifier = Annotated[DistrictStaff, staff_may(Act.CLASSIFY_CODES)]
WishRecorder = Annotated[DistrictStaff, staff_may(Act.RECORD_CONSENTS)]
AnyStaff = Annotated[DistrictStaff, staff_of(*sorted(role for role in MAY if not role.is_partners))]
"""For pages that everybody of the district's staff may open who has a role at all."""
PaperReader = Annotated[DistrictStaff, staff_may(*ANY)]
"""Whoever may prepare or sign some kind of document; which kinds, each page asks for itself."""
