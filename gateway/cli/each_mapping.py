"""One export by several mappings: what one of them refuses or holds keeps no other from being read."""

from collections.abc import Awaitable, Callable, Sequence

from agreements.errors import AgreementError
from gateway.cli.load_reports import account, account_refused, tell
from gateway.cli.run import say, sentence_for
from gateway.services.stewardship import LoadBusy, LoadHeld, LoadReport, MappingFile, RecordsError

Load = Callable[[MappingFile], Awaitable[LoadReport]]
"""Loads by one mapping."""


async def load_by_each(
    mappings: Sequence[MappingFile], load: Load, done: list[dict[str, object]], *, unread: Sequence[str], dry: bool
) -> None:
    """
    Load by each mapping in order, fill `done` with an account of each, and raise the first refusal at the end.

    INVARIANT: narrowing is never held. A withdrawal, an opt-out or an exit that one mapping reads counts, whatever is
    wrong with what another one reads. Raises `LoadBusy` at once: all of it is tried again.
    """
    first: RecordsError | AgreementError | None = None
    for each in mappings:
        try:
            report = await load(each)
        except LoadBusy:
            raise
        except (RecordsError, AgreementError) as error:
            done.append(account_refused(each.name, error))
            if isinstance(error, LoadHeld):
                say(f"{each.name}: this load is held. What narrows in it counts from now on.")
            elif first is not None:
                say(f"{each.name}: {sentence_for(error)}")
            first = first or error
        else:
            tell(each.name, report)
            done.append(account(each.name, report, unread, dry=dry))
    if first is not None:
        raise first
