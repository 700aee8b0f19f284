"""A drop folder: nothing half-written is taken, what comes again is loaded again, and no export is lost."""

import asyncio
import datetime as dt
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.services.errors import LoadPostponed, WatchBusy
from gateway.services.watching.folder import DropFolder, digest_of_export
from gateway.services.watching.watch import Outcome, Rhythm, Watch

MOMENT = dt.datetime(2026, 11, 29, 2, 30, tzinfo=dt.UTC)


def _write(rows: Path) -> None:
    rows.write_text("file,line\n")


@dataclass
class Desk:
    """A folder, a watcher of it, and a loader that notes what it is given. Time passes when it is told to."""

    folder: Path
    marker: str | None = None
    rest: float = 0.0
    time: float = 0.0
    given: list[str] = field(default_factory=list)
    told: list[Mapping[str, object]] = field(default_factory=list)
    refuses: bool = False
    raises: type[Exception] | None = None
    waits: asyncio.Event | None = None

    async def load(self, export: Path, rows: Path) -> Outcome:
        self.given.append(export.name)
        if self.waits is not None:
            self.waits.set()
            await asyncio.sleep(3600)
        if self.raises is not None:
            raise self.raises("not now")
        _write(rows)
        return Outcome(is_loaded=not self.refuses, report={"outcome": "refused" if self.refuses else "loaded"})

    def watch(self) -> Watch:
        return Watch(
            DropFolder(self.folder, self.marker),
            self.load,
            rhythm=Rhythm(look=0.001, rest=self.rest),
            said=lambda _, report: self.told.append(report),
            now=lambda: MOMENT,
            elapsed=lambda: self.time,
        )

    async def once(self) -> bool:
        self.rest, self.time = 0.0, 0.0
        return await self.watch().run(asyncio.Event(), once=True)

    def lay(self, name: str, content: str = "1") -> Path:
        """Lay down an archive, or a folder with a file."""
        place = self.folder / name
        if place.suffix == ".zip":
            with zipfile.ZipFile(place, "w") as packed:
                packed.writestr(zipfile.ZipInfo("x.csv"), content)
        else:
            place.mkdir()
            (place / "x.csv").write_text(content)
        return place

    def there(self) -> list[str]:
        return sorted(
            each.relative_to(self.folder).as_posix()
            for each in self.folder.rglob("*")
            if not each.name.startswith(".") and each.name not in {"done", "refused", "x.csv"}
        )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_what_is_still_written_is_not_taken(desk: Desk) -> None:
    desk.lay("a.zip")
    desk.rest = 60
    watch, looks = desk.watch(), []
    for moment, write in ((0, ""), (30, "more"), (60, ""), (89, ""), (90, "")):
        desk.time = moment
        if write:
            desk.lay("a.zip", write)
        looks.append([each.name for each in watch._at_rest()])
    assert looks == [[], [], [], [], ["a.zip"]]


async def test_only_whole_exports_count(desk: Desk, tmp_path: Path) -> None:
    (desk.lay("growing") / "y.csv.part").write_text("")
    (desk.folder / "empty").mkdir()
    (desk.folder / "note.md").write_text("")
    (desk.folder / "b.zip.filepart").write_text("")
    desk.lay(".hidden")
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "x.csv").write_text("1")
    (desk.folder / "linked").symlink_to(outside)
    assert await desk.once()
    assert desk.given == []
    outside.joinpath("x.csv").unlink()


async def test_with_a_marker_an_export_counts_when_it_is_there(desk: Desk) -> None:
    desk.marker = ".ok"
    desk.lay("a.zip")
    assert await desk.once()
    assert desk.given == []
    (desk.folder / "a.zip.ok").touch()
    assert await desk.once()
    assert desk.given == ["a.zip"]
    assert not (desk.folder / "a.zip.ok").exists()


async def test_what_was_written_between_look_and_taking_is_given_back(desk: Desk) -> None:
    desk.lay("a.zip")
    watch, stop = desk.watch(), asyncio.Event()
    with DropFolder(desk.folder).alone():
        watch._at_rest()
        desk.lay("a.zip", "more")
        assert await watch._take(desk.folder / "a.zip", stop)
    assert (desk.given, desk.there()) == ([], ["a.zip"])


async def test_each_export_is_loaded_in_the_order_of_names_and_put_away_with_its_report(desk: Desk) -> None:
    desk.lay("2026-11-29.zip", "2")
    desk.lay("2026-11-28", "1")
    assert await desk.once()
    assert desk.given == ["2026-11-28", "2026-11-29.zip"]
    stamp = "20261129T023000Z"
    expected = [f"done/{stamp}-2026-11-28", f"done/{stamp}-2026-11-29.zip"]
    assert desk.there() == sorted(f"{each}{end}" for each in expected for end in ("", ".refused.csv", ".report.json"))
    report = json.loads((desk.folder / f"{expected[0]}.report.json").read_text())
    assert report == {**desk.told[0]}
    assert report["outcome"] == "loaded"
    assert (desk.folder / f"{expected[0]}.report.json").stat().st_mode & 0o077 == 0
    assert report["digest"] == digest_of_export(desk.folder / expected[0])


