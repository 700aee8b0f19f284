"""What lets in programs that know only a secret: guardrails that allow them, and the network they ask from."""

from pathlib import Path
from typing import Final

from agreements.elements import load_catalogue
from policies.guardrails import Guardrails, read_guardrails

GUARDRAILS: Final = Path(__file__).parents[2] / "policies" / "guardrails.toml"
NETWORK, INSIDE = "203.0.113.0/28", "203.0.113.7"


def allowing(bearer: str = "true") -> Guardrails:
    """Return the shipped guardrails with the part that lets agreements provide for bearer tokens."""
    text = GUARDRAILS.read_text("utf-8") + f"\n[compatibility]\nbearer = {bearer}\n"
    return read_guardrails(text, load_catalogue())
