import json
from pathlib import Path

import pytest

from gateway.errors import KeysMissing
from gateway.keys import (
    CHECKPOINT_FILE,
    CURSOR_FILE,
    add_checkpoint_key,
    create_keys,
    load_keys,
    public_half,
)
from gateway.token_keys import ACCESS_TOKEN_FILE
from gateway.wrapping_keys import SUBJECT_FILE

FILES = (ACCESS_TOKEN_FILE, CHECKPOINT_FILE, CURSOR_FILE, SUBJECT_FILE)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_key_is_refused_by_name(tmp_path: Path, name: str) -> None:
    create_keys(tmp_path / "keys")
    (tmp_path / "keys" / name).unlink()
    with pytest.raises(KeysMissing, match=name):
        load_keys(tmp_path / "keys")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o622])
def test_a_key_that_others_may_read_or_write_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    create_keys(tmp_path / "keys")
    (tmp_path / "keys" / name).chmod(mode)
    with pytest.raises(KeysMissing, match="other accounts"):
        load_keys(tmp_path / "keys")


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("content", [b"", b"{}", b"00ff", b"not hexadecimal, not json", b"\xff\xfe"])
def test_a_damaged_key_is_refused_without_quoting_it(tmp_path: Path, name: str, content: bytes) -> None:
    create_keys(tmp_path / "keys")
    (tmp_path / "keys" / name).write_bytes(content)
    with pytest.raises(KeysMissing) as refused:
        load_keys(tmp_path / "keys")
    assert refused.value.__cause__ is None
    assert "damaged" in str(refused.value)


def test_a_public_or_foreign_key_in_place_of_a_private_one_is_refused(tmp_path: Path) -> None:
    keys = create_keys(tmp_path / "keys")
    (tmp_path / "keys" / ACCESS_TOKEN_FILE).write_text(json.dumps(keys.access_token_public))
    with pytest.raises(KeysMissing):
        load_keys(tmp_path / "keys")
    (tmp_path / "other").mkdir()
    create_keys(tmp_path / "other" / "keys")
    pem = keys.access_token.as_pem(private=True)
    (tmp_path / "other" / "keys" / CHECKPOINT_FILE).write_bytes(pem)
    with pytest.raises(KeysMissing):
        load_keys(tmp_path / "other" / "keys")


def test_keys_are_never_overwritten(tmp_path: Path) -> None:
    create_keys(tmp_path / "keys")
    before = {name: (tmp_path / "keys" / name).read_bytes() for name in FILES}
    with pytest.raises(KeysMissing, match="never overwritten"):
        create_keys(tmp_path / "keys")
    assert {name: (tmp_path / "keys" / name).read_bytes() for name in FILES} == before
    assert [path.name for path in tmp_path.iterdir()] == ["keys"]


def test_keys_that_cannot_be_written_are_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(KeysMissing) as refused:
        create_keys(tmp_path / "file" / "keys")
    assert "PACTGATE_KEYS" in refused.value.remedy


def test_a_folder_that_is_not_one_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "keys").touch()
    with pytest.raises(KeysMissing, match="cannot be read"):
        load_keys(tmp_path / "keys")


def test_keys_are_private_different_and_never_printed(tmp_path: Path) -> None:
    made = create_keys(tmp_path / "keys")
    read = load_keys(tmp_path / "keys")
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert all((tmp_path / "keys" / name).stat().st_mode & 0o777 == 0o600 for name in FILES)
    subject = read.subject.newest.secret
    assert made.subject.newest.secret == subject
    assert read.cursor == made.cursor != subject
    assert (len(read.cursor), len(subject), len(read.checkpoint_public)) == (32, 32, 32)
    assert "d" not in read.access_token_public
    assert read.access_token_public["kid"] == read.access_token.thumbprint()
    printed = repr(read) + str(read)
    assert read.cursor.hex() not in printed
    assert subject.hex() not in printed + str(read.subject) + repr(read.subject.all)
    assert repr(read.cursor) not in printed
    assert printed.count("GatewayKeys()") == 2


def test_a_further_checkpoint_key_is_as_private_as_the_first_and_takes_its_place_when_that_is_gone(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "keys"
    with pytest.raises(KeysMissing, match="cannot be written"):
        add_checkpoint_key(folder)
    first = create_keys(folder)
    fresh = add_checkpoint_key(folder)
    (file,) = folder.glob("checkpoint-*.key")
    assert file.stat().st_mode & 0o777 == 0o600
    both = load_keys(folder)
    assert [public_half(key) for key in both.checkpoints] == [first.checkpoint_public, public_half(fresh)]
    assert repr(both) == "GatewayKeys()"
    file.chmod(0o644)
    with pytest.raises(KeysMissing, match="read by other accounts"):
        load_keys(folder)
    file.chmod(0o600)
    (folder / "checkpoint.key").unlink()
    assert load_keys(folder).checkpoint_public == public_half(fresh)
    file.unlink()
    with pytest.raises(KeysMissing, match=r"has no checkpoint\.key"):
        load_keys(folder)
