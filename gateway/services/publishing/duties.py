"""How it stands with what is owed under each agreement, as far as the public is told."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.elements import Catalogue
from agreements.obligations import Obligation, destruction, review
from gateway.services.obligations.courses import Followed, follow
from gateway.services.publishing.published import Duties, Status
from gateway.services.standing.registry import Moment, Registry


async def duties_of(
    connection: AsyncConnection, moment: Moment, registry: Registry, catalogue: Catalogue, used: Callable[[str], bool]
) -> dict[str, Duties]:
    """Return the duties under every agreement, by digest; `used` says whether anything was disclosed under one."""
    following = await follow(connection, moment, registry, catalogue)
    return {digest: _duties(each, used(digest)) for digest, each in following.followed.items()}


def _duties(each: Followed, used: bool) -> Duties:
    about = (each.agreement, each.partner, each.course, each.today)
    owed = destruction(*about, certified=each.certified) if used or each.certified else None
    yearly = review(*about, each.since) if each.replaced_by is None else None
    return Duties(review=_status(yearly), destruction=_status(owed))


def _status(obligation: Obligation | None) -> Status:
    return Status.NOT_DUE if obligation is None else Status(obligation.status.value)
