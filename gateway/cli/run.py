"""What every command does the same way: read settings, speak, and turn a refusal into one sentence with its remedy."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import asyncpg
import msgspec
import orjson
import typer
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from agreements.errors import AgreementError
from agreements.trust import Trust, read_trust
from audit.checkpoint import CheckpointVerifier
from audit.errors import AuditError, NoteInvalid
from gateway.errors import GatewayError, KeysMissing
from gateway.kept import KeptCheckpoint
from gateway.keys import load_keys
from gateway.services.alarms import hand_on
from gateway.services.continuity import keep_head
from gateway.services.errors import OtherInstallation
from gateway.services.inbox.keeping import alarms_kept
from gateway.services.logkeys import log_keys_in
from gateway.services.office import Office, open_office
from gateway.settings import Settings, read_settings
from gateway.store.cluster import running_cluster
from gateway.store.errors import DatabaseUnavailable, LoginRefused, SchemaMismatch
from gateway.store.session import connect
from gateway.wrapping_keys import WrappingKeys
from policies.errors import PolicyError

Result = TypeVar("Result")
_SIZE = text("SELECT size FROM audit.head")
_LOST = "The connection to PostgreSQL was lost."
REFUSALS = (GatewayError, AgreementError, AuditError, PolicyError)


def settings() -> Settings:
    """Return the settings of this process. Raises `SettingsError`."""
    return read_settings(os.environ)


def pinned_trust(chosen: Settings) -> Trust:
    """Return the officers and the log that were pinned. Raises `KeysMissing`, `BadTrust`."""
    try:
        return read_trust(chosen.trust.read_bytes())
    except OSError as error:
        raise KeysMissing(
            f"{chosen.trust} cannot be read: {error.strerror}.",
            remedy="Put back your copy of it, or set PACTGATE_TRUST. Only a new installation runs `pactgate init`.",
        ) from None


def kept_checkpoint(chosen: Settings, trust: Trust) -> KeptCheckpoint:
    """
    Return where the newest checkpoint of the pinned log is kept.

    It knows the pinned key only: whoever reads it takes the other keys from the register (`LogKeys.judging`). Raises
    `OtherInstallation`.
    """
    try:
        return KeptCheckpoint(chosen.checkpoint, CheckpointVerifier.parse(trust.log_public_key))
    except NoteInvalid as error:
        raise OtherInstallation(f"The log's key in the trust file cannot be used: {error}.") from None


def known_trust() -> Trust | None:
    """Return the pinned trust if it is on this machine: enough for early hints, never for a decision."""
    try:
        return pinned_trust(settings())
    except (GatewayError, AgreementError):
        return None


def subject_key_here() -> WrappingKeys | None:
    """Return the key of the subject numbers if this machine has the gateway's keys; None if it has none."""
    chosen = settings()
    return load_keys(chosen.keys).subject if chosen.keys.exists() else None


@asynccontextmanager
async def office() -> AsyncIterator[Office]:
    """
    Open this installation for administration. What does not verify in it is said on the way.

    What the command wrote into the log is kept outside the database too, if this machine can sign it: otherwise an
    older copy that is restored before a gateway serves again would undo it unnoticed.
    """
    chosen = settings()
    trust = pinned_trust(chosen)
    kept = kept_checkpoint(chosen, trust)
    async with running_cluster(chosen) as cluster:
        async with open_office(cluster.url("loader"), trust, alarmed, kept) as opened:
            before = await _size(opened)
            async with alarms_kept(opened.engine):
                yield opened
            has_written = await _size(opened) > before
        if has_written and "app" in cluster.urls and chosen.keys.exists():
            await _keep(cluster.url("app"), chosen, trust, kept)


async def _size(opened: Office) -> int:
    async with opened.engine.connect() as connection:
        return int(await connection.scalar(_SIZE) or 0)


async def _keep(url: str, chosen: Settings, trust: Trust, kept: KeptCheckpoint) -> None:
    try:
        async with connect(url) as session:
            known = await log_keys_in(session, trust)
            await keep_head(session, known.judging(kept), known.signer(load_keys(chosen.keys)))
    except (GatewayError, AuditError) as error:
        # What the command did stands; the gateway keeps it at its next start.
        say(f"The newest checkpoint was not kept outside the database. {sentence_for(error)}")


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """
    Run a command's work to its end.

    A connection lost on the way becomes `DatabaseUnavailable`, a missing right `LoginRefused`, a missing table
    `SchemaMismatch`; any other error of the database is ours and stays what it is.
    """
    with database_in_our_words():
        return asyncio.run(work)


@contextmanager
def database_in_our_words() -> Iterator[None]:
    """Say what went wrong with the database as `run` does."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable(_LOST) from None
        _raise_mendable(error.orig)
        raise
    except (asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
        raise DatabaseUnavailable(_LOST) from None
    except asyncpg.PostgresError as error:
        _raise_mendable(error)
        raise


def _raise_mendable(error: BaseException | None) -> None:
    """Raise in our words what an operator can mend; return for everything else."""
    match getattr(error, "sqlstate", None):
        case "42501":
            raise LoginRefused("The database login of this command lacks a right it needs.") from None
        case "42P01" | "3F000":
            raise SchemaMismatch("The database lacks a table this command needs.") from None
        case "57P01" | "57P02" | "57P03":
            raise DatabaseUnavailable(_LOST) from None


def alarmed(code: str, facts: Mapping[str, str]) -> None:
    """Say what does not verify, and have it kept."""
    say(f"Alarm, {code}: " + ", ".join(f"{name} {value}" for name, value in facts.items()))
    hand_on(code, facts)


def show(data: object) -> None:
    """Write data to stdout as JSON: the only thing a script reads."""
    sys.stdout.write(as_json(data))


def as_json(data: object) -> str:
    """Return data as scripts read it; bytes in the name of a file that are no letters stand there as such."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    try:
        written = orjson.dumps(data, option=options)
    except TypeError:
        written = orjson.dumps(_all_in_letters(msgspec.to_builtins(data)), option=options)
    return written.decode() + "\n"


def in_letters(words: str) -> str:
    """Return words that can be written: of a byte in the name of a file that is no letter its number stands there."""
    return words.encode(errors="surrogateescape").decode(errors="backslashreplace")


def _all_in_letters(data: object) -> object:
    match data:
        case str():
            return in_letters(data)
        case dict():
            return {_all_in_letters(name): _all_in_letters(value) for name, value in data.items()}
        case list() | tuple():
            return [_all_in_letters(each) for each in data]
        case _:
            return data


def say(sentence: str) -> None:
    """Say something to the person, on stderr."""
    typer.echo(sentence, err=True)


def sentence_for(error: BaseException) -> str:
    """Return what a person should read of a refusal: what is wrong, and what to do."""
    remedy = getattr(error, "remedy", "") or getattr(error, "public_detail", "")
    if remedy == GatewayError.public_detail:
        remedy = ""  # what stands where nobody wrote a sentence says no more than that it failed
    message = str(error).strip()
    if not remedy or remedy.casefold() in f"{message}.".casefold():
        return message
    if "\n" in message:
        return f"{message}\n{remedy}"
    return f"{message} {remedy}" if message.endswith("?") else f"{message.rstrip('.')}. {remedy}"
