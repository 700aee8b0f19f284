"""Fictional names of many origins and scripts, from `names.toml`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from random import Random

from gateway.demo.district.chance import is_chosen

__all__ = ["Name", "NameBook", "Origin"]

MIDDLE_NAME_SHARE = 0.55
CHOSEN_ENGLISH_SHARE = 0.2  # children of other origins who carry a given name common around them


@dataclass(frozen=True, slots=True)
class Name:
    """A full name with what goes with it: the home language and the federal race category."""

    last: str
    first: str | None
    middle: str | None
    language: str
    race: str


@dataclass(frozen=True, slots=True)
class Origin:
    """A family background: its names, language and how common it is."""

    id: str
    weight: float
    race: str
    language: str
    language_share: float
    family: tuple[str, ...]
    female: tuple[str, ...]
    male: tuple[str, ...]
    script: bool = False

    def given(self, sex: str) -> tuple[str, ...]:
        """Return the given names to choose from; a child whose sex is written X draws from both lists."""
        return {"F": self.female, "M": self.male}.get(sex, self.female + self.male)


@dataclass(frozen=True, slots=True)
class NameBook:
    """Every name the district draws from."""

    origins: tuple[Origin, ...]
    mononyms: tuple[Name, ...]
    long: tuple[Name, ...]

    @classmethod
    def shipped(cls) -> "NameBook":
        """Read the list that ships with the package."""
        book = tomllib.loads(files(__package__).joinpath("names.toml").read_text(encoding="utf-8"))
        return cls(
            origins=tuple(_origin(entry) for entry in book["origin"]),
            mononyms=tuple(
                Name(entry["name"], None, None, entry["language"], entry["race"]) for entry in book["mononym"]
            ),
            long=tuple(
                Name(entry["last"], entry["first"], entry["middle"], entry["language"], entry["race"])
                for entry in book["long"]
            ),
        )

    def draw(self, chance: Random, sex: str) -> Name:
        """Draw an ordinary name."""
        origin = chance.choices(self.origins, weights=[origin.weight for origin in self.origins])[0]
        english = self.origins[0]
        given = origin.given(sex)
        if not origin.script and is_chosen(chance, CHOSEN_ENGLISH_SHARE):
            given = english.given(sex)
        first = chance.choice(given)
        middle = chance.choice([name for name in origin.given(sex) if name != first])
        return Name(
            last=chance.choice(origin.family),
            first=first,
            middle=middle if is_chosen(chance, MIDDLE_NAME_SHARE) else None,
            language=origin.language if is_chosen(chance, origin.language_share) else "English",
            race=origin.race,
        )


def _origin(entry: Mapping[str, object]) -> Origin:
    return Origin(**{key: tuple(value) if isinstance(value, list) else value for key, value in entry.items()})  # type: ignore[arg-type]  # the shape of our own file, under test
