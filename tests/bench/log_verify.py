"""
How fast a whole log is checked: in memory, from a folder, from the database; against hashing alone and pymerkle.

Run by `make bench` and `python -m tests.bench.log_verify [ENTRIES]`. Ours is one core; PostgreSQL has its own.
"""

import asyncio
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from time import perf_counter, process_time

from pymerkle import InmemoryTree

from audit.batch import write_batch
from audit.change import append_change
from audit.checkpoint import Checkpoint, CheckpointSigner
from audit.draft import Draft
from audit.exporter import Exporter
from audit.recheck import recheck
from audit.signing import sign_head
from audit.tree import CompactRange, leaf_hash
from audit.verify import verify_export, verify_folder
from gateway.store.embedded import throw_away_postgres
from gateway.store.roles import new_passwords
from tests.bench.machine import facts
from tests.bench.report import say
from tests.factories.database import TEMPLATE, TestDatabase, TestServer
from tests.factories.log import numbered_leaf, signer_of

ENTRIES = 1_000_000
TARGET = 1_000_000
"""Entries a second on one core, in memory (`docs/proofs.md`)."""
_BATCH = 4096
_ORACLE = 50_000
_BODY = "x" * 300


class Memory:
    """An export that lies in memory, so that nothing but the verifier is measured."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def read(self, name: str, limit: int) -> bytes | None:
        """Return a file, as `audit.sources.Source.read` says."""
        del limit  # all of it was written here
        return self._files.get(name)


def leaves(count: int) -> Iterator[bytes]:
    """Yield leaves of about 400 bytes."""
    return (numbered_leaf(number, about=_BODY) for number in range(count))


def measured(what: str, count: int, work: Callable[[], object]) -> float:
    """Print and return how many entries a second `work` goes through; processor time tells who else was busy."""
    wall, own = perf_counter(), process_time()
    work()
    wall, own = perf_counter() - wall, process_time() - own
    say(f"  {what:<44} {count / wall:>12,.0f}/s {count / own:>12,.0f}/s of our core")
    return count / own


def _alone(all_leaves: list[bytes]) -> None:
    for leaf in all_leaves:
        sha256(b"\x00" + leaf).digest()


def _oracle(all_leaves: list[bytes]) -> None:
    tree = InmemoryTree(algorithm="sha256")
    for leaf in all_leaves:
        tree.append_entry(leaf)
    tree.get_root()


def _export(folder: Path, signer: CheckpointSigner, count: int) -> Checkpoint:
    exporter, edge = Exporter(folder), CompactRange()
    for leaf in leaves(count):
        exporter.add(leaf)
        edge.append(leaf_hash(leaf))
    checkpoint = signer.sign(count, edge.head())
    exporter.finish(checkpoint)
    return checkpoint


async def _fill(database: TestDatabase, count: int) -> None:
    engine = await database.engine("loader")
    async with engine.begin() as connection:
        await append_change(connection, numbered_leaf(0, about=_BODY))
    pool = await database.pool("app", size=1)
    async with pool.acquire() as session:
        for start in range(1, count, _BATCH):
            drafts = [Draft(numbered_leaf(number, about=_BODY)) for number in range(start, min(start + _BATCH, count))]
            await write_batch(session, drafts)
        await sign_head(session, signer_of())


@contextmanager
def _server() -> Iterator[TestServer]:
    with throw_away_postgres(in_memory=True) as embedded:
        server = TestServer(embedded=embedded, passwords=new_passwords())
        asyncio.run(server.prepare())
        yield server


async def _database(server: TestServer, count: int) -> None:
    await server.create("bench_verify", template=TEMPLATE)
    database = TestDatabase(server=server, name="bench_verify")
    try:
        await _fill(database, count)
        auditor = await database.pool("auditor", size=1)
        wall, own = perf_counter(), process_time()
        await recheck(auditor, signer_of().verifier)
        wall, own = perf_counter() - wall, process_time() - own
        say(f"  {'recheck, from the database':<44} {count / wall:>12,.0f}/s {count / own:>12,.0f}/s of our core")
    finally:
        await database.close()


def main(count: int = ENTRIES) -> None:
    """Measure and print."""
    for name, value in facts().items():
        say(f"{name + ':':<20} {value}")
    signer = signer_of()
    say(f"\n{count:,} entries of about 400 bytes{'':<19} wall clock    processor time")
    with tempfile.TemporaryDirectory(prefix="pactgate-bench-") as name:
        folder = Path(name)
        _export(folder, signer, count)
        some = list(leaves(min(count, 200_000)))
        alone = measured("SHA-256 of every entry, nothing else", len(some), lambda: _alone(some))
        oracle = measured("pymerkle, tree head only", min(len(some), _ORACLE), lambda: _oracle(some[:_ORACLE]))
        disk = measured("verify, from a folder", count, lambda: verify_folder(folder, signer.verifier))
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        memory = measured("verify, in memory", count, lambda: verify_export(Memory(files), signer.verifier))
    with _server() as server:
        asyncio.run(_database(server, count))
    say(f"\n  in memory / hashing alone {memory / alone:.2f}, in memory / pymerkle {memory / oracle:.1f},")
    say(f"  folder / in memory {disk / memory:.2f}; in memory against the target of {TARGET:,}/s {memory / TARGET:.2f}")


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:2]))
