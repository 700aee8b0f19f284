"""The keys that sign access tokens: which of them signs when, what its file must be, and replicas that go on by it."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import KeysMissing
from gateway.keys import create_keys, load_keys
from gateway.oauth.details import Details
from gateway.oauth.errors import InvalidToken, TemporarilyUnavailable
from gateway.oauth.issuer import Issuer
from gateway.oauth.rotation import kept_token_keys
from gateway.oauth.tokens import AccessTokens
from gateway.token_keys import (
    ACCESS_TOKEN_FILE,
    FURTHER_FILES,
    State,
    TokenKey,
    add_token_key,
    load_token_keys,
    new_token_key,
    retire_token_key,
    states,
)
from tests.factories.unhurried import until

pytestmark = pytest.mark.ferpa("Z1")

DETAILS = Details("sha256:" + "1" * 64, "tutoring")
ISSUER = Issuer("https://a.example")
W, S, B, OVER, R = State.WAITING, State.SIGNING, State.BELIEVED, State.OVER, State.RETIRED


def tokens_of(*keys: TokenKey) -> AccessTokens:
    return AccessTokens(ISSUER, keys, random=bytes)


def minted(tokens: AccessTokens, now: float) -> str:
    return tokens.mint("client:1", DETAILS, "thumbprint", "proved", now, epoch=1).text


def further(folder: Path) -> Path:
    (file,) = folder.glob(FURTHER_FILES)
    return file


@pytest.mark.parametrize(
    ("now", "expected"),
    [(0, [S, W, W]), (99, [S, W, W]), (100, [B, S, W]), (409, [B, S, W]), (410, [OVER, S, W]), (1000, [OVER, B, S])],
)
def test_one_key_signs_at_a_time_and_the_one_before_is_believed_while_its_tokens_last(
    now: float, expected: list[State]
) -> None:
    keys = [TokenKey(new_token_key()[0].key, at) for at in (0, 100, 1000)]
    assert list(states(keys, now).values()) == expected
    assert list(states(keys, now).values()).count(S) == 1


def test_a_retired_key_never_comes_back_and_brings_none_back() -> None:
    first, second, third = (TokenKey(new_token_key()[0].key, at) for at in (0, 100, 1000))
    gone = TokenKey(second.key, 100, is_retired=True)
    assert list(states([first, gone], 100).values()) == [B, R]
    assert list(states([first, gone], 5000).values()) == [OVER, R]
    assert list(states([first, gone, third], 5000).values()) == [OVER, R, S]
    with pytest.raises(TemporarilyUnavailable):
        minted(tokens_of(first, gone), 5000)
    assert states([], 0) == {}
    assert list(states([second], 0).values()) == [W]


def test_a_token_is_taken_while_its_key_is_believed_and_not_a_second_longer() -> None:
    first, second = (TokenKey(new_token_key()[0].key, at) for at in (0, 100))
    before = minted(tokens_of(first), 99)
    both = tokens_of(first, second)
    assert both.verify(before, 398).key_id == first.id
    assert both.verify(minted(both, 100), 101).key_id == second.id
    # Who still has the old key signs with it after it is over.
    late = minted(tokens_of(first), 500)
    with pytest.raises(InvalidToken, match="token_key"):
        both.verify(late, 500)
    with pytest.raises(InvalidToken, match="token_key"):
        tokens_of(TokenKey(first.key, 0, is_retired=True), second).verify(before, 99)
    assert [len(both.jwks(now)) for now in (0, 100, 409, 410)] == [2, 2, 2, 1]
    assert all("d" not in each for each in both.jwks(0))
    assert first.id in repr(both)
    assert str(first.key.as_dict(private=True)["d"]) not in repr((both, first))


def test_a_new_key_is_as_private_as_the_first_and_a_retired_one_has_no_private_half(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    with pytest.raises(KeysMissing, match="cannot be written"):
        add_token_key(folder, signs_from=7)
    first = create_keys(folder).token_keys[0]
    made = add_token_key(folder, signs_from=7)
    assert [each.id for each in load_token_keys(folder)] == [first.id, made.id]
    assert further(folder).stat().st_mode & 0o777 == 0o600
    assert load_keys(folder).access_token.thumbprint() == made.id
    further(folder).chmod(0o640)
    with pytest.raises(KeysMissing, match="other accounts"):
        load_keys(folder)
    further(folder).chmod(0o600)
    assert retire_token_key(folder, made.id)
    assert "d" not in json.loads(further(folder).read_bytes())
    assert further(folder).stat().st_mode & 0o777 == 0o600
    assert [each.is_retired for each in load_token_keys(folder)] == [False, True]
    assert not retire_token_key(folder, "nobody's")
    assert retire_token_key(folder, first.id)
    (folder / ACCESS_TOKEN_FILE).unlink()
    assert [each.id for each in load_token_keys(folder)] == [made.id]


@pytest.mark.parametrize(
    "change",
    [
        {"signs_from": "soon"},
        {"signs_from": -1},
        {"signs_from": True},
        {"retired": True},
        {"kid": "another"},
        {"d": None},
    ],
)
def test_a_file_that_says_something_else_is_damaged_and_not_quoted(tmp_path: Path, change: dict[str, Any]) -> None:
    folder = tmp_path / "keys"
    create_keys(folder)
    content = json.loads((folder / ACCESS_TOKEN_FILE).read_bytes())
    secret = content["d"]
    changed = {name: value for name, value in {**content, **change}.items() if value is not None}
    (folder / ACCESS_TOKEN_FILE).write_text(json.dumps(changed))
    with pytest.raises(KeysMissing, match="damaged") as refused:
        load_keys(folder)
    assert secret not in str(refused.value)


def is_taken(tokens: AccessTokens, text: str, now: float) -> bool:
    try:
        tokens.verify(text, now)
    except InvalidToken:
        return False
    return True


async def test_replicas_go_on_with_a_new_key_once_they_have_its_file(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    create_keys(here)
    shutil.copytree(here, there)
    a, b = (tokens_of(*load_token_keys(folder)) for folder in (here, there))
    async with (
        kept_token_keys(a, lambda: load_token_keys(here), every=0.005),
        kept_token_keys(b, lambda: load_token_keys(there), every=0.005),
        kept_token_keys(b, None),
    ):
        made = add_token_key(here, signs_from=1000)
        await until(lambda: len(a.jwks(0)) == 2)
        # It signs when its instant has come, here and not before; who has no file refuses, and takes what is old.
        old, new = minted(a, 999), minted(a, 1000)
        assert [a.verify(each, 1000).key_id == made.id for each in (old, new)] == [False, True]
        assert (is_taken(b, old, 1000), is_taken(b, new, 1000)) == (True, False)
        # A copy that is not whole yet, or open to others, changes nothing and is not quoted.
        half = there / further(here).name
        half.write_bytes(further(here).read_bytes()[:100])
        half.chmod(0o600)
        await until(lambda: "tried again later" in caplog.text)
        assert is_taken(b, old, 1000)
        shutil.copy(further(here), there)
        await until(lambda: is_taken(b, new, 1000))
        assert a.states(1000) == b.states(1000)
        retire_token_key(there, made.id)
        await until(lambda: not is_taken(b, new, 1000))
    assert str(made.key.as_dict(private=True)["d"]) not in caplog.text
