"""Home, language and support flags of a student. Streets, phones and mail addresses lead nowhere on purpose."""

from random import Random
from typing import TypedDict

from gateway.demo.district.chance import is_chosen

__all__ = ["Home", "home"]

STREETS = (
    "Alder Court", "Barnacle Lane", "Cormorant Way", "Driftwood Avenue", "Eelgrass Street",
    "Foghorn Road", "Gull Place", "Hemlock Drive", "Inlet Street", "Jetty Lane",
    "Kelp Avenue", "Lantern Street", "Mussel Road", "Nettle Court", "Osprey Way",
    "Piling Street", "Quay Avenue", "Rain Street", "Salal Drive", "Tideline Road",
)  # fmt: skip
POSTAL_CODES = ("99961", "99962", "99963", "99971")  # in a block the Postal Service has not assigned
EL_AMONG_OTHER_LANGUAGES = 0.42
MILITARY = ("NotMilitaryConnected", "ActiveDuty", "NationalGuardOrReserve")
PHONE_MISSING = 0.05


class Home(TypedDict):
    """The part of a student row that is about the home and the help a student gets."""

    street: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    phone: str | None
    email: str
    home_language: str
    english_learner: str
    idea: str
    section_504: str
    homeless: str
    migrant: str
    military_connected: str
    meal_eligibility: str
    economically_disadvantaged: str


def home(chance: Random, number: str, language: str) -> Home:
    """Return the home of student `number`, who speaks `language` there."""
    homeless = is_chosen(chance, 0.03)
    no_address = homeless and is_chosen(chance, 0.5)
    special = is_chosen(chance, 0.14)
    # Homeless children eat free without an application (42 U.S.C. 1758(b)(5)).
    meals = "Free" if homeless else chance.choices(("Free", "Reduced", "Paid"), weights=(36, 8, 56))[0]
    learner = language != "English" and is_chosen(chance, EL_AMONG_OTHER_LANGUAGES)
    return Home(
        street=None if no_address else f"{chance.randint(100, 9899)} {chance.choice(STREETS)}",
        city=None if no_address else "Emerald City",
        state=None if no_address else "WA",
        postal_code=None if no_address else chance.choices(POSTAL_CODES, weights=(40, 30, 20, 10))[0],
        # 555-0100 to 555-0199 are reserved for fiction.
        phone=None if is_chosen(chance, PHONE_MISSING) else f"206-555-{chance.randint(100, 199):04d}",
        email=f"s{number}@students.emeraldcity.example",
        home_language=language,
        english_learner=_flag(learner),
        idea=_flag(special),
        section_504=_flag(not special and is_chosen(chance, 0.05)),
        homeless=_flag(homeless),
        migrant=_flag(is_chosen(chance, 0.012)),
        military_connected=chance.choices(MILITARY, weights=(97.5, 1.7, 0.8))[0],
        meal_eligibility=meals,
        economically_disadvantaged=_flag(meals != "Paid"),
    )


def _flag(value: bool) -> str:
    return "Y" if value else "N"