@pytest.mark.claim(7)
async def test_an_export_that_was_loaded_before_is_loaded_again(desk: Desk) -> None:
    # A roster of two, one of three, and the one of two again: the third child is taken back.
    for name, content in (("1.zip", "two"), ("2.zip", "three"), ("3.zip", "two"), ("3.zip", "two")):
        desk.lay(name, content)
        assert await desk.once()
    assert desk.given == ["1.zip", "2.zip", "3.zip", "3.zip"]
    assert {each["outcome"] for each in desk.told} == {"loaded"}
    assert desk.told[0]["digest"] == desk.told[2]["digest"] == desk.told[3]["digest"] != desk.told[1]["digest"]
    assert "done/20261129T023000Z-2-3.zip" in desk.there()


async def test_what_was_refused_is_put_apart_and_may_come_again(desk: Desk) -> None:
    desk.refuses = True
    desk.lay("a.zip")
    assert not await desk.once()
    assert "refused/20261129T023000Z-a.zip.report.json" in desk.there()
    desk.refuses = False
    desk.lay("a.zip")
    assert await desk.once()
    assert desk.given == ["a.zip", "a.zip"]


@pytest.mark.parametrize("raised", [LoadPostponed, OSError])
async def test_what_is_no_fault_of_the_export_leaves_it_where_it_lay(desk: Desk, raised: type[Exception]) -> None:
    desk.raises = raised
    desk.lay("a.zip")
    if raised is LoadPostponed:
        assert await desk.once()
    else:
        with pytest.raises(OSError, match="not now"):
            await desk.once()
    assert desk.there() == ["a.zip"]
    desk.raises = None
    assert await desk.once()
    assert desk.given == ["a.zip", "a.zip"]


async def test_what_a_dead_watcher_had_taken_is_loaded_by_the_next(desk: Desk) -> None:
    folder = DropFolder(desk.folder)
    with folder.alone():
        taken = folder.take(desk.lay("a.zip"))
        folder.rows_beside(taken).write_text("half")
    assert await desk.once()
    assert list((desk.folder / ".taken").iterdir()) == []
    assert desk.given == ["a.zip"]
    # One that died after the report was written had loaded it: loading it again changes nothing.
    with folder.alone():
        taken = folder.take(desk.lay("b.zip", "2"))
        (desk.folder / "done" / "x.report.json").write_text(json.dumps({"digest": digest_of_export(taken)}))
    assert await desk.once()
    assert desk.given == ["a.zip", "b.zip"]


async def test_a_stop_breaks_a_load_off_and_lays_its_export_down_again(desk: Desk) -> None:
    desk.waits, stop = asyncio.Event(), asyncio.Event()
    desk.lay("a.zip")
    desk.lay("b.zip", "2")
    running = asyncio.create_task(desk.watch().run(stop))
    await asyncio.wait_for(desk.waits.wait(), 10)
    # Another export has come under its name meanwhile.
    desk.lay("a.zip", "3")
    stop.set()
    assert await asyncio.wait_for(running, 10)
    assert (desk.given, desk.there()) == (["a.zip"], ["2-a.zip", "a.zip", "b.zip"])


async def test_a_folder_has_one_watcher(desk: Desk) -> None:
    with DropFolder(desk.folder).alone(), pytest.raises(WatchBusy):
        await desk.once()
    assert await desk.once()


def test_an_export_is_known_by_its_bytes(desk: Desk) -> None:
    one, other = desk.lay("a"), desk.lay("b")
    assert digest_of_export(one) == digest_of_export(other)
    (other / "x.csv").rename(other / "y.csv")
    assert digest_of_export(one) != digest_of_export(other)
    os.utime(one / "x.csv", (0, 0))
    archive = desk.lay("a.zip")
    assert digest_of_export(archive) == digest_of_export(archive.rename(desk.folder / "c.zip"))


def test_a_file_that_goes_while_one_looks_makes_no_export(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.lay("a")

    def gone(_: Path) -> os.stat_result:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "lstat", gone)
    monkeypatch.setattr(Path, "is_symlink", lambda _: False)
    assert list(DropFolder(desk.folder).waiting()) == []


@pytest.mark.claim(7)
@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that nobody can read, root included")
async def test_an_export_that_cannot_be_read_is_put_aside_and_keeps_no_other_waiting(desk: Desk) -> None:
    # What a process has in memory is a file that every reader is refused from its beginning.
    (desk.lay("a") / "memory.csv").symlink_to("/proc/self/mem")
    desk.lay("b.zip")
    assert not await desk.once()
    assert desk.given == ["b.zip"]
    refused, loaded = desk.told
    assert (refused["export"], refused["outcome"], refused["code"]) == ("a", "refused", "bad_source")
    assert "cannot be read" in str(refused["reason"])
    assert (loaded["export"], loaded["outcome"]) == ("b.zip", "loaded")
    assert await desk.once()
