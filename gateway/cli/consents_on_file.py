"""`pactgate records consents`: how many consents are on file, and how many of them say less than they have to."""

from gateway.cli.run import office, run, say, show
from gateway.services.consents import OnFile
from gateway.services.stewardship import Stewardship


def consents() -> None:
    """
    Count the consents in force by agreement: all, those that a person entered, and older ones that say too little.

    An older one goes on until it changes or ends; a list that brings it whole puts it in order.
    """

    async def work() -> tuple[OnFile, ...]:
        async with office() as opened:
            return await Stewardship(opened).consents_on_file()

    found = run(work())
    show(
        [
            {"agreement": each.line, "consents": each.consents, "by_hand": each.by_hand, "older": each.older}
            for each in found
        ]
    )
    if older := sum(each.older for each in found):
        say(f"{older} consent(s) say neither who signed nor what for: ask for them again, whole.")
