"""
One district at six epochs: agreements signed, approved and verified, stopped, replaced and revoked.

Nothing here is drawn. A client is named by three agreements, two partners share it, terms lie in two zones.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from agreements.accountable import Window
from tests.factories.agreements import SPS_B, client_id
from tests.factories.policy_worlds import NOVEMBER, Promise, promise
from tests.prove.signed import Signed, signed

TUTORING: Final = promise(clients=("tutor", "banned"))
MENTORING: Final = promise(SPS_B, clients=("tutor", "mentor"))
SHORT: Final = promise(
    clients=("mentor", "tutor"),
    changes={
        "/id": "agreement:sps-a-short",
        "/term/first_day": "2027-02-01",
        "/term/last_day": "2028-02-29",
        "/term/time_zone": "America/New_York",
        "/datasets/0/elements/2/transformation": "year",
        "/datasets/0/elements/0": {"element": "000092", "transformation": "exact", "own_line": True},
    },
)
STOPPED: Final = promise(SPS_B, clients=("tutor",), changes={"/id": "agreement:sps-b-stopped"})
PROMISES: Final[tuple[Promise, ...]] = (TUTORING, MENTORING, SHORT, STOPPED)
CLIENTS: Final = ("tutor", "mentor", "banned", "unbound")
GAP: Final[Mapping[str, tuple[Window, ...]]] = {
    client_id("mentor"): (
        Window(datetime(2026, 9, 1, tzinfo=UTC), NOVEMBER),
        Window(datetime(2026, 12, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)),
    )
}
EPOCHS: Final[tuple[Signed, ...]] = (
    signed(PROMISES, others=CLIENTS),
    signed(PROMISES, others=CLIENTS, stops=(client_id("banned"), STOPPED.digest)),
    signed(PROMISES, others=CLIENTS, stops=(STOPPED.digest,), accountable=GAP),
    signed(PROMISES, others=CLIENTS, stops=("partner:bright-path",)),
    signed(PROMISES[:3], others=CLIENTS, until={TUTORING.digest: SHORT.signed.agreement.term.begins}),
    signed(PROMISES[1:], others=CLIENTS[1:]),
)
"""What the gateway would read, one epoch after the other: stops, a gap, a stopped partner, a later version, an end."""
