"""Mapping files for exports that are used as they come. `docs/mapping-files.md` documents the format."""
