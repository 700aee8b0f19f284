"""A gateway and its witnesses over real HTTP: cosigned, stopped without them, back by itself, never kept waiting."""

import asyncio
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from agreements.errors import NotTheNext, SignatureMissing
from audit.checkpoint import Checkpoint
from audit.cosignature import WitnessSigner
from audit.draft import Draft
from audit.entry import encode
from audit.events import Event
from audit.monitor import Monitor, Terms
from audit.note import b64
from audit.proof import Receipt
from audit.sources import Folder
from audit.targets import FolderTarget
from audit.witness.submission import read_submission
from gateway.services.container import open_services
from gateway.services.errors import LogSetBack, NothingSigned, WitnessKeyRefused
from gateway.services.inspection import export
from gateway.services.witnessing.naming import Namings
from tests.factories.cohort import TUTORING
from tests.factories.gateway import NOON, Gateway
from tests.factories.superuser import alarms, change, refusal, superuser
from tests.factories.unhurried import PATIENCE, until
from tests.factories.witness import NAME, served_witness
from tests.factories.witnessing import LyingAnswer, Watched, free_port, liar, naming

pytestmark = pytest.mark.claim(5)

SIZE = {"content-type": "text/x.tlog.size"}
HOURS = 4


@pytest.fixture
async def watched(gateway: Gateway) -> Watched:
    return Watched(gateway)


def signer_of_witness(tmp_path: Path, watched: Watched) -> WitnessSigner:
    """Make a witness's folder and return its signer, so that a liar may lie with the real key."""
    with served_witness(tmp_path, watched.gateway.deployment.signer.verifier) as made:
        return made.signer


# Who names witnesses.


@pytest.mark.claim(12)
async def test_one_officer_names_no_witnesses_and_loosens_none(watched: Watched, tmp_path: Path) -> None:
    vkey = signer_of_witness(tmp_path, watched).verifier.vkey
    namings = Namings((await watched.gateway.office()).desk)
    for keys in ([watched.officers[0]], [watched.officers[1]]):
        with pytest.raises(SignatureMissing):
            await namings.register(naming([(vkey, "https://w.example")], keys))
    await watched.name((vkey, "https://w.example"))
    loosened = naming([(vkey, "https://w.example")], watched.officers[:1], hours=168, replaces=watched.named)
    with pytest.raises(SignatureMissing):
        await namings.register(loosened)


@pytest.mark.claim(12)
async def test_a_naming_that_was_signed_long_ago_does_not_come_back(watched: Watched, tmp_path: Path) -> None:
    vkey = signer_of_witness(tmp_path, watched).verifier.vkey
    loose = naming([(vkey, "https://w.example")], watched.officers, hours=168)
    await watched.name((vkey, "https://w.example"), hours=2)
    with pytest.raises(NotTheNext):
        await Namings((await watched.gateway.office()).desk).register(loose)
    assert (await watched.report()).hours == 2


async def test_a_key_that_is_none_is_refused_before_it_stops_anything(watched: Watched) -> None:
    broken = f"w.example+00000000+{b64(bytes(33))}"
    with pytest.raises(WitnessKeyRefused):
        await watched.name((broken, "https://w.example"))


# A witness that works.


async def test_every_entry_is_cosigned_and_receipts_carry_it(watched: Watched, tmp_path: Path) -> None:
    gateway = watched.gateway
    with served_witness(tmp_path, gateway.deployment.signer.verifier, clock=watched.clock) as witness:
        await watched.name((witness.signer.verifier.vkey, witness.url))
        before = await watched.report()
        assert (before.entries, before.discloses, before.witnesses[0].cosigned) == (await gateway.size(), True, None)
        await watched.round()
        disclosed = await gateway.ask(TUTORING)
        assert (await watched.report()).entries == 1
        await watched.round()
        size = await gateway.size()
        assert await watched.cosigned() == {NAME: size}
        report = await watched.report()
        assert (report.entries, report.since, report.witnesses[0].cosigned) == (0, None, size)
        receipt = Receipt.parse((await gateway.get(TUTORING, f"/v1/receipts/{disclosed.entry}")).json()["proof"])
        assert f"\u2014 {NAME} " in receipt.checkpoint
        kept = gateway.kept.read()
        assert kept is not None
        assert f"\u2014 {NAME} " in kept.note
        assert kept.size == size


