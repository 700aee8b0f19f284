"""A log that grows, forks, rolls back and lies, against one witness: it never cosigns two heads that do not fit."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from audit.errors import ProofInvalid
from audit.tree import require_consistency, tree_head
from audit.witness.home import STATE_FILE, create_home
from audit.witness.protocol import Witness
from audit.witness.state import WitnessState
from audit.witness.submission import write_submission
from tests.factories.witness import NAME, Clock, SmallLog, body_of, note_verifier


class Witnessed(RuleBasedStateMachine):
    """Any number of copies of one log, all with its key; `cosigned` is every history that the witness vouched for."""

    logs: Bundle[SmallLog] = Bundle("logs")

    @initialize(target=logs)
    def begin(self) -> SmallLog:
        self.folder = tempfile.TemporaryDirectory()
        home = Path(self.folder.name) / "w"
        self.signer = create_home(home, NAME)
        self.clock = Clock()
        self.file = home / STATE_FILE
        self.cosigned: list[tuple[int, tuple[bytes, ...]]] = []
        self.reopen()
        return SmallLog()

    @rule()
    def reopen(self) -> None:
        """Restart the witness: what it knows is on disk."""
        state = WitnessState(self.file, self.signer.verifier.vkey)
        self.witness = Witness(self.signer, [note_verifier(SmallLog().signer.verifier)], state, self.clock)

    @rule(log=logs, leaves=st.lists(st.integers(0, 3), max_size=4))
    def grow(self, log: SmallLog, leaves: list[int]) -> None:
        log.grow(*leaves)

    @rule(target=logs, log=logs, back=st.integers(0, 5))
    def roll_back_or_fork(self, log: SmallLog, back: int) -> SmallLog:
        return log.copy(max(0, len(log.hashes) - back))

    @rule(seconds=st.integers(-5, 60))
    def pass_time(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule(log=logs, old=st.integers(0, 12), truthful=st.booleans(), path_of=logs)
    def submit(self, log: SmallLog, old: int, truthful: bool, path_of: SmallLog) -> None:
        known = max((size for size, _ in self.cosigned), default=0)
        old = known if truthful else old
        shown = log if old <= len(log.hashes) else path_of
        try:
            path = shown.path(old)
        except ProofInvalid:
            path = ()
        answer = self.witness.add_checkpoint(write_submission(old, path, log.checkpoint().note))
        if answer.status == 200:
            cosignature = self.signer.verifier.verify(body_of(log.checkpoint()), answer.body.decode())
            assert cosignature.time == self.clock.now
            self.cosigned.append((len(log.hashes), tuple(log.hashes)))
        elif answer.status == 409:
            assert answer.body == f"{known}\n".encode()
            assert old != known
        elif truthful and len(log.hashes) >= known:
            # Refused although the old size was right: it is another history, or time ran backwards.
            _, before = self.cosigned[-1]
            assert tuple(log.hashes[:known]) != before or answer.status == 503

    @invariant()
    def every_history_begins_with_the_one_before(self) -> None:
        for (small, before), (large, after) in zip(getattr(self, "cosigned", []), self.cosigned[1:], strict=False):
            assert small <= large
            assert after[:small] == before
            require_consistency(
                small, tree_head(before), large, tree_head(after), SmallLog(hashes=[*after]).path(small)
            )

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()


Witnessed.TestCase.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
TestWitnessed = pytest.mark.claim(5)(Witnessed.TestCase)
