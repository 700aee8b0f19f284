"""What every small document is read by: its shape first, then what a shape cannot say."""

from typing import Any, Final, NoReturn, cast

from agreements.authored import read_authored
from agreements.errors import InvalidDocument, Problem
from agreements.shapes import Shape, choice, group, shape_problems, text

PERSON: Final = ("person:[a-z0-9]+(-[a-z0-9]+)*", "person:some-short-name")
PARTY: Final = ("(district|partner):[a-z0-9]+(-[a-z0-9]+)*", "district:some-name or partner:some-name")
DISTRICT: Final = ("district:[a-z0-9]+(-[a-z0-9]+)*", "district:some-name")
PARTNER: Final = ("partner:[a-z0-9]+(-[a-z0-9]+)*", "partner:some-name")
LINE: Final = ("agreement:[a-z0-9]+(-[a-z0-9]+)*", "agreement:some-short-name")
"""An agreement's id: what all its versions have in common."""


def key_shape(title: str) -> Shape:
    """Return the shape of a public key (JWK); `agreements.keys` judges what is in it."""
    members = {name: text("rule", f"Member {name} of the key", limit=1000) for name in ("crv", "x", "y", "n", "e")}
    optional = {**members, **{name: text("rule", f"Member {name}", limit=100) for name in ("kid", "alg", "use")}}
    return group(title, {"kty": choice("rule", "The key type", "EC", "OKP", "RSA")}, optional)


def read_shaped(raw: bytes | str, shape: Shape) -> dict[str, Any]:
    """Read a document of this shape. Raises `MalformedDocument`, `InvalidDocument` with all problems at once."""
    content = read_authored(raw)
    if problems := shape_problems(shape, content):
        raise InvalidDocument(shape["title"], problems)
    return cast("dict[str, Any]", content)


def refuse(shape: Shape, path: str, rule: str, sentence: str, source: str | None = None) -> NoReturn:
    """Refuse a document that has its shape and is wrong all the same. Raises `InvalidDocument`."""
    raise InvalidDocument(shape["title"], [Problem(path, rule, source or f"project rule {rule}", sentence)])
