"""Exports from the database: continued, refused over another past, and into storage that speaks S3."""

import asyncio
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from audit.draft import Draft
from audit.errors import Forked, LogDamaged, RolledBack, SourceUnavailable
from audit.export import write_export
from audit.exporter import Exporter
from audit.objects import ObjectTarget
from audit.signing import sign_head
from audit.targets import FolderTarget
from audit.tree import leaf_hash, tree_head
from audit.verify import verify_export
from tests.factories.log import numbered_leaf, signer_of
from tests.functional.audit.conftest import Ledger

pytestmark = pytest.mark.claim(5)
BUCKET = "s3://log/district"


async def fill(ledger: Ledger, first: int, end: int) -> None:
    log = await ledger.start()
    await asyncio.gather(*(log.append(Draft(numbered_leaf(number))) for number in range(first, end)))
    await log.stop()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A server that speaks S3, on loopback, with one bucket."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    made = urllib.request.Request(f"{url}/log", method="PUT")  # noqa: S310 - loopback
    with urllib.request.urlopen(made, timeout=10):  # noqa: S310 - loopback
        pass
    yield url
    server.stop()


@pytest.fixture
def bucket(s3: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address to export to, with credentials where they belong: in the environment."""
    for name, value in {
        "AWS_ENDPOINT_URL": s3,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "an-id",
        "AWS_SECRET_ACCESS_KEY": "a-secret",
    }.items():
        monkeypatch.setenv(name, value)
    return BUCKET


async def test_an_export_that_is_ahead_of_the_log_or_of_another_one_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    await fill(ledger, 1, 10)
    app = await ledger.database.pool("app")
    newest, verifier, target = await sign_head(app, ledger.signer), ledger.signer.verifier, FolderTarget(tmp_path)
    await write_export(app, newest, verifier, target)
    rolled_back = ledger.signer.sign(4, bytes(32))
    with pytest.raises(RolledBack, match="the log has 4 entries signed, the export has 10"):
        await write_export(app, rolled_back, verifier, target)
    await write_export(app, newest, verifier, target)
    # The same key, another past: as after a restore that went on differently.
    other = tmp_path / "other"
    await write_export(app, newest, verifier, FolderTarget(other))
    forked = [numbered_leaf(number, forked=True) for number in range(10)]
    fork = Exporter(tmp_path / "fork")
    for leaf in forked:
        fork.add(leaf)
    fork.finish(ledger.signer.sign(10, tree_head(map(leaf_hash, forked))))
    with pytest.raises(Forked, match="size 10 is not one of this log"):
        await write_export(app, newest, verifier, FolderTarget(tmp_path / "fork"))


async def test_only_new_entries_are_read(ledger: Ledger, tmp_path: Path) -> None:
    app = await ledger.database.pool("app")
    told: list[tuple[int, int]] = []
    read = []
    for first, end in ((1, 300), (300, 4200), (4200, 4201)):
        await fill(ledger, first, end)
        newest = await sign_head(app, ledger.signer)
        read.append(
            await write_export(
                app,
                newest,
                ledger.signer.verifier,
                FolderTarget(tmp_path),
                progress=lambda done, whole: told.append((done, whole)),
            )
        )
    assert read == [300, 3900, 1]
    assert told == [(4096, 4200)]


async def test_object_storage_takes_an_export_once_and_gives_it_back(ledger: Ledger, bucket: str) -> None:
    app, verifier = await ledger.database.pool("app"), ledger.signer.verifier
    target = ObjectTarget(bucket)
    read = []
    for first, end in ((1, 300), (300, 520)):
        await fill(ledger, first, end)
        read.append(await write_export(app, await sign_head(app, ledger.signer), verifier, target))
    assert read == [300, 220]
    assert verify_export(target, verifier).size == 520
    with pytest.raises(Forked, match="tile/0/000 is already there"):
        target.put("tile/0/000", b"another past")
    assert verify_export(target, verifier).size == 520
    with pytest.raises(LogDamaged, match="larger"):
        target.read("tile/0/000", 100)
    assert target.read("tile/9/000", 100) is None


async def test_trouble_with_the_storage_is_a_sentence_without_its_words(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del bucket
    with pytest.raises(SourceUnavailable, match="no such bucket"):
        ObjectTarget("s3://nowhere/district").put("checkpoint", b"x")
    with pytest.raises(SourceUnavailable, match="reads s3://bucket/prefix"):
        ObjectTarget("https://log.example/")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "false")
    with pytest.raises(SourceUnavailable) as refused:
        ObjectTarget(BUCKET).read("checkpoint", 100)
    assert "a-secret" not in str(refused.value)
    assert signer_of().vkey not in str(refused.value)
