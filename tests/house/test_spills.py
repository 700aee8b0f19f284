"""Whatever the suite collects is looked through for tokens, keys and names; here something is planted, and found."""

import secrets
import subprocess
import sys
from pathlib import Path

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from tests.factories.cohort import personal
from tests.factories.spills import SpilledError, require_nothing_spilled, seed

pytestmark = pytest.mark.claim(9)

ROOT = Path(__file__).parents[2]
PLANTED = """
import logging
from joserfc import jws
from joserfc.jwk import ECKey
from tests.factories.cohort import personal

def signed() -> str:
    return jws.serialize_compact({"alg": "ES256"}, "{}", ECKey.generate_key("P-256"))

def test_prints_a_token() -> None:
    print("got", signed())

def test_logs_a_token() -> None:
    logging.getLogger("authlib").warning("token %s", signed())

def test_prints_a_name() -> None:
    print(sorted(personal())[0])

def test_prints_something_else() -> None:
    print("a" * 86, "eyJhbGciOiJFUzI1NiJ9")
"""


def test_a_planted_token_key_or_name_is_found_and_not_repeated() -> None:
    token = jws.serialize_compact({"alg": "ES256"}, "{}", ECKey.generate_key("P-256"))
    key = secrets.token_hex(32)
    seed(key)
    for spilled in (token, f"x={key};", *personal()):
        with pytest.raises(SpilledError) as found:
            require_nothing_spilled(f"before {spilled} after", "a line")
        assert spilled not in str(found.value)
    require_nothing_spilled(f"{token[:-1]} {key[:-1]} {secrets.token_hex(32)}", "a line")


def test_a_test_that_prints_or_logs_one_fails(tmp_path: Path) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTED)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.factories.spills", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--rootdir", str(tmp_path), "-c", "/dev/null", str(tmp_path)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    assert "3 failed, 1 passed" in done.stdout, done.stdout[-2000:]
    assert "test_prints_something_else" not in done.stdout
