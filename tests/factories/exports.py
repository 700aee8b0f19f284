"""Where the real exports are, and the mappings that ship for them."""

import os
from importlib.resources import files
from pathlib import Path

from gateway.records.loading.mapping import MappingFile, parse_mapping

DATA = Path(os.environ.get("PACTGATE_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


def shipped(name: str) -> MappingFile:
    """A mapping that comes with Pactgate."""
    return parse_mapping((files("gateway.records.mappings") / f"{name}.toml").read_text("utf-8"))
