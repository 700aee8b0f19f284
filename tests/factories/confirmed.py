"""Held loads that two officers confirm, as `pactgate records confirmation` does: tried, signed, loaded."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from agreements.keys import SigningKey
from agreements.signature import Kind
from gateway.records.loading.mapping import MappingFile
from gateway.records.loading.report import LoadReport
from gateway.services.confirmations import SignedConfirmation, confirmation_bytes
from gateway.services.filing import Desk
from gateway.services.loads import Loads
from tests.factories.agreements import Keyring

DISTRICT = "district:emerald-city"


async def confirmation_of(
    loads: Loads, desk: Desk, keys: Sequence[SigningKey], mapping: MappingFile, folder: Path, **options: Any
) -> SignedConfirmation | None:
    """What these people sign of a load that would be held now; None for one that would not."""
    tried = await loads.load(mapping, folder, dry=True, **options)
    if tried.described is None:
        return None
    moment, _ = await desk.registry()
    payload = confirmation_bytes(DISTRICT, moment.received.day, tried.described, "It is right.")
    return SignedConfirmation(desk, Keyring.sign(Kind.LOAD_CONFIRMATION, payload, *keys))


async def load_confirmed(
    loads: Loads, desk: Desk, keys: Sequence[SigningKey], mapping: MappingFile, folder: Path, **options: Any
) -> LoadReport:
    """Load, held or not."""
    confirmation = await confirmation_of(loads, desk, keys, mapping, folder, **options)
    return await loads.load(mapping, folder, confirmation=confirmation, **options)
