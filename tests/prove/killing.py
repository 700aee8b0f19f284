"""
Makes each mutant and sees whether anybody notices.

    survivors(MUTANTS) -> names of those that lived; empty if the proof is worth something

One process imports what all need, and nothing of the policies; a fork of it for each mutant imports those with the edit
in them. The edit is refused unless its place is there exactly once: a mutant that changes nothing would never die.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import casbin
import hypothesis
import pytest

from tests.prove.cedar import Cedar
from tests.prove.documents import Documents
from tests.prove.guards import GUARDS
from tests.prove.mutants import MUTANTS, Mutant
from tests.prove.mutating import Mutating, require_applicable

SHARED: Final = (casbin, hypothesis, Documents, Cedar)
"""What takes long to import, knows nothing of the policies and is the same for all."""
_ROOT: Final = Path(__file__).parents[2]
_KILLED, _LIVED, _BROKEN = 1, 0, 2
_SOUND: Final = Mutant("no mistake at all", ())


def survivors(mutants: Sequence[Mutant]) -> list[str]:
    """
    Return the mutants that nobody noticed, and `no mistake at all` if sound policies are taken for a mutant.

    Raises `EditMisplaced` if one of them cannot be made any more.
    """
    for mutant in mutants:
        require_applicable(mutant)
    # Not measured: it runs policies that are wrong.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-m", "tests.prove.killing", *(mutant.name for mutant in mutants)]
    done = subprocess.run(command, cwd=_ROOT, env=environment, capture_output=True, text=True, check=True)
    lived: list[str] = json.loads(done.stdout)
    return lived


def _is_noticed(mutant: Mutant) -> bool:
    """Return whether the readings, or the test the mutant names, fail."""
    sys.meta_path.insert(0, Mutating(mutant.edits))
    if not mutant.by:
        # Imported here, in the fork: it imports the policies.
        from tests.prove.noticing import readings_agree  # noqa: PLC0415

        return not readings_agree()
    quietly = [
        "-q",
        "-x",
        "--no-header",
        "--noconftest",
        "--assert=plain",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:randomly",
    ]
    return pytest.main([*quietly, str(_ROOT / mutant.by)]) != pytest.ExitCode.OK


def _outcome(mutant: Mutant) -> int:
    """Make the mutant in a process of its own."""
    child = os.fork()
    if child == 0:
        ended = _BROKEN
        try:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ended = _KILLED if _is_noticed(mutant) else _LIVED
        finally:
            sys.stdout.flush()
            os._exit(ended)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(names: Sequence[str]) -> None:
    """Write which of these mutants lived."""
    mutants = [mutant for mutant in (*MUTANTS, *GUARDS) if mutant.name in names]
    lived = [mutant.name for mutant in mutants if _outcome(mutant) != _KILLED]
    # What kills a mutant must let the real thing live, or it would prove nothing.
    judges = sorted({mutant.by for mutant in mutants})
    lived += [_SOUND.name for by in judges if _outcome(Mutant(_SOUND.name, (), by)) != _LIVED]
    sys.stdout.write(json.dumps(lived))


if __name__ == "__main__":
    main(sys.argv[1:])
