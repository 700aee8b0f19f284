"""The lists of agreements and of partners: what their columns and filters are."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gateway.pages.languages import message
from gateway.pages.listing import Column, Listing, Pick, Words
from gateway.services.overview import AgreementLine, ClientLine

STOPPED = "stopped"
"""How an agreement or a partner is called whose standing is another, and that somebody has stopped."""
_ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class PartnerLine:
    """One partner in the list: its agreements and programs, and the entry that stopped it."""

    id: str
    name: str
    agreements: tuple[AgreementLine, ...]
    clients: tuple[ClientLine, ...]
    stopped_by: int | None

    @property
    def standing(self) -> str:
        """How it stands: stopped, active under some agreement, or neither."""
        if self.stopped_by is not None:
            return STOPPED
        return _ACTIVE if any(standing_of(each) == _ACTIVE for each in self.agreements) else "not active"


def partner_lines(
    names: Mapping[str, str],
    agreements: Sequence[AgreementLine],
    clients: Collection[ClientLine],
    stopped: Mapping[str, int],
) -> tuple[PartnerLine, ...]:
    """Return every partner with what is about it, in the order of `names`."""
    return tuple(
        PartnerLine(
            id=partner,
            name=name,
            agreements=tuple(each for each in agreements if each.partner == partner),
            clients=tuple(each for each in clients if each.partner == partner),
            stopped_by=stopped.get(partner),
        )
        for partner, name in names.items()
    )


def standing_of(line: AgreementLine) -> str:
    """Return how an agreement stands: a stop of it or of its partner comes before everything."""
    is_stopped = line.suspended_by is not None or line.partner_suspended_by is not None
    return STOPPED if is_stopped else line.standing


def agreements_listing(names: Mapping[str, str], covered: Mapping[str, int]) -> Listing[AgreementLine]:
    """Return the list of agreements; `names` are those of partners, `covered` counts the students of those shown."""

    def partner(line: AgreementLine) -> str:
        return names.get(line.partner, line.partner)

    return Listing(
        name="agreements",
        columns=(
            Column("title", message("Agreement"), lambda line: line.title),
            Column("id", message("Number"), lambda line: line.id),
            Column("version", message("Version"), lambda line: line.version, is_number=True),
            Column("partner", message("Partner"), partner),
            Column("standing", message("Standing"), standing_of),
            Column("until", message("Until"), lambda line: line.last_day),
            Column(
                "students",
                message("Students today"),
                lambda line: covered.get(line.digest),
                is_number=True,
                sorts=False,  # only those on the page are counted
            ),
        ),
        sort="until",
        down=True,
        picks=(
            Pick("partner", message("Partner"), lambda line: line.partner, partner),
            Pick("standing", message("Standing"), standing_of),
            Pick("basis", message("Legal basis"), lambda line: line.basis),
        ),
        words=Words("words", message("Words of its title or number"), lambda line: (line.title, line.id)),
    )


def partners_listing() -> Listing[PartnerLine]:
    """Return the list of partners."""
    return Listing(
        name="partners",
        columns=(
            Column("name", message("Partner"), lambda line: line.name),
            Column("agreements", message("Agreements"), lambda line: len(line.agreements)),
            Column("programs", message("Programs"), lambda line: len(line.clients)),
            Column("standing", message("Standing"), lambda line: line.standing),
        ),
        sort="name",
        picks=(Pick("standing", message("Standing"), lambda line: line.standing),),
        words=Words("words", message("Words of its name"), lambda line: (line.name, line.id)),
    )