async def test_an_export_up_to_what_was_cosigned_is_followed_by_a_monitor_that_asks_for_it(
    watched: Watched, tmp_path: Path
) -> None:
    gateway, log = watched.gateway, watched.gateway.deployment.signer.verifier
    auditor = await gateway.database.connection("auditor")
    target = FolderTarget(tmp_path / "export")
    with pytest.raises(NothingSigned):
        await export(auditor, log, target, witnessed=True)
    with served_witness(tmp_path, log, clock=watched.clock) as witness:
        await watched.name((witness.signer.verifier.vkey, witness.url))
        await watched.round()
    size = await gateway.size()
    await gateway.ask(TUTORING)
    checkpoint, _ = await export(auditor, log, target, witnessed=True)
    assert checkpoint.size == size
    terms = Terms([witness.signer.verifier], 1, oldest=60)
    monitor = Monitor(Folder(tmp_path / "export"), log, watched.clock, terms=terms)
    shown = monitor.checkpoint()
    assert monitor.require_terms(shown, monitor.look(shown, None)) < 60


async def test_a_log_that_rests_is_cosigned_again_now_and_then(watched: Watched, tmp_path: Path) -> None:
    with served_witness(tmp_path, watched.gateway.deployment.signer.verifier, clock=watched.clock) as witness:
        await watched.name((witness.signer.verifier.vkey, witness.url))
        await watched.round()
        asked = len(witness.lines)
        await watched.round()
        assert len(witness.lines) == asked  # nothing new, and not long ago
        for _ in range(5):
            await watched.pass_time(hours=1)
            await watched.round()
        assert len(witness.lines) == asked + 5
        assert await refusal(watched.gateway, TUTORING) == "answered"


async def test_what_one_replica_brings_home_counts_for_all(watched: Watched, tmp_path: Path) -> None:
    gateway, made = watched.gateway, watched.gateway.deployment
    url = gateway.database.url("app")
    with served_witness(tmp_path, made.signer.verifier, clock=watched.clock) as witness:
        await watched.name((witness.signer.verifier.vkey, witness.url))
        async with open_services(
            url, made.keys, made.trust, readers=2, public_url="http://127.0.0.1", witnesses_every=None
        ) as second:
            for _ in range(3):
                await watched.pass_time(hours=3)
                await watched.round()
                await second.witnesses.look()
                assert (await gateway.ask(TUTORING, services=second)).body
            # Both submit: the one that comes late is told where the witness stands, and goes on from there.
            await asyncio.gather(second.witnesses.round(), watched.round())
            await asyncio.gather(second.witnesses.round(), watched.round())
            assert await watched.cosigned() == {NAME: await gateway.size()}
            assert (await gateway.ask(TUTORING, services=second)).body


# The stop.


async def test_without_a_cosignature_nothing_leaves_after_the_hours_and_it_comes_back_by_itself(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway, port = watched.gateway, free_port()
    vkey = signer_of_witness(tmp_path, watched).verifier.vkey
    await watched.name((vkey, f"http://127.0.0.1:{port}"), hours=HOURS)
    await watched.round()
    await watched.pass_time(hours=HOURS, minutes=-1)
    await watched.round()
    assert await refusal(gateway, TUTORING) == "answered"
    await watched.pass_time(minutes=2)
    size = await gateway.size()
    # Nobody looked since: the window closes by itself.
    answer = await gateway.get(TUTORING, "/v1/students?limit=1")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "witness_missing", "60")
    written = (await gateway.entries(size))[-1]
    assert (written["event"], written["code"]) == ("refusal", "witness_missing")
    # Tokens, stops and what the district does go on.
    assert await gateway.token(TUTORING)
    await watched.round()
    report = await watched.report()
    assert (report.discloses, report.entries) == (False, await gateway.size())
    assert {"witness_silent", "disclosure_stopped"} <= alarms(caplog)
    with served_witness(tmp_path, gateway.deployment.signer.verifier, clock=watched.clock, port=port):
        await watched.round()
        assert (await gateway.get(TUTORING, "/v1/students?limit=1")).status_code == 200
    assert {"witness_back", "disclosure_resumed"} <= alarms(caplog)


