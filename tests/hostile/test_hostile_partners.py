"""Requests from partners who try what the interface did not mean, over real HTTP, on a real log."""

import httpx2
import pytest

from agreements.lifecycle import Standing
from gateway.api.datasets import RECEIPT_HEADER
from gateway.services.errors import UnknownAgreement
from tests.factories.cohort import STUDENTS, TUTORING
from tests.factories.gateway import BRIGHT_PATH, Gateway


async def refused_receipt(gateway: Gateway, entry: str) -> tuple[int, str]:
    """Ask for a receipt with a token of before; return status and code, after checking that one entry says so."""
    size = await gateway.size()
    answer = await gateway.get(TUTORING, f"/v1/receipts/{entry}")
    (written,) = await gateway.entries(size)
    assert (written["event"], written["code"]) == ("refusal", answer.json()["code"])
    assert "leaf" not in answer.text
    return answer.status_code, answer.json()["code"]


async def own_entry(gateway: Gateway) -> str:
    """Return the number of an entry of the partner's own, whose receipt it can read."""
    entry = (await gateway.get(TUTORING, "/v1/students?limit=1")).headers[RECEIPT_HEADER]
    assert (await gateway.get(TUTORING, f"/v1/receipts/{entry}")).status_code == 200
    return str(entry)


@pytest.mark.claim(7)
@pytest.mark.attack("a token of before the stop, on a route without rows")
async def test_a_suspended_client_reads_no_receipt_with_the_token_it_holds(gateway: Gateway) -> None:
    entry, office = await own_entry(gateway), await gateway.office()
    await office.suspensions.suspend_client(gateway.deployment.partners[BRIGHT_PATH].client, "a key was lost")
    for named in (entry, "0", "first"):
        assert await refused_receipt(gateway, named) == (401, "suspended")


@pytest.mark.claim(7)
@pytest.mark.attack("a token of before the stop, on a route without rows")
@pytest.mark.parametrize(
    ("standing", "expected"),
    [(Standing.SUSPENDED, (401, "suspended")), (Standing.TERMINATED, (403, "no_agreement"))],
)
async def test_under_an_agreement_that_was_stopped_no_receipt_is_read(
    gateway: Gateway, standing: Standing, expected: tuple[int, str]
) -> None:
    entry, office = await own_entry(gateway), await gateway.office()
    await office.suspensions.stop_agreement(gateway.digest(TUTORING), standing, "under review")
    assert await refused_receipt(gateway, entry) == expected


@pytest.mark.claim(2)
@pytest.mark.attack("cursor of another dataset")
async def test_a_cursor_opens_no_other_dataset(gateway: Gateway) -> None:
    for query in ("limit=1", "limit=1&sort=school_identifier"):
        cursor = (await gateway.get(TUTORING, f"/v1/students?{query}")).json()["next"]
        assert (await gateway.get(TUTORING, f"/v1/students?{query}&cursor={cursor}")).status_code == 200
        other = await gateway.get(TUTORING, f"/v1/attendance?{query}&cursor={cursor}")
        assert (other.status_code, other.json()["code"]) == (400, "cursor_invalid"), query


@pytest.mark.claim(4)
async def test_refusals_of_strangers_by_the_interface_are_summed_up_in_an_entry(gateway: Gateway) -> None:
    await gateway.get(TUTORING, "/v1/students?limit=1")
    size, good = await gateway.size(), gateway.headers(TUTORING, "GET", "/v1/students")
    spoiled: tuple[dict[str, str], ...] = (
        {},
        {**good, "authorization": good["authorization"][:-1]},
        {"authorization": good["authorization"]},
        {**good, "authorization": good["authorization"].replace("DPoP", "Bearer")},
    )
    async with httpx2.AsyncClient(base_url=gateway.url) as stranger:
        for headers in spoiled:
            assert (await stranger.get("/v1/students", headers=headers)).status_code == 401
    assert await gateway.size() == size
    await gateway.close()
    (entry,) = await gateway.entries(size)
    assert (entry["event"], entry["total"]) == ("strangers.refused", len(spoiled))
    assert set(entry["reasons"]) == {"token_missing", "token_malformed", "proof_missing", "bearer_scheme"}


@pytest.mark.claim(7)
async def test_a_familys_no_is_taken_for_an_agreement_that_is_not_in_force(gateway: Gateway) -> None:
    office, steward, digest = await gateway.office(), await gateway.steward(), gateway.digest(TUTORING)
    await office.suspensions.stop_agreement(digest, Standing.TERMINATED, "over")
    assert await steward.withdraw(digest, STUDENTS["ximena"].number)
    assert await steward.opt_out(STUDENTS["fio"].number, digest, directory_only=False)
    with pytest.raises(UnknownAgreement):
        await steward.opt_out(STUDENTS["fio"].number, "sha256:" + "0" * 64, directory_only=False)
