import pytest

from gateway.errors import SettingsError
from gateway.settings import CATALOGUE, DATABASE_ROLES, read_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PACTGATE_PORT", "http"),
        ("PACTGATE_PORT", "70000"),
        ("PACTGATE_PORT", "-1"),
        ("PACTGATE_PORT", "८०"),
        ("PACTGATE_READERS", "0"),
        ("PACTGATE_BODY_BYTES", "1"),
        ("PACTGATE_IN_FLIGHT", "1e3"),
        ("PACTGATE_REQUEST_SECONDS", "3600"),
        ("PACTGATE_CLIENT_RATE", "0"),
        ("PACTGATE_TERMINATORS", "proxy.example"),
        ("PACTGATE_PUBLIC_URL", "http://data.district.example"),
        ("PACTGATE_PUBLIC_URL", "http://127.0.0.1.example"),
        ("PACTGATE_PUBLIC_URL", "https://data.district.example/v1"),
        ("PACTGATE_PUBLIC_URL", "https://data.district.example?x=1"),
        ("PACTGATE_PUBLIC_URL", "https://user@data.district.example"),
        ("PACTGATE_PUBLIC_URL", "https://data.district.example:port"),
        ("PACTGATE_PUBLIC_URL", "https://[broken"),
        ("PACTGATE_PUBLIC_URL", "data.district.example"),
        ("PACTGATE_PUBLIC_URL", "ftp://data.district.example"),
        ("PACTGATE_APP_URL", "mysql://pactgate_app:hunter2@db/x"),
        ("PACTGATE_APP_URL", "postgresql+asyncpg://pactgate_app:hunter2@db/x"),
        ("PACTGATE_OWNER_URL", "http://[hunter2"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_with_a_remedy(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({name: value})
    assert name in str(refused.value)
    assert refused.value.remedy
    assert "hunter2" not in str(refused.value) + refused.value.remedy


def test_a_misspelt_setting_is_refused_and_the_right_one_named() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({"PACTGATE_BODY_BITES": "2048"})
    assert "PACTGATE_BODY_BYTES" in refused.value.remedy
    with pytest.raises(SettingsError):
        read_settings({"PACTGATE_ZZZZ": "1"})


def test_a_role_without_its_url_is_refused_once_any_url_was_given() -> None:
    settings = read_settings({"PACTGATE_APP_URL": "postgresql://pactgate_app:x@db/pactgate"})
    assert not settings.is_embedded
    assert settings.database_url("app").endswith("@db/pactgate")
    with pytest.raises(SettingsError, match="PACTGATE_LOADER_URL"):
        settings.database_url("loader")


def test_settings_never_print_a_password() -> None:
    given = {f"PACTGATE_{role.upper()}_URL": f"postgres://x:hunter2@db/{role}" for role in DATABASE_ROLES}
    assert "hunter2" not in repr(read_settings(given))


def test_nothing_set_means_the_documented_defaults() -> None:
    settings = read_settings({"HOME": "/somewhere", "PACTGATE_PORT": " "})
    assert settings.is_embedded
    assert settings.home.name == CATALOGUE["PACTGATE_HOME"]
    assert (settings.keys, settings.trust) == (settings.home / "keys", settings.home / "trust.json")
    assert settings.postgres is None
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert (settings.readers, settings.in_flight, settings.body_bytes, settings.request_seconds) == (16, 256, 16384, 30)


def test_paths_follow_the_home_folder_unless_they_are_set() -> None:
    settings = read_settings({"PACTGATE_HOME": "/a", "PACTGATE_KEYS": "/b/keys", "PACTGATE_POSTGRES": "/c"})
    assert [str(path) for path in (settings.keys, settings.trust, settings.postgres)] == [
        "/b/keys",
        "/a/trust.json",
        "/c",
    ]


@pytest.mark.parametrize("url", ["http://localhost:8000", "http://[::1]:9/", "https://data.district.example/"])
def test_the_public_url_loses_its_closing_slash(url: str) -> None:
    assert read_settings({"PACTGATE_PUBLIC_URL": url}).public_url == url.rstrip("/")


def test_listening_to_the_network_without_an_https_address_is_refused() -> None:
    with pytest.raises(SettingsError, match="PACTGATE_HOST"):
        read_settings({"PACTGATE_HOST": "0.0.0.0"})  # noqa: S104 - it is refused
    behind_tls = {"PACTGATE_HOST": "0.0.0.0", "PACTGATE_PUBLIC_URL": "https://data.district.example"}  # noqa: S104
    assert read_settings(behind_tls).host == "0.0.0.0"  # noqa: S104
