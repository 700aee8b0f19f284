"""One partner's pages: everything of it in one place, stops that name who did it, papers that change nothing yet."""

from agreements.roles import Role
from tests.factories.cohort import TUTORING
from tests.factories.console import Console

PARTNER = "/console/partners/partner:bright-path"


async def test_a_partner_is_shown_whole(console: Console) -> None:
    await console.gateway.get(TUTORING, "/v1/students?fields=first_name")
    await console.gateway.get(TUTORING, "/v1/students?fields=sex")
    officer = await console.as_a(Role.OFFICER)
    page = (await officer.get(PARTNER)).text
    for said in ("Bright Path Tutoring", "person:rae-responsible", "Rae Responsible", "has accepted for 2026-2027"):
        assert said in page, page
