"""What each role may do, which steps take two people, and which roles a provider's groups can give."""

import pytest

from agreements.errors import SamePerson
from agreements.roles import Role
from gateway.services.errors import RoleMissing
from gateway.services.staff.mapping import MAPPABLE, RoleMapping
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


@pytest.mark.claim(12)
def test_no_group_makes_an_officer_or_any_of_a_partners_people() -> None:
    for role in set(Role) - MAPPABLE:
        with pytest.raises(ValueError, match="alone can be mapped"):
            RoleMapping.parse(f"everybody={role.value}")
    assert Role.OFFICER not in MAPPABLE
    assert not any(role.is_partners for role in MAPPABLE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("steward", "not of the form"),
        ("=steward", "not of the form"),
        ("a=", "not one of"),
        ("a=Steward", "not one of"),
        ("a=steward,a=auditor", "mapped twice"),
    ],
)
def test_a_mapping_that_is_not_clear_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        RoleMapping.parse(text)


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({}, set()),
        ({"groups": None}, set()),
        ({"groups": {"loaders": True}}, set()),
        ({"groups": [["loaders"], 1]}, set()),
        ({"groups": ["loaders"] * 1001}, set()),
        ({"roles": ["loaders"]}, set()),
        ({"groups": "Loaders"}, set()),
        ({"groups": "loaders"}, {Role.STEWARD}),
        ({"groups": ["x", "a=b", "loaders"]}, {Role.STEWARD, Role.AUDITOR}),
    ],
)
def test_a_claim_gives_the_mapped_roles_only_by_exactly_a_mapped_value(
    claims: dict[str, object], roles: set[Role]
) -> None:
    mapping = RoleMapping.parse("loaders=steward, a=b=auditor,")
    assert mapping.roles(claims) == roles
    assert RoleMapping().roles(claims) == frozenset()