async def test_a_start_needs_no_witness_and_stops_as_before(watched: Watched, tmp_path: Path) -> None:
    gateway = watched.gateway
    vkey = signer_of_witness(tmp_path, watched).verifier.vkey
    await watched.name((vkey, f"http://127.0.0.1:{free_port()}"), hours=HOURS)
    await gateway.close()
    await gateway.serve()
    assert await refusal(gateway, TUTORING) == "answered"
    await watched.pass_time(hours=HOURS, minutes=1)
    await gateway.close()
    await gateway.serve()
    assert await refusal(gateway, TUTORING) == "witness_missing"


async def test_a_cosignature_that_somebody_put_into_the_database_counts_for_nothing(
    watched: Watched, tmp_path: Path
) -> None:
    gateway = watched.gateway
    signer = signer_of_witness(tmp_path, watched)
    await watched.name((signer.verifier.vkey, "http://127.0.0.1:1"), hours=HOURS)
    await watched.pass_time(hours=HOURS, minutes=1)
    app = await gateway.database.pool("app", size=1)
    size = await gateway.size()
    forged = f"\u2014 {NAME} {b64(signer.verifier.key_id + watched.clock.now.to_bytes(8, 'big') + bytes(64))}\n"
    await app.execute("SELECT audit.keep_cosignature($1, $2, $3)", size, signer.verifier.signer, forged)
    await gateway.services.witnesses.look()
    assert await refusal(gateway, TUTORING) == "witness_missing"
    assert (await watched.report()).witnesses[0].cosigned is None


# A naming that somebody tampers with.


