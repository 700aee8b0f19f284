"""What the pages of the console are about in the bench: one of each that has an address."""

import asyncio
import json
from collections.abc import Mapping
from typing import Final

from agreements.documents.hold import Hold, hold_bytes
from agreements.signature import Kind
from audit.events import Event
from audit.reading import newest_changes
from gateway.demo.stage import Part, Stage
from gateway.services.drafts.kept import Drafts
from gateway.services.inbox.keeping import flush
from gateway.services.inbox.office import Inbox
from gateway.services.inbox.pending import Pending
from gateway.services.incidents.incidents import Incidents
from gateway.services.incidents.lines import Concerns
from gateway.services.obligations.history import driver_of
from gateway.services.papers.papers import Papers

_PAPERS: Final = "/console/papers/"
_ROSTER: Final = "/v1/rosters?covers=additions"


class Subjects:
    """
    One of each thing that a page is about; what there is none of has no address, and its pages are left out.

    A digest is that of an agreement, and on the pages of papers that of a hold that waits for its signature.
    """

    def __init__(self, known: Mapping[str, object], paper: str) -> None:
        self._known, self._paper = dict(known), paper

    def address(self, path: str) -> str:
        """Return an address of a path. Raises `KeyError` if there is nothing that it is about."""
        known = {**self._known, "digest": self._paper} if path.startswith(_PAPERS) else self._known
        return path.format(**known)


async def subjects(stage: Stage, size: int) -> Subjects:
    """Bring about what nobody has brought about yet, while the gateway serves."""
    part, office = next(iter(stage.parts.values())), stage.office
    moment, registry = await office.desk.registry()
    person = next(iter(registry.staff.links.values())).person.id
    known: dict[str, object] = {
        "index": size - 2,
        "entry": await _load_of(stage),
        "digest": part.agreement.digest,
        "partner": part.agreement.partner.id,
        "client": part.client,
        "person": person,
        "dataset": part.agreement.datasets[0].dataset,
        "step": "people",
        "draft": await Drafts(office.engine).begin(dict(part.agreement.content), person),
    }
    window = Concerns(moment.now.replace(hour=0), moment.now, partner=part.agreement.partner.id)
    known["incident"] = await Incidents(office).open("A laptop was stolen.", moment.now, window, None)
    pending = Pending()
    pending.take("volume_exceeded", {"client": part.client})
    await flush(office.engine, pending)
    known["number"] = (await Inbox(office.desk).lines(limit=1))[0].number
    roster = await asyncio.to_thread(_hand_in, part, stage.url)
    if roster is not None:
        known["roster"] = roster
    held = hold_bytes(Hold(part.agreement.digest, "legal", moment.now.date(), "Evidence is to be kept for the bench."))
    return Subjects(known, await Papers(office).prepare(Kind.HOLD, held, person, title="A hold"))


def _hand_in(part: Part, url: str) -> int | None:
    """Hand in a roster of one line that nobody matches; None where the agreement takes none."""
    client = part.connect(url)
    line = {"given_name": "Nobody", "family_name": "Anywhere", "birth_date": "2012-01-01"}
    body, headers = json.dumps({"lines": [line]}).encode(), {"content-type": "application/json"}
    answer = client.post(_ROSTER, client.token()["access_token"], body, headers)
    return int(answer.json()["roster"]) if answer.status_code == 202 else None


async def _load_of(stage: Stage) -> int:
    """Return the entry of the newest load."""
    async with stage.office.engine.connect() as connection:
        (newest,) = await newest_changes(await driver_of(connection), [Event.RECORDS_LOADED], 1)
        return newest.index
