"""The account that the embedded server runs as is made once, however many start at the same moment on a new machine."""

import os
import pwd
import subprocess
import threading
import time
from pathlib import Path

import pytest

from gateway.store import program
from gateway.store.errors import EmbeddedRefused
from gateway.store.program import SERVER_ACCOUNT, server_account


@pytest.fixture
def new_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A machine without the account, whose useradd gives a new number each time it runs; the numbers it gave."""
    given: list[int] = []

    def find(name: str) -> pwd.struct_passwd:
        if not given:
            raise KeyError(name)
        return pwd.struct_passwd((name, "x", given[-1], given[-1], "", "/", "/usr/sbin/nologin"))

    def add(*_: object, **__: object) -> None:
        time.sleep(0.05)
        given.append(900 - len(given))

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", find)
    monkeypatch.setattr(subprocess, "run", add)
    monkeypatch.setattr(program, "_ACCOUNTS", tmp_path)
    return given


def test_a_machine_on_which_no_account_can_be_made_is_a_sentence(
    new_machine: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: None)
    with pytest.raises(EmbeddedRefused, match=SERVER_ACCOUNT):
        server_account()
    assert not new_machine


def test_starts_at_the_same_moment_make_the_account_once_and_agree_on_its_number(new_machine: list[int]) -> None:
    seen: list[int] = []
    starting = [threading.Thread(target=lambda: seen.append(server_account().uid)) for _ in range(4)]
    for each in starting:
        each.start()
    for each in starting:
        each.join()
    assert new_machine == [900]
    assert seen == [900] * 4
