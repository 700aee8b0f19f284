"""What each role may do, and which steps take two people."""

import pytest

from agreements.errors import SamePerson
from agreements.roles import Role
from gateway.services.staff.errors import RoleMissing
from gateway.services.staff.roles import APART, MAY, Act, require_apart, require_may
from gateway.services.standing.identity import Person

ADA = Person("user:a", "district:emerald-city", f"sha256:{'ab' * 32}")
ADA_ANEW = Person("user:a", "district:emerald-city", f"sha256:{'cd' * 32}")
BEN = Person("user:b", "district:emerald-city", f"sha256:{'ab' * 32}")


@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_its_line_says_and_nothing_else(role: Role) -> None:
    for act in Act:
        if act in MAY[role]:
            require_may([role], act)
        else:
            with pytest.raises(RoleMissing) as refused:
                require_may([role], act)
            assert role.value not in str(refused.value).removeprefix("This takes one of these roles: ").split(", ")
    with pytest.raises(RoleMissing):
        require_may([], Act.READ_LOG)


@pytest.mark.claim(12)
def test_no_role_both_drafts_and_approves() -> None:
    assert not [role for role in Role if MAY[role] >= {Act.DRAFT, Act.APPROVE}]
    require_may([Role.AUDITOR, Role.STEWARD], Act.LOAD_RECORDS)
    assert {act for pair in APART for act in pair} == {Act.DRAFT, Act.APPROVE, Act.INVITE, Act.GIVE_ROLES}


@pytest.mark.claim(12)
def test_the_second_step_is_another_persons_whatever_identity_they_sign_in_by() -> None:
    for again in (ADA, ADA_ANEW):
        with pytest.raises(SamePerson):
            require_apart(again, ADA)
    require_apart(BEN, ADA)
