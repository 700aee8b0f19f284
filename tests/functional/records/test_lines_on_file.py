"""Which line an agreement belongs to: by what its document says, and where that cannot be read, by what was kept."""

import pytest

from agreements.canonical import Json, canonical_bytes
from agreements.keys import SigningKey
from agreements.register import digest_bytes
from agreements.signature import Kind, add_signature
from gateway.services.errors import UnknownAgreement
from gateway.services.standing.lines import line_named, lines_on_file
from tests.factories.database import TestDatabase

OLD, NEW, OVER = (f"sha256:{letter * 64}" for letter in "abc")
ON_FILE = {OLD: "agreement:tutoring", NEW: "agreement:tutoring", OVER: "agreement:over"}


async def put(database: TestDatabase, content: Json, *, digest: str | None = None) -> str:
    """Store a signed document of this content, under a digest that is not its own if one is given."""
    key = SigningKey.generate("Ed25519")
    envelope = add_signature(None, Kind.AGREEMENT, canonical_bytes(content), key)
    owner = await database.connection("owner")
    await owner.execute(
        "INSERT INTO agreements.document (digest, kind, envelope, idx) VALUES ($1, 'agreement', $2, 0)",
        digest_bytes(digest or envelope.digest),
        envelope.text,
    )
    return digest or envelope.digest


async def keep(database: TestDatabase, digest: str, line: str) -> None:
    owner = await database.connection("owner")
    await owner.execute("INSERT INTO records.scope VALUES ($1, 'UTC', $2)", digest, line)


async def test_the_line_is_what_the_signed_bytes_say_and_else_what_was_kept(database: TestDatabase) -> None:
    good = await put(database, {"id": "agreement:tutoring"})
    forged = await put(database, {"id": "agreement:tutoring"}, digest=OLD)
    lost = await put(database, {"id": "agreement:lost"}, digest=NEW)
    strange: tuple[Json, ...] = (["agreement:x"], {"id": 7}, {"name": "agreement:x"})
    odd = [await put(database, content) for content in strange]
    for digest, line in ((good, "agreement:moved-by-hand"), (forged, "agreement:mentoring")):
        await keep(database, digest, line)
    engine = await database.engine("loader")
    async with engine.connect() as connection:
        found = await lines_on_file(connection)
    assert found == {good: "agreement:tutoring", forged: "agreement:mentoring"}
    assert not {lost, *odd} & found.keys()


@pytest.mark.parametrize("name", [OVER, "agreement:over", "agreement:tutorin", "sha256:" + "d" * 64, ""])
def test_a_name_that_means_none_of_the_lines_is_refused(name: str) -> None:
    with pytest.raises(UnknownAgreement, match="is in force"):
        line_named(name, ON_FILE, ["agreement:tutoring"], "in force")


@pytest.mark.parametrize("name", [OLD, NEW, "agreement:tutoring"])
def test_the_digest_of_any_version_means_the_line(name: str) -> None:
    assert line_named(name, ON_FILE, ["agreement:tutoring"], "in force") == "agreement:tutoring"
