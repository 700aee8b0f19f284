"""The commands of the floor: a refusal is one sentence with a remedy, never a traceback; data alone is on stdout."""

import json
from pathlib import Path

import pytest

from agreements.keys import SigningKey
from gateway.cli import main
from gateway.cli.run import run, sentence_for
from gateway.errors import GatewayError
from gateway.store.embedded import throw_away_postgres
from gateway.store.errors import DatabaseUnavailable
from gateway.store.session import connect
from tests.factories.database import TestDatabase

ROLES = ("admin", "owner", "app", "loader", "auditor")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PACTGATE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def given(database: TestDatabase, home: Path, monkeypatch: pytest.MonkeyPatch) -> TestDatabase:
    home.parent.mkdir(exist_ok=True)
    for role in ROLES:
        monkeypatch.setenv(f"PACTGATE_{role.upper()}_URL", database.url(role))
    return database


def _refused(arguments: list[str], said: pytest.CaptureFixture[str], code: int = 1) -> str:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    out, err = said.readouterr()
    assert left.value.code == code
    assert out == ""
    assert "Traceback" not in err
    return err


def _done(arguments: list[str], said: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    out, err = said.readouterr()
    assert left.value.code == 0, err
    return out


def _officers(folder: Path) -> list[str]:
    options = []
    for name in ("Ines", "Tomasz"):
        (folder / name).write_text(json.dumps(SigningKey.generate("ES256").public.jwk))
        options += ["--officer", f"{name}={folder / name}"]
    return options


def test_a_misspelt_setting_is_one_sentence(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PACTGATE_HOMR", str(home))
    said = _refused(["keys", "show"], capsys)
    assert said.count("\n") == 1
    assert "PACTGATE_HOME" in said


@pytest.mark.usefixtures("home")
def test_missing_keys_are_a_sentence_with_the_command_that_makes_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert "pactgate keys init" in _refused(["keys", "show"], capsys)


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize("officer", ["Ines", "=file", "Ines=/nowhere/key"])
def test_an_officer_written_wrongly_is_a_usage_error(officer: str, capsys: pytest.CaptureFixture[str]) -> None:
    _refused(["init", "--origin", "log.example", "--officer", officer], capsys, code=2)


@pytest.mark.usefixtures("given")
def test_a_database_that_is_away_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PACTGATE_OWNER_URL", "postgresql://pactgate_owner:hunter2@127.0.0.1:1/pactgate")
    for command in (["db", "upgrade"], ["db", "check"], ["db", "catalogue"]):
        said = _refused(command, capsys)
        assert "does not answer" in said
        assert "hunter2" not in said


@pytest.mark.parametrize("url", ["postgresql://somebody:x@db/pactgate", "postgresql://pactgate_app@db/pactgate"])
@pytest.mark.usefixtures("given")
def test_a_login_with_another_name_or_no_password_is_refused(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PACTGATE_APP_URL", url)
    assert "PACTGATE_APP_URL" in _refused(["db", "roles"], capsys)


@pytest.mark.usefixtures("given")
def test_a_password_that_clients_would_read_differently_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PACTGATE_APP_URL", "postgresql://pactgate_app:p%C3%A4ss@db/pactgate")
    assert "ASCII" in _refused(["db", "roles"], capsys)


@pytest.mark.usefixtures("given")
def test_the_floor_from_roles_to_entry_zero(home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _done(["db", "roles"], capsys)
    _done(["db", "upgrade"], capsys)
    public = json.loads(_done(["keys", "init"], capsys))
    assert public == json.loads(_done(["keys", "show"], capsys))
    assert "d" not in public["access_token"]
    _refused(["keys", "init"], capsys)
    opened = json.loads(_done(["init", "--origin", "log.example", *_officers(tmp_path), "--demo"], capsys))
    assert (opened["size"], opened["demo"], sorted(opened["officers"])) == (1, True, ["Ines", "Tomasz"])
    assert (home / "trust.json").exists()
    _done(["db", "check"], capsys)
    assert "function gateway.clock()" in _done(["db", "catalogue"], capsys)


def test_a_manual_grant_fails_the_check(given: TestDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    async def grant() -> None:
        async with connect(given.url("owner")) as owner:
            await owner.execute("GRANT SELECT ON gateway.client TO PUBLIC")

    run(grant())
    said = _refused(["db", "check"], capsys)
    assert "+ grant SELECT on relation gateway.client to PUBLIC" in said


def test_roles_makes_a_database_that_is_missing(
    given: TestDatabase, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PACTGATE_OWNER_URL", given.server.url("owner", "made_by_roles"))
    try:
        _done(["db", "roles"], capsys)
        _done(["db", "upgrade"], capsys)
    finally:
        run(given.server.drop("made_by_roles"))


def test_with_nothing_set_a_server_of_our_own_keeps_the_data_and_stops(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with throw_away_postgres(in_memory=True) as away:  # only for a folder that its account can enter
        home = away.base.parent / "home"
        monkeypatch.setenv("PACTGATE_HOME", str(home))
        _done(["db", "roles"], capsys)
        assert (home / "roles.json").stat().st_mode & 0o777 == 0o600
        kept = (home / "roles.json").read_text()
        _done(["keys", "init"], capsys)
        _done(["init", "--origin", "log.example", *_officers(tmp_path)], capsys)
        _done(["db", "check"], capsys)
        assert (home / "roles.json").read_text() == kept
        assert not (home / "postgres" / "data" / "postmaster.pid").exists()
        (home / "roles.json").write_text("{}")
        assert "is damaged" in _refused(["db", "upgrade"], capsys)


def test_passwords_that_cannot_be_kept_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with throw_away_postgres(in_memory=True) as away:
        (away.base.parent / "file").touch()
        monkeypatch.setenv("PACTGATE_POSTGRES", str(away.base.parent / "pg2"))
        monkeypatch.setenv("PACTGATE_HOME", str(away.base.parent / "file"))
        assert "PACTGATE_HOME" in _refused(["db", "upgrade"], capsys)


def test_the_committed_catalogue_is_what_the_migrations_make(capsys: pytest.CaptureFixture[str]) -> None:
    _done(["db", "check", "--scratch"], capsys)
    text = _done(["db", "catalogue", "--scratch"], capsys)
    assert text == (Path(__file__).parents[2] / "gateway" / "migrations" / "catalogue.txt").read_text()


def test_a_connection_lost_on_the_way_is_a_sentence(given: TestDatabase) -> None:
    async def lose() -> None:
        engine = await given.engine("owner")
        async with engine.connect() as connection, connect(given.url("admin")) as admin:
            pid = (await connection.exec_driver_sql("SELECT pg_backend_pid()")).scalar_one()
            await admin.execute(f"SELECT pg_terminate_backend({pid})")
            await connection.exec_driver_sql("SELECT 1")

    with pytest.raises(DatabaseUnavailable):
        run(lose())


def test_a_remedy_is_not_said_twice() -> None:
    assert sentence_for(ValueError("Only this")) == "Only this"
    assert sentence_for(GatewayError("Only this")) == "Only this"
    error = DatabaseUnavailable("It is away. Wait.", remedy="Wait.")
    assert sentence_for(error) == "It is away. Wait."
    assert sentence_for(DatabaseUnavailable("it is away", remedy="It is away.")) == "it is away"
    assert sentence_for(DatabaseUnavailable("Is it away?", remedy="Wait.")) == "Is it away? Wait."
