"""The yearly review pack: what it gathers, the sample a partner can draw again, and that it is whole or not there."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from agreements.canonical import digest_of
from agreements.errors import ReviewRefused
from audit.proof import Receipt
from audit.sample import draw
from audit.signing import sign_head
from gateway.services.errors import NothingSigned, UnknownAgreement
from gateway.services.obligations.pack_files import PackRefused, read_pack, write_pack
from gateway.services.obligations.review_pack import SAMPLE_SIZE, ReviewPack, gather
from tests.factories.agreements import RECEIVED, RESPONSIBLE_PERSON, SPS_A
from tests.factories.cohort import DAY, MENTORING, STUDENTS, TUTORING, personal
from tests.factories.gateway import NOON, Gateway

ONE = dt.timedelta(days=1)


async def sign(gateway: Gateway) -> None:
    async with (await gateway.database.pool("app", size=1)).acquire() as session:
        await sign_head(session, gateway.deployment.signer)


async def packed(gateway: Gateway, name: str = TUTORING, **days: Any) -> ReviewPack:
    """The pack of an agreement, made the day after everything that happened so far."""
    await gateway.at(NOON + ONE)
    await sign(gateway)
    return await gather((await gateway.office()).desk, gateway.digest(name), **days)


def files_in(folder: Path) -> set[str]:
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def content(pack: ReviewPack, name: str) -> Any:
    return json.loads(pack.files[name])


async def test_without_a_day_that_is_over_there_is_nothing_to_review(gateway: Gateway) -> None:
    desk = (await gateway.office()).desk
    with pytest.raises(ReviewRefused):
        await gather(desk, gateway.digest(TUTORING), first=DAY)
    with pytest.raises(ReviewRefused):
        await packed(gateway, last=DAY + ONE)
    with pytest.raises(UnknownAgreement):
        await gather(desk, "sha256:" + "9" * 64)


async def test_a_checkpoint_covers_the_whole_period_or_nothing_is_gathered(idle_gateway: Gateway) -> None:
    desk, digest = (await idle_gateway.office()).desk, idle_gateway.digest(TUTORING)
    await idle_gateway.at(NOON + ONE)
    with pytest.raises(NothingSigned):
        await gather(desk, digest)
    await sign(idle_gateway)
    size = await idle_gateway.size()
    await (await idle_gateway.steward()).withdraw(digest, STUDENTS["ximena"].number)  # newer than the period
    pack = await gather(desk, digest)
    assert json.loads(pack.files["manifest.json"])["log_size"] == size


async def test_a_pack_counts_use_against_what_was_agreed_and_names_no_student(gateway: Gateway) -> None:
    await gateway.ask(TUTORING, elements=("first_name", "grade_level"), limit=3)
    await gateway.ask(TUTORING, elements=("first_name",), limit=2)
    await gateway.ask(MENTORING, elements=("first_name",), limit=1)
    await gateway.get(TUTORING, "/v1/students?fields=sex")
    pack = await packed(gateway)
    use = content(pack, "use.json")
    assert use["by_dataset_and_month"] == [
        {"dataset": "students", "month": "2027-03", "disclosures": 2, "records": 5},
    ]
    assert {line["name"]: line["records"] for line in use["records_by_element"]} == {"first_name": 5, "grade_level": 3}
    never = {(line["dataset"], line["name"]) for line in use["granted_and_never_released"]}
    assert ("students", "last_name") in never
    assert ("students", "first_name") not in never
    assert any(dataset == "attendance" for dataset, _ in never)
    assert use["refusals_by_code"] == {"element_not_covered": 1}
    terms = gateway.deployment.agreements[TUTORING].agreement
    assert use["disclosures_by_purpose"] == {terms.purpose.code: 2}
    assert pack.files["agreement.json"] == terms.canonical
    assert f"/purpose/code: {terms.purpose.code}\n" in pack.files["agreement.txt"].decode()
    assert [move["event"] for move in content(pack, "moves.json")] == ["agreement.activated"]
    assert content(pack, "people.json") == [{"person": RESPONSIBLE_PERSON, "role": "responsible"}]
    kinds = {line["kind"] for line in content(pack, "documents.json")}
    assert {"agreement", "approval", "client_binding", "people_annex", "undertaking"} <= kinds
    everything = b"".join(pack.files.values()).decode()
    for word in (*personal(), "Rae Responsible", "rae@partner.example"):
        assert word not in everything


async def test_only_the_days_of_the_period_count(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    await gateway.at(NOON + ONE)
    await gateway.ask(TUTORING)
    await sign(gateway)
    desk = (await gateway.office()).desk
    pack = await gather(desk, gateway.digest(TUTORING))
    assert (pack.first_day, pack.last_day) == (RECEIVED.date(), DAY)
    assert [line["disclosures"] for line in content(pack, "use.json")["by_dataset_and_month"]] == [1]


async def test_a_pack_looks_back_at_the_versions_that_were_replaced(gateway: Gateway) -> None:
    await gateway.ask(TUTORING)
    ring, old = gateway.deployment.ring, gateway.deployment.agreements[TUTORING]
    later = ring.agreement(SPS_A, changes={"/version": 2, "/replaces": old.digest, "/annexes": "carried_over"})
    await (await gateway.office()).onboarding.activate(later.envelope, [later.approval])
    await gateway.at(NOON + ONE)
    await sign(gateway)
    pack = await gather((await gateway.office()).desk, later.digest)
    assert [line["disclosures"] for line in content(pack, "use.json")["by_dataset_and_month"]] == [1]
    events = [(move["event"], move["agreement"]) for move in content(pack, "moves.json")]
    assert events == [
        ("agreement.activated", old.digest),
        ("agreement.activated", later.digest),
        ("agreement.replaced", old.digest),
    ]


async def test_a_partner_draws_the_same_sample_and_checks_each_receipt(gateway: Gateway) -> None:
    for _ in range(SAMPLE_SIZE + 5):
        await gateway.ask(TUTORING)
    await gateway.ask(MENTORING)
    pack = await packed(gateway)
    verifier = gateway.deployment.signer.verifier
    checkpoint = verifier.verify(pack.files["checkpoint"].decode())
    sample = content(pack, "sample.json")
    own = [
        index
        for index, entry in enumerate(await gateway.entries())
        if entry["event"] == "disclosure" and entry["agreement"] == gateway.digest(TUTORING)
    ]
    assert len(own) == SAMPLE_SIZE + 5
    assert sample["tree_head"] == checkpoint.tree_head.hex()
    assert sample["about"] == gateway.digest(TUTORING)
    assert sample["entries"] == list(draw(checkpoint.tree_head, sample["about"], own, SAMPLE_SIZE))
    assert len(sample["entries"]) == SAMPLE_SIZE
    for index in sample["entries"]:
        receipt = Receipt.parse(pack.files[f"sample/{index}.tlog-proof"].decode())
        assert receipt.index == index
        assert receipt.verify(pack.files[f"sample/{index}.leaf"], verifier) == checkpoint


async def test_a_pack_is_written_whole_or_not_at_all(gateway: Gateway, tmp_path: Path) -> None:
    await gateway.ask(TUTORING)
    pack = await packed(gateway)
    taken = tmp_path / "taken"
    taken.mkdir()
    (taken / "file").write_text("a file stands where a folder is needed")
    for place in (taken, taken / "file" / "pack"):
        with pytest.raises(PackRefused):
            write_pack(pack, place)
    assert not [each for each in files_in(tmp_path) if each != "taken/file" and not each.startswith("checkpoint")]
    write_pack(pack, tmp_path / "pack")
    read = read_pack(tmp_path / "pack")
    assert (read.agreement, read.first_day, read.last_day) == (pack.agreement, pack.first_day, pack.last_day)
    assert read.digest == pack.digest == digest_of((tmp_path / "pack" / "manifest.json").read_bytes())
    assert files_in(tmp_path / "pack") == set(pack.files)


async def test_a_pack_that_was_changed_or_is_not_there_is_not_signed_for(gateway: Gateway, tmp_path: Path) -> None:
    await gateway.ask(TUTORING)
    pack = await packed(gateway)
    with pytest.raises(PackRefused):
        read_pack(tmp_path / "pack")
    write_pack(pack, tmp_path / "pack")
    manifest, use = tmp_path / "pack" / "manifest.json", tmp_path / "pack" / "use.json"
    whole = manifest.read_text()
    for file, wrong in (
        (use, use.read_text().replace("1", "2")),
        (manifest, whole.replace("pactgate-review-pack/1", "pactgate-review-pack/2")),
        (manifest, whole.replace('"2027-03-10"', '"2027-02-30"')),
        (manifest, whole.replace('"use.json"', '"../use.json"')),
        (manifest, whole + " "),
    ):
        kept = file.read_text()
        file.write_text(wrong)
        with pytest.raises(PackRefused):
            read_pack(tmp_path / "pack")
        file.write_text(kept)
    use.unlink()
    with pytest.raises(PackRefused):
        read_pack(tmp_path / "pack")
