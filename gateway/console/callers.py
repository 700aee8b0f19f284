"""Who may open a page of the console: whoever has a role that may do what the page is for."""

from typing import Annotated, Any

from gateway.services.staff.roles import MAY, Act
from gateway.signin.callers import DistrictStaff, staff_of


def staff_may(act: Act) -> Any:  # noqa: ANN401  FastAPI's own type of a dependency
    """Make the dependency of a page for whoever may do this, by the one table of roles."""
    return staff_of(*sorted(role for role, acts in MAY.items() if act in acts))


LogReader = Annotated[DistrictStaff, staff_may(Act.READ_LOG)]
StudentSearcher = Annotated[DistrictStaff, staff_may(Act.SEARCH_STUDENTS)]
Stopper = Annotated[DistrictStaff, staff_may(Act.STOP)]
Drafter = Annotated[DistrictStaff, staff_may(Act.DRAFT)]
Loader = Annotated[DistrictStaff, staff_may(Act.LOAD_RECORDS)]
RosterManager = Annotated[DistrictStaff, staff_may(Act.MANAGE_ROSTERS)]
Classifier = Annotated[DistrictStaff, staff_may(Act.CLASSIFY_CODES)]
WishRecorder = Annotated[DistrictStaff, staff_may(Act.RECORD_CONSENTS)]
