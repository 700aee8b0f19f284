"""`pactgate audit facts` and `adopt-facts`: the rows about students, compared with what the log says of them."""

from gateway.cli.run import alarmed, pinned_trust, run, say, settings, show
from gateway.services.errors import FactsDiffer
from gateway.services.integrity.findings import Finding
from gateway.services.integrity.office import adopt_facts, check_facts
from gateway.services.office import open_office
from gateway.store.cluster import running_cluster


def facts() -> None:
    """Compare every row about students, and every stop, with the entries that brought them."""

    async def work() -> frozenset[Finding]:
        chosen = settings()
        async with running_cluster(chosen) as cluster:
            url = cluster.url("loader")
            async with open_office(url, pinned_trust(chosen), alarmed) as office:
                return await check_facts(office.desk, url, alarmed)

    found = sorted(run(work()))
    show({"holds": not found, "found": [{"code": each.code, **each.facts} for each in found]})
    if found:
        raise FactsDiffer(f"{len(found)} things in the tables are not what the log says.")
    say("The rows are those of the log.")


def adopt() -> None:
    """Answer, once after the upgrade, for the rows that are older than the commitments of entries to rows."""

    async def work() -> tuple[int, int]:
        chosen = settings()
        async with (
            running_cluster(chosen) as cluster,
            open_office(cluster.url("loader"), pinned_trust(chosen), alarmed) as office,
        ):
            return await adopt_facts(office.desk)

    entry, rows = run(work())
    say(f"{rows} rows are on record as they are now. What was changed before, nobody can tell.")
    show({"entry": entry, "rows": rows})
