"""How it stands with what is owed under each agreement, as far as the public is told."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from agreements.elements import Catalogue
from agreements.obligations import Status, destruction, review
from gateway.services.obligations.courses import Followed, follow
from gateway.services.publishing.public_register import Duties
from gateway.services.standing.registry import Moment, Registry


async def duties_of(
    connection: AsyncConnection,
    moment: Moment,
    registry: Registry,
    catalogue: Catalogue,
    used: Callable[[str], bool] | None,
) -> dict[str, Duties]:
    """
    Return the duties under every agreement, by digest.

    `used` says whether anything was disclosed under one; None while that is still being counted.
    """
    following = await follow(connection, moment, registry, catalogue)
    return {
        digest: Duties(_review(each), _destruction(each, None if used is None else used(digest)))
        for digest, each in following.followed.items()
    }


def _review(each: Followed) -> Status:
    if each.replaced_by is not None:
        return Status.NOT_DUE
    owed = review(each.agreement, each.partner, each.course, each.today, each.since)
    return Status.NOT_DUE if owed is None else owed.status


def _destruction(each: Followed, used: bool | None) -> Status | None:
    if used or each.certified:
        return destruction(each.agreement, each.partner, each.course, each.today, certified=each.certified).status
    return None if used is None else Status.NOT_DUE
