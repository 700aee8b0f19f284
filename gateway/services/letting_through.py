"""A load that goes through by itself if it is held and exactly it was confirmed on the pages, by everybody who must."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from agreements.errors import AgreementError
from gateway.records.errors import LoadHeld
from gateway.records.loading.batches import Refused
from gateway.records.loading.mapping import MappingFile
from gateway.records.loading.report import LoadReport
from gateway.services.load_reports.confirming import Confirming
from gateway.services.office import Office
from gateway.services.stewardship import Stewardship
from gateway.wrapping_keys import WrappingKeys


async def load_or_let_through(
    office: Office,
    mapping: MappingFile,
    export: Path,
    subject_key: WrappingKeys,
    *,
    agreements: Mapping[str, str],
    strict: bool,
    refused: Callable[[Refused], None] | None,
    unread: Sequence[str],
) -> LoadReport:
    """
    Load an export as `Stewardship.load` does; one that is held and was confirmed on the pages is loaded as confirmed.

    What the signed paper says is compared with this very load, and verified by it. A paper that does not verify any
    more counts as none. Raises what `Stewardship.load` raises.
    """
    steward = Stewardship(office)
    try:
        return await steward.load(
            mapping, export, subject_key, agreements=agreements, strict=strict, refused=refused, unread=unread
        )
    except LoadHeld as held:
        signed = None if held.described is None else await Confirming(office).signed(held.described)
        if signed is None:
            raise
        try:
            # The refused rows were written at the first reading.
            return await steward.load(
                mapping,
                export,
                subject_key,
                agreements=agreements,
                strict=strict,
                confirmed=[signed],
                unread=unread,
            )
        except AgreementError:
            raise held from None
