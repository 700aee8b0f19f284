"""The versions of one agreement, and what each changed of the one before it, in sentences."""

from dataclasses import dataclass

from agreements.difference import difference
from agreements.wording import sentences
from gateway.services.drafts.registered import registered_agreement
from gateway.services.errors import UnknownAgreement
from gateway.services.office import Office
from gateway.services.standing.registry import Registry


@dataclass(frozen=True, slots=True)
class Version:
    """One version that was ever in force: its digest, its number and where it stands."""

    digest: str
    number: int
    standing: str


def versions_of(registry: Registry, line: str) -> tuple[Version, ...]:
    """Return the versions of a line that were ever in force, the newest first."""
    found = [
        Version(digest, each.verified.agreement.version, each.standing.value)
        for digest, each in registry.history.items()
        if each.verified.agreement.id == line
    ]
    return tuple(sorted(found, key=lambda each: each.number, reverse=True))


async def changes_of(office: Office, digest: str) -> tuple[str, ...]:
    """Return what a version changed of the one that it replaces; nothing for a first one. Raises `UnknownAgreement`."""
    new = await registered_agreement(office, digest)
    if new.replaces is None:
        return ()
    try:
        old = await registered_agreement(office, new.replaces)
    except UnknownAgreement:
        return ()  # the alarms say so; what it changed cannot be said
    return sentences(difference(old, new), office.desk.catalogue)
