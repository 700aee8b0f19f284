"""One partner as the district's staff sees it: what it may ask for, by which programs, for whom, and what it owes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from agreements.attending import Missing, missing_of
from agreements.dates import school_year_of
from agreements.people import named_at
from gateway.services.errors import UnknownPartner
from gateway.services.filing import Desk
from gateway.services.inbox.cases import CaseLine
from gateway.services.keyholders import SignerLine, signer_lines
from gateway.services.obligations.shown import Owed
from gateway.services.office import Office
from gateway.services.overview import AgreementLine, ClientLine, client_lines, covered_by, uncounted_lines
from gateway.services.parties import Parties, PartnerLine
from gateway.services.standing.registry import Moment, Registry

MOST_COUNTED: Final = 25
"""Agreements of a partner whose students are counted: those that a page has room for."""


@dataclass(frozen=True, slots=True)
class PersonLine:
    """
    Somebody whom the partner names under an agreement, and what they lack today; `school_year` is that of today.

    `training_left` are the days that the training is still valid, negative once it is over; `accepted` are the school
    years for which they accepted this version of the agreement.
    """

    agreement: str
    id: str
    name: str = field(repr=False)
    role: str
    has_key: bool
    training: str = field(repr=False)
    trained_to: date
    training_left: int
    accepted: tuple[str, ...]
    school_year: str
    missing: Missing | None


@dataclass(frozen=True, slots=True)
class PartnerPage:
    """
    One partner, whole. `contacts` are the mailboxes of functions that its bindings name.

    `agreements` begin with those in force, the newest first; `covered` counts the students that the first
    `MOST_COUNTED` of them cover today, by digest.
    """

    line: PartnerLine
    agreements: tuple[AgreementLine, ...]
    covered: Mapping[str, int]
    clients: tuple[ClientLine, ...]
    contacts: tuple[str, ...]
    people: tuple[PersonLine, ...]
    signers: tuple[SignerLine, ...]
    owed: tuple[Owed, ...]

    def is_about(self, case: CaseLine) -> bool:
        """Return whether an alarm names this partner, one of its agreements or one of its programs."""
        about = {self.line.id, *(each.id for each in self.clients)}
        about |= {name for each in self.agreements for name in (each.digest, each.id)}
        return not about.isdisjoint(case.facts.values())


async def partner_page(office: Office, partner: str, owed: tuple[Owed, ...] = ()) -> PartnerPage:
    """Return one partner; `owed` is what it owes, or is owed about it. Raises `UnknownPartner`."""
    line = next((each for each in await Parties(office.desk).lines() if each.id == partner), None)
    if line is None:
        raise UnknownPartner(f"The partner {partner} has no agreement and no client here.")
    moment, registry = await office.desk.registry()
    clients = tuple(each for each in await client_lines(office) if each.partner == partner)
    agreements = [each for each in reversed(await uncounted_lines(office)) if each.partner == partner]
    agreements.sort(key=lambda each: each.digest not in line.agreements)
    return PartnerPage(
        line=line,
        agreements=tuple(agreements),
        covered=await covered_by(office, agreements[:MOST_COUNTED]),
        clients=clients,
        contacts=tuple(dict.fromkeys(one for each in clients for bound in each.bindings for one in bound.contacts)),
        people=tuple(person for digest in line.agreements for person in people_of(registry, digest, moment)),
        signers=tuple(each for each in await signer_lines(office.desk) if each.party == partner),
        owed=owed,
    )


def people_of(registry: Registry, digest: str, moment: Moment) -> Iterator[PersonLine]:
    """Yield whom the partner names under an agreement in force, by id."""
    promised, undertakings = registry.history[digest], registry.undertakings.get(digest, ())
    zone = ZoneInfo(promised.verified.agreement.term.time_zone)
    today = moment.now.astimezone(zone).date()
    began = school_year_of(today)
    machines = {key.thumbprint for each in registry.granted[digest].bindings for key in each.binding.keys}
    for person, named in sorted(named_at(promised.annexes, moment.size).items()):
        yield PersonLine(
            agreement=digest,
            id=person,
            name=named.name,
            role=named.role,
            has_key=named.key is not None,
            training=named.training.title,
            trained_to=named.training.valid_to,
            training_left=(named.training.valid_to - today).days,
            accepted=tuple(
                sorted(each.undertaking.school_year for each in undertakings if each.undertaking.person == person)
            ),
            school_year=f"{began}-{began + 1}",
            missing=missing_of(
                person,
                agreement=promised.verified,
                annexes=promised.annexes,
                undertakings=undertakings,
                now=moment.received,
                machines=machines,
            ),
        )


async def require_partner(desk: Desk, partner: str) -> None:
    """Check that a partner is known here: a misspelt id must not look like one. Raises `UnknownPartner`."""
    if partner not in {each.id for each in await Parties(desk).lines()}:
        raise UnknownPartner(f"The partner {partner} has no agreement and no client here.")
