"""
Authorization details (RFC 9396) of our one type, `student_data`: one token is for one agreement and one purpose.

Asked for here, judged against the agreements that name the client, written into the token as granted.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.caller import AUTOMATED
from gateway.oauth.compact import strict_json
from gateway.oauth.errors import InvalidDetails, Malformed
from gateway.registration import AgreementGrant, RegisteredClient

DETAILS_TYPE = "student_data"
ACTIONS = ("read",)
"""All that can be done with student data here."""

_FIELDS = frozenset({"type", "agreement", "purpose", "datasets", "actions", "on_behalf_of"})
_OPAQUE_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
"""An id of the people annex: never a name or an e-mail address, so it may stand in the log."""


@dataclass(frozen=True, slots=True)
class Details:
    """What a token is for. `datasets` None means all that the agreement covers; `role` goes with a person only."""

    agreement: str
    purpose: str
    datasets: tuple[str, ...] | None = None
    person: str | None = None
    role: str | None = None

    @property
    def behind(self) -> str:
        """Opaque id of the person behind the request, or `automated`; asserted by the partner."""
        return self.person or AUTOMATED

    def as_json(self) -> dict[str, object]:
        """Return the details as granted, for the token and the answer."""
        granted: dict[str, object] = {
            "type": DETAILS_TYPE,
            "agreement": self.agreement,
            "purpose": self.purpose,
            "actions": list(ACTIONS),
        }
        if self.datasets is not None:
            granted["datasets"] = list(self.datasets)
        granted["on_behalf_of"] = {"person": self.person, "role": self.role} if self.person else AUTOMATED
        return granted


def granted_details(text: str | None, client: RegisteredClient, key_id: str) -> Details:
    """
    Return what `client` is granted of the details it asked for; without any, its only agreement.

    Of several versions of that, it is the one in force.

    `key_id` is the key it proved: agreements that key is not bound to are not its own.

    Raises `InvalidDetails` for anything malformed, unknown, or not its own. Nothing is narrowed silently.
    """
    own = [grant for grant in client.agreements if key_id in grant.keys]
    if text is None:
        only = _require_in_force(_only(own))
        return _attended(Details(only.digest, only.purpose), only)
    asked = _one_object(text)
    if asked.get("type") != DETAILS_TYPE:
        raise InvalidDetails("details_type")
    if not _FIELDS.issuperset(asked):
        raise InvalidDetails("details_unknown_field")
    agreement, purpose = asked.get("agreement"), asked.get("purpose")
    if not isinstance(agreement, str) or not isinstance(purpose, str):
        raise InvalidDetails("details_field")
    # Another party's agreement and one that never existed are refused alike.
    grant = next((grant for grant in own if grant.digest == agreement), None)
    if grant is None:
        raise InvalidDetails("details_agreement")
    if _require_in_force(grant).purpose != purpose:
        raise InvalidDetails("details_purpose")
    if "actions" in asked and asked["actions"] != list(ACTIONS):
        raise InvalidDetails("details_action")
    person, role = _person(asked.get("on_behalf_of", AUTOMATED))
    return _attended(Details(agreement, purpose, _datasets(asked, grant), person, role), grant)


def _attended(details: Details, grant: AgreementGrant) -> Details:
    """Return `details` if the call is attended as the agreement has it. Whoever is not named is refused like no one."""
    against = grant.attendance.against(details.person, details.role)
    if against is not None:
        raise InvalidDetails(f"details_{against}")
    return details


def _only(own: Sequence[AgreementGrant]) -> AgreementGrant:
    """Return the only agreement. An amendment must not stop a client that never had to say which one it means."""
    if len({grant.line for grant in own}) != 1:
        raise InvalidDetails("details_missing")
    # INVARIANT: two versions of a line are never in force at once, so nothing is chosen here.
    return next((grant for grant in own if grant.in_force), own[-1])


def _one_object(text: str) -> Mapping[str, object]:
    try:
        asked = strict_json(text)
    except Malformed as error:
        raise InvalidDetails("details_not_json") from error
    if not isinstance(asked, list) or len(asked) != 1 or not isinstance(asked[0], dict):
        raise InvalidDetails("details_not_one_object")
    return asked[0]


def _require_in_force(grant: AgreementGrant) -> AgreementGrant:
    if not grant.in_force:
        raise InvalidDetails("details_not_in_force")
    return grant


def _datasets(asked: Mapping[str, object], grant: AgreementGrant) -> tuple[str, ...] | None:
    if "datasets" not in asked:
        return None
    names = asked["datasets"]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise InvalidDetails("details_datasets")
    if len(set(names)) != len(names) or not grant.datasets.issuperset(names):
        raise InvalidDetails("details_datasets")
    return tuple(sorted(names))


def _person(value: object) -> tuple[str | None, str | None]:
    if value == AUTOMATED:
        return None, None
    if not isinstance(value, dict) or set(value) != {"person", "role"}:
        raise InvalidDetails("details_on_behalf_of")
    person, role = value["person"], value["role"]
    if not isinstance(person, str) or not _OPAQUE_ID.fullmatch(person) or person == AUTOMATED:
        raise InvalidDetails("details_person")
    if not isinstance(role, str) or not _OPAQUE_ID.fullmatch(role):
        raise InvalidDetails("details_role")
    return person, role
