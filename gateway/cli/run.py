"""What every command does the same way: read settings, speak, and turn a refusal into one sentence with its remedy."""

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

import orjson
import typer
from sqlalchemy.exc import DBAPIError

from agreements.errors import AgreementError
from audit.errors import AuditError
from gateway.errors import GatewayError
from gateway.settings import Settings, read_settings
from gateway.store.errors import DatabaseUnavailable
from policies.errors import PolicyError

Result = TypeVar("Result")
REFUSALS = (GatewayError, AgreementError, AuditError, PolicyError)


def settings() -> Settings:
    """Return the settings of this process. Raises `SettingsError`."""
    return read_settings(os.environ)


def run(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a command's work to its end. A connection lost on the way becomes `DatabaseUnavailable`."""
    try:
        return asyncio.run(work)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise DatabaseUnavailable("The connection to PostgreSQL was lost.") from None
        raise


def show(data: object) -> None:
    """Write data to stdout as JSON: the only thing a script reads."""
    sys.stdout.write(orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode() + "\n")


def say(sentence: str) -> None:
    """Say something to the person, on stderr."""
    typer.echo(sentence, err=True)


def sentence_for(error: BaseException) -> str:
    """Return what a person should read of a refusal: what is wrong, and what to do."""
    remedy = getattr(error, "remedy", "") or getattr(error, "public_detail", "")
    message = str(error).strip()
    if not remedy or remedy in message:
        return message
    return f"{message}\n{remedy}" if "\n" in message else f"{message.rstrip('.')}. {remedy}"
