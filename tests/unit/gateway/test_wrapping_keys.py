"""The keys that wrap students' links: a link is opened by the key it names, or by none."""

import secrets
from pathlib import Path

import pytest

from gateway.errors import KeysMissing, WrappingKeyMissing
from gateway.keys import create_keys, load_keys
from gateway.records.subjects import SubjectKey
from gateway.wrapping_keys import (
    FIRST,
    SUBJECT_FILE,
    WrappingKeys,
    add_wrapping_key,
    destroy_wrapping_key,
    load_wrapping_keys,
    name_in,
    only,
    told,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_keys(tmp_path / "keys")
    return tmp_path / "keys"


def file_of(folder: Path, name: bytes) -> Path:
    return folder / f"subject-{name.hex()}.key"


def numbers_of(key: SubjectKey, count: int, name: bytes) -> tuple[list[bytes], bytes]:
    drawn = secrets.token_bytes(16 * count)
    return key.new_sealed(count, lambda _: drawn, name), drawn


def test_a_file_that_is_not_the_key_of_its_name_is_refused(folder: Path) -> None:
    made = add_wrapping_key(folder)
    file = file_of(folder, made.name)
    whole = file.read_bytes()
    for content in (secrets.token_hex(32).encode(), whole[:-2], b"", b"not hexadecimal"):
        file.write_bytes(content)
        with pytest.raises(KeysMissing, match="damaged"):
            load_keys(folder)
    file.write_bytes(whole)
    for name in (b"", bytes(8), made.name[:-1], bytes.fromhex("0002") + made.name[2:]):
        other = file.rename(file_of(folder, name))
        with pytest.raises(KeysMissing, match="damaged"):
            load_keys(folder)
        other.rename(file)
    file.chmod(0o640)
    with pytest.raises(KeysMissing, match="other accounts"):
        load_keys(folder)
    file.chmod(0o600)
    assert load_keys(folder).subject.newest == made


def test_a_key_that_is_missing_opens_nothing_until_its_file_is_there(folder: Path, tmp_path: Path) -> None:
    now = [100.0]
    keys = WrappingKeys(load_wrapping_keys(folder).all, folder, lambda: now[0])
    here = SubjectKey(keys)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / SUBJECT_FILE).write_bytes((folder / SUBJECT_FILE).read_bytes())
    (elsewhere / SUBJECT_FILE).chmod(0o600)
    made = add_wrapping_key(elsewhere)
    links, drawn = numbers_of(SubjectKey(load_wrapping_keys(elsewhere)), 3, made.name)
    for ask in (here.numbers, here.every_form):
        with pytest.raises(WrappingKeyMissing, match=made.name.hex()):
            ask(links)
    # What cannot be read changes nothing, and the folder is not looked at again at once.
    damaged = file_of(folder, made.name)
    damaged.write_bytes(b"00")
    damaged.chmod(0o600)
    now[0] += 5
    with pytest.raises(WrappingKeyMissing):
        here.numbers(links)
    damaged.write_bytes(file_of(elsewhere, made.name).read_bytes())
    now[0] += 4.9
    with pytest.raises(WrappingKeyMissing):
        here.numbers(links)
    now[0] += 0.1
    assert here.numbers(links) == drawn
    assert keys.newest == made
    with pytest.raises(WrappingKeyMissing):
        SubjectKey(only(bytes(32))).numbers(links)


def test_links_of_several_keys_open_to_the_numbers_they_always_opened_to(folder: Path) -> None:
    made = add_wrapping_key(folder)
    key = SubjectKey(load_wrapping_keys(folder))
    first, drawn_first = numbers_of(key, 3, FIRST)
    later, drawn_later = numbers_of(key, 2, made.name)
    assert [len(each) for each in (*first, *later)] == [16, 16, 16, 24, 24]
    assert {name_in(each) for each in later} == {made.name}
    assert key.numbers([]) == b""
    assert key.numbers(first) == drawn_first
    assert key.numbers(later) == drawn_later
    mixed = [first[0], later[0], first[1], later[1], first[2]]
    assert key.numbers(mixed) == (
        drawn_first[:16] + drawn_later[:16] + drawn_first[16:32] + drawn_later[16:] + drawn_first[32:]
    )
    rewrapped = key.rewrapped(first, made.name)
    assert key.numbers(rewrapped) == drawn_first
    assert key.every_form(first) == key.every_form(rewrapped) == [*first, *rewrapped]


def test_keys_count_up_and_one_that_is_gone_leaves_the_others(folder: Path) -> None:
    made = [add_wrapping_key(folder) for _ in range(2)]
    assert [each.number for each in load_wrapping_keys(folder).all] == [0, 1, 2]
    assert told(FIRST) == "first"
    for name, left in ((FIRST, [1, 2]), (made[0].name, [2])):
        assert destroy_wrapping_key(folder, name)
        assert [each.number for each in load_keys(folder).subject.all] == left
        assert not destroy_wrapping_key(folder, name)
    printed = f"{load_wrapping_keys(folder)} {made!r}"
    assert made[1].secret.hex() not in printed
    assert repr(made[1].secret) not in printed
    destroy_wrapping_key(folder, made[1].name)
    with pytest.raises(KeysMissing, match=SUBJECT_FILE):
        load_keys(folder)


def test_a_folder_that_cannot_be_written_is_a_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    made = add_wrapping_key(folder)
    monkeypatch.setattr("gateway.wrapping_keys.replace_file", full)
    with pytest.raises(KeysMissing, match="No space left"):
        add_wrapping_key(folder)
    monkeypatch.setattr(Path, "unlink", full)
    with pytest.raises(KeysMissing, match="cannot be changed"):
        destroy_wrapping_key(folder, made.name)
