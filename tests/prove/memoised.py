"""The third reading: `policies.decide`, as the gateway calls it, with its slices and its memory."""

from collections.abc import Iterable, Mapping
from functools import cache

from agreements.elements import load_catalogue
from policies.compile import Suspension
from policies.decide import decide
from policies.decision import Denied, Permit
from policies.errors import UnknownElement
from policies.guardrails import Guardrails, read_guardrails
from policies.memo import Memo
from policies.rehearsal import Rehearsed
from policies.request import AccessRequest
from policies.state import REHEARSAL, PolicyState, Promise, Tables
from tests.prove.documents import PERMIT, Answer
from tests.prove.guardrails import guardrails_text
from tests.prove.scene import CATALOGUE, Asked, Scene, Stop

_TAKEN = {(dataset, element.name): element.id for element in CATALOGUE for dataset in element.datasets}
_TABLES = 1024


class Memoised:
    """A state of the policies; `promises` are what stands in it, by default a rehearsal of what is written."""

    def __init__(
        self,
        scene: Scene,
        promises: Mapping[str, Promise] | None = None,
        *,
        epoch: int = REHEARSAL,
        tables: Tables | None = None,
    ) -> None:
        self.promises = rehearsed(scene) if promises is None else promises
        self.state = PolicyState(
            epoch=epoch,
            clients=scene.clients,
            granted=self.promises,
            suspensions=suspensions(scene.stops),
            catalogue=load_catalogue(),
            guardrails=district_guardrails(),
            tables=Memo(_TABLES) if tables is None else tables,
        )

    def answer(self, asked: Asked) -> tuple[Answer, Permit | None]:
        """Decide on one element; the permit itself where there is one."""
        request = AccessRequest(asked.client, asked.agreement, asked.purpose, asked.dataset, (_name(asked),))
        try:
            decision = decide(self.state, request, asked.now)
        except UnknownElement as unknown:
            return Answer(unknown.code), None
        except NameError:
            raise  # a mutant that is not even a program
        except Exception as error:  # noqa: BLE001 -- no answer is a difference, and wants to be made small like others
            return Answer(f"error:{error!r}"), None
        if isinstance(decision, Denied):
            # A denial with an alarm is right only by chance.
            return Answer("alarm:" + decision.facts["alarm"] if "alarm" in decision.facts else decision.code), None
        [field] = decision.fields
        return Answer(PERMIT, field.transformation, tuple(sorted(field.clauses))), decision

    def everything(self, asked: Asked) -> frozenset[str]:
        """Decide on all that is granted of the dataset."""
        request = AccessRequest(asked.client, asked.agreement, asked.purpose, asked.dataset)
        try:
            decision = decide(self.state, request, asked.now)
        except Exception as error:  # noqa: BLE001 -- as above
            return frozenset({f"error:{error!r}"})
        return frozenset(field.element for field in decision.fields) if isinstance(decision, Permit) else frozenset()


def _name(asked: Asked) -> str:
    """Return what a partner calls the element: in the next dataset the same name may mean another one."""
    name = CATALOGUE.element(asked.element).name
    return name if _TAKEN.get((asked.dataset, name), asked.element) == asked.element else asked.element


@cache
def district_guardrails() -> Guardrails:
    """Return the guardrails that the readings of documents look at as data."""
    return read_guardrails(guardrails_text(), CATALOGUE)


def rehearsed(scene: Scene) -> dict[str, Promise]:
    """Return what is written as if it were in force."""
    return {
        digest: Rehearsed(made.agreement, frozenset(made.windows), made.until, made.windows)
        for digest, made in scene.written.items()
    }


def suspensions(stops: Iterable[Stop]) -> tuple[Suspension, ...]:
    """Return stops as the policies take them."""
    return tuple(Suspension(stop.concerns, stop.entry) for stop in stops)