async def test_a_damaged_or_deleted_naming_frees_nobody(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = watched.gateway
    with served_witness(tmp_path, gateway.deployment.signer.verifier, clock=watched.clock) as witness:
        place = (witness.signer.verifier.vkey, witness.url)
        await watched.name(place)
        await watched.round()
        admin = await superuser(gateway)
        good = await admin.fetchval("SELECT envelope FROM agreements.document WHERE kind = 'witnesses'")
        loose = naming([place], watched.officers, hours=168)
        assert watched.named is not None
        await change(admin, watched.named, "envelope", loose.text)
        await _unlearned(watched)
        assert await refusal(gateway, TUTORING) == "witness_missing"
        assert "witnesses_refused" in alarms(caplog)
        assert not (await watched.report()).holds
        await change(admin, watched.named, "envelope", good)
        await _unlearned(watched)
        assert await refusal(gateway, TUTORING) == "answered"
        # The row is gone: what was cosigned is there still.
        await admin.execute("DELETE FROM agreements.document WHERE kind = 'witnesses'")
        await gateway.services.witnesses.look()
        assert await refusal(gateway, TUTORING) == "witness_missing"
        await gateway.close()
        await admin.execute("DELETE FROM audit.cosigned")
        gateway.kept.file.unlink()
        await gateway.serve()
        assert await refusal(gateway, TUTORING) == "witness_missing"  # the log says that somebody was named
        assert not (await watched.report()).holds
        with pytest.raises(NotTheNext):
            await Namings((await gateway.office()).desk).register(loose)
        await watched.name(place)
        await watched.round()
        assert await refusal(gateway, TUTORING) == "answered"


async def test_what_the_gateway_s_own_role_puts_into_the_database_names_no_witness(
    watched: Watched, tmp_path: Path
) -> None:
    gateway = watched.gateway
    app = await gateway.database.pool("app", size=1)
    await app.execute("SELECT audit.keep_cosignature(1, 'x', 'y')")
    await _unlearned(watched)
    size = await gateway.size()
    await app.execute("SELECT audit.keep_cosignature($1, 'x', $2)", size, f"\u2014 x {b64(bytes(72))}\n")
    await gateway.office()  # it keeps what was signed, and not what nobody verified
    kept = gateway.kept.read()
    assert kept is not None
    assert (kept.size, "\u2014 x " in kept.note) == (size, False)
    await _unlearned(watched)
    assert await refusal(gateway, TUTORING) == "answered"
    # Nor does an entry that names nothing, or what another one brought.
    with served_witness(tmp_path, gateway.deployment.signer.verifier, clock=watched.clock) as witness:
        for named in ("x", None):
            if named is None:
                await watched.name((witness.signer.verifier.vkey, witness.url))
            body: dict[str, object] = {
                "document": named or watched.named,
                "witnesses": [],
                "must_cosign": 1,
                "hours": 1,
                "officers": [],
            }
            await gateway.services.log.append(Draft(encode(Event.WITNESSES_NAMED, NOON, body)))
            await _unlearned(watched)
            assert await refusal(gateway, TUTORING) == "answered"
        assert (await watched.report()).holds


async def _unlearned(watched: Watched) -> None:
    """Serve as after a restart."""
    await watched.gateway.close()
    await watched.gateway.serve()


# Witnesses that lie.


def _lie(lie: Callable[[str, bytes], LyingAnswer | None]) -> Callable[[str, bytes], LyingAnswer | None]:
    return lambda path, body: (404, {}, b"") if path.endswith("/checkpoint") else lie(path, body)


def _lies(signer: WitnessSigner, watched: Watched) -> dict[str, Callable[[str, bytes], LyingAnswer | None]]:
    """Return every lie, by the word that the alarm says for it."""
    stranger = signer.verifier

    def signed(_path: str, body: bytes, *, by: int = 0) -> LyingAnswer:
        return 200, {}, signer.line(read_submission(body).body, watched.clock.now + by).encode()

    def bad(path: str, body: bytes) -> LyingAnswer:
        right = signed(path, body)[2].decode()
        return 200, {}, f"\u2014 {NAME} {b64(stranger.key_id + bytes(72))}\n{right}".encode()

    return {
        "bad_signature": bad,
        "bad_signature ": lambda _path, _body: (200, {}, b""),
        "bad_signature  ": lambda _path, _body: (200, {}, "\u2014 other.example AAAAAAAAAAAA\n".encode()),
        "garbage": lambda _path, _body: (200, {}, b"\xff\xfe"),
        "garbage ": lambda _path, _body: (409, SIZE, b"many\n"),
        "garbage  ": lambda _path, _body: (409, {}, b"1\n"),
        "garbage   ": lambda _path, body: (409, SIZE, body.split(b"\n")[0].split()[1] + b"\n"),
        "moves": _alternating(),
        "too_large": lambda _path, _body: (200, {}, b"x" * 1_000_000),
        "status_500": lambda _path, _body: (500, {}, b"oops"),
        "status_302": lambda _path, _body: (302, {"location": "http://127.0.0.1:1/"}, b""),
        "status_403": lambda _path, _body: (403, {}, b""),
        "clock": lambda path, body: signed(path, body, by=3600),
        "clock ": lambda path, body: signed(path, body, by=-3600),
    }


def _alternating() -> Callable[[str, bytes], LyingAnswer]:
    told = iter(range(1, 1_000_000))
    return lambda _path, _body: (409, SIZE, f"{next(told) % 2 + 1}\n".encode())


async def test_no_lie_is_believed_slows_anything_or_outlives_the_liar(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = watched.gateway
    signer = signer_of_witness(tmp_path, watched)
    for reason, lie in _lies(signer, watched).items():
        await watched.pass_time(minutes=61)  # once an hour is said what goes on
        with liar(_lie(lie)) as lying:
            await watched.name((signer.verifier.vkey, lying.url))
            caplog.clear()
            await watched.round()
            assert lying.asked, reason
            assert await watched.cosigned() == {}, reason
            assert await refusal(gateway, TUTORING) == "answered", reason
            *_, raised = [r.getMessage() for r in caplog.records if "witness_refused" in r.getMessage()]
            assert f"reason={reason.strip()}" in raised
            caplog.clear()
            await watched.round()
            assert "witness_refused" not in caplog.text
        with served_witness(tmp_path, gateway.deployment.signer.verifier, clock=watched.clock) as witness:
            if reason == "clock ":  # the last one
                await watched.name((witness.signer.verifier.vkey, witness.url))
                await watched.round()
                assert await watched.cosigned() == {NAME: await gateway.size()}
                assert "witness_back" in alarms(caplog)


async def test_an_hour_of_dead_slow_and_lying_witnesses_keeps_no_append_waiting(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One witness hangs, one lies, one is dead, from the first checkpoint on; one is back without a restart."""
    gateway, dead, log = watched.gateway, free_port(), watched.gateway.deployment.signer.verifier
    monkeypatch.setattr("gateway.services.witnessing.submission.EXCHANGE_SECONDS", 0.05)
    with liar(lambda _path, _body: None) as slow, liar(_lie(lambda _path, _body: (200, {}, b"no"))) as lying:
        places = []
        for name, url in (("slow", slow.url), ("lying", lying.url), ("dead", f"http://127.0.0.1:{dead}")):
            with served_witness(tmp_path, log, name=name) as made:
                places.append((made.signer.verifier.vkey, url))
        await watched.name(*places, hours=HOURS)
        for _ in range(12):
            await watched.pass_time(minutes=5)
            size = await gateway.size()
            delivering = asyncio.create_task(watched.round())
            answers = await asyncio.gather(*(gateway.ask(TUTORING) for _ in range(4)))
            assert sorted(answer.entry for answer in answers) == list(range(size, size + 4))
            await delivering
        assert await watched.cosigned() == {}
    monkeypatch.undo()
    with served_witness(tmp_path, log, clock=watched.clock, name="dead", port=dead):
        await watched.round()
        assert await watched.cosigned() == {"dead": await gateway.size()}


async def test_a_hanging_witness_is_not_waited_for_by_anybody(
    idle_gateway: Gateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The loops run by themselves here: every request is answered meanwhile, and the end of the gateway ends them."""
    gateway, watched = idle_gateway, Watched(idle_gateway)
    monkeypatch.setattr("gateway.services.witnessing.watch.LONGEST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr("gateway.services.witnessing.submission.EXCHANGE_SECONDS", 3600)  # it hangs for good
    with served_witness(tmp_path, gateway.deployment.signer.verifier, clock=watched.clock) as witness:
        hanging = True

        def answer(_path: str, _body: bytes) -> LyingAnswer | None:
            return None if hanging else (503, {}, b"")

        with liar(answer) as slow:
            vkey = witness.signer.verifier.vkey
            await watched.name((vkey, slow.url))
            await gateway.serve(witnesses_every=0.02)
            await until(lambda: bool(slow.asked))
            for _ in range(20):
                assert (await gateway.ask(TUTORING)).body
            assert len(slow.asked) == 1
            await watched.name((vkey, witness.url))
            await until(lambda: bool(witness.lines))
            async with asyncio.timeout(PATIENCE):
                await gateway.close()


# A log that was set back or rewritten.


async def test_a_witness_that_shows_a_newer_checkpoint_of_ours_stops_everything(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = watched.gateway
    signer = signer_of_witness(tmp_path, watched)
    ahead = gateway.deployment.signer.sign(await gateway.size() + 50, bytes(32))
    with liar(_showing(ahead, lambda _path, _body: (409, SIZE, f"{ahead.size}\n".encode()))) as other:
        await watched.name((signer.verifier.vkey, other.url))
        await watched.round()
        assert await refusal(gateway, TUTORING) == "log_damaged"
        assert {"witness_contradicts", "disclosure_stopped"} <= alarms(caplog)
        kept = gateway.kept.read()
        assert kept is not None
        assert kept.size == ahead.size
    # What it showed was kept, so that no restart forgets it.
    await gateway.close()
    with pytest.raises(LogSetBack):
        await gateway.serve()
    gateway.kept.file.unlink()


async def test_a_witness_that_holds_another_past_stops_everything(watched: Watched, tmp_path: Path) -> None:
    gateway = watched.gateway
    signer = signer_of_witness(tmp_path, watched)
    forked = gateway.deployment.signer.sign(3, bytes(32))
    with liar(_showing(forked, lambda _path, _body: (422, {}, b"no\n"))) as other:
        await watched.name((signer.verifier.vkey, other.url))
        await watched.round()
        assert await refusal(gateway, TUTORING) == "log_damaged"
    # What it showed is ours and not this log's: nothing is written any more until officers have looked at it.
    with pytest.raises(LogSetBack):
        await gateway.office(anew=True)
    gateway.kept.file.unlink()
    with served_witness(tmp_path, gateway.deployment.signer.verifier, clock=watched.clock) as witness:
        # A proof is not forgotten because somebody else is named.
        await watched.name((witness.signer.verifier.vkey, witness.url))
        await watched.round()
        assert await refusal(gateway, TUTORING) == "log_damaged"


async def test_the_only_witness_s_bare_word_stops_disclosure_until_it_cosigns(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = watched.gateway
    signer = signer_of_witness(tmp_path, watched)
    with liar(_lie(lambda _path, _body: (409, SIZE, b"1000000\n"))) as other:
        await watched.name((signer.verifier.vkey, other.url))
        await watched.round()
        assert await refusal(gateway, TUTORING) == "log_damaged"
        assert "witness_contradicts" in alarms(caplog)
    with served_witness(tmp_path, gateway.deployment.signer.verifier, clock=watched.clock) as witness:
        await watched.name((witness.signer.verifier.vkey, witness.url))
        await watched.round()
        assert await refusal(gateway, TUTORING) == "answered"


async def test_one_liar_among_enough_witnesses_stops_nothing(watched: Watched, tmp_path: Path) -> None:
    gateway = watched.gateway
    log = gateway.deployment.signer.verifier
    with (
        served_witness(tmp_path, log, clock=watched.clock, name="a.example") as one,
        served_witness(tmp_path, log, clock=watched.clock, name="b.example") as two,
        served_witness(tmp_path, log, clock=watched.clock, name="c.example") as three,
        liar(_lie(lambda _path, _body: (422, {}, b""))) as lying,
    ):
        third = (three.signer.verifier.vkey, lying.url)
        places = [(each.signer.verifier.vkey, each.url) for each in (one, two)]
        await watched.name(*places, third, must_cosign=2, hours=HOURS)
        await watched.round()
        assert await refusal(gateway, TUTORING) == "answered"
        report = await watched.report()
        assert report.entries == 1  # the page that was just asked for
        assert [line.cosigned is None for line in report.witnesses] == [False, False, True]
        await watched.name(*places, third, must_cosign=3, hours=HOURS)
        await watched.round()
        assert await refusal(gateway, TUTORING) == "log_damaged"


async def test_a_witness_that_contradicts_what_it_shows_itself_is_a_liar(
    watched: Watched, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = watched.gateway
    signer = signer_of_witness(tmp_path, watched)
    app = await gateway.database.pool("app", size=1)
    size = await gateway.size()
    head = await app.fetchval("SELECT tree_head FROM audit.checkpoint WHERE size = $1", size)
    ours = gateway.deployment.signer.sign(size, head)
    with liar(_showing(ours, lambda _path, _body: (422, {}, b""))) as lying:
        await watched.name((signer.verifier.vkey, lying.url))
        await watched.round()
        assert await refusal(gateway, TUTORING) == "answered"
        assert "reason=contradicts_itself" in caplog.text


def _showing(
    checkpoint: Checkpoint, lie: Callable[[str, bytes], LyingAnswer | None]
) -> Callable[[str, bytes], LyingAnswer | None]:
    shown = f"/{sha256(checkpoint.origin.encode()).hexdigest()}/checkpoint"
    return lambda path, body: (200, {}, checkpoint.note.encode()) if path == shown else lie(path, body)
