"""
What a witness answers (C2SP tlog-witness): the checks, numbered in the order of the specification.

Knows no HTTP and no files. INVARIANT: nothing is cosigned that does not continue what was cosigned before for the same
origin, and nothing leaves before the new state is on disk.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from typing import Final, Protocol

from audit.cosignature import WitnessSigner
from audit.errors import NoteInvalid, ProofInvalid, SubmissionInvalid
from audit.note import KEY_ID_SIZE, NoteVerifier, assemble, signature_line
from audit.tree import EMPTY, require_consistency
from audit.witness.submission import Submission, read_submission

TEXT: Final = "text/plain; charset=utf-8"
SIZE: Final = "text/x.tlog.size"
"""Content type of the answer 409: the size that was cosigned last, in decimal."""


@dataclass(frozen=True, slots=True)
class Latest:
    """The newest checkpoint cosigned for one origin; `time` in seconds since 1970, `note` with what was verified."""

    size: int
    tree_head: bytes
    time: int
    note: str


NOTHING: Final = Latest(0, EMPTY, 0, "")
"""Before the first checkpoint of an origin: every tree continues the empty one."""


class State(Protocol):
    """Where a witness remembers what it cosigned."""

    def advance(self, origin: str, judge: Callable[[Latest], Latest]) -> Latest:
        """
        Call `judge` with the newest checkpoint and keep what it returns; nobody else does so in between.

        What is kept is on disk when this returns. Whatever `judge` raises changes nothing.
        """
        ...

    def latest(self, origin: str) -> Latest | None:
        """Return the newest checkpoint, None if there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to whoever asked. `about` is for the witness's own log line: the origin, if it is one it knows."""

    status: HTTPStatus
    body: bytes
    content_type: str = TEXT
    about: str = ""


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, sentence: str, *, content_type: str = TEXT) -> None:
        super().__init__(sentence)
        self.status, self.content_type = status, content_type


class Witness:
    """One witness: its key, the logs it knows, and where it stands with each."""

    def __init__(
        self, signer: WitnessSigner, logs: Iterable[NoteVerifier], state: State, clock: Callable[[], int]
    ) -> None:
        """Take who signs and what is known; `logs` may hold several keys of an origin, `clock` is in seconds."""
        self._signer = signer
        self._state = state
        self._clock = clock
        self._logs: dict[str, list[NoteVerifier]] = {}
        for log in logs:
            self._logs.setdefault(log.name, []).append(log)
        self._by_digest: Mapping[str, str] = {sha256(name.encode()).hexdigest(): name for name in self._logs}

    def add_checkpoint(self, raw: bytes) -> Answer:
        """Answer one `add-checkpoint` request. Raises what the state raises: then nothing was cosigned."""
        origin = ""
        try:
            # (1): the request is well formed.
            submitted = _read(raw)
            # (2): the origin is one we know.
            keys = self._keys_of(submitted.body.origin)
            origin = submitted.body.origin
            # (3): the log signed it; unknown signatures are ignored, one of a known key that does not hold is not.
            _require_signed(submitted, keys)
            # (4): the old size is not beyond the checkpoint.
            _require_growing(submitted)
            lines: list[str] = []
            self._state.advance(origin, lambda latest: self._judged(submitted, latest, lines))
        except _Refused as refused:
            return Answer(refused.status, f"{refused}\n".encode(), refused.content_type, origin)
        return Answer(HTTPStatus.OK, "".join(lines).encode(), TEXT, origin)

    def checkpoint(self, digest: str) -> Answer:
        """Answer `<origin hash>/checkpoint`: the newest cosigned checkpoint, with all signatures that were verified."""
        origin = self._by_digest.get(digest, "")
        latest = self._state.latest(origin) if origin else None
        if latest is None:
            return Answer(HTTPStatus.NOT_FOUND, b"this witness has cosigned nothing of such a log\n", TEXT, origin)
        return Answer(HTTPStatus.OK, latest.note.encode(), TEXT, origin)

    def _keys_of(self, origin: str) -> list[NoteVerifier]:
        if origin not in self._logs:
            raise _Refused(HTTPStatus.NOT_FOUND, "this witness does not know the log")
        return self._logs[origin]

    def _judged(self, submitted: Submission, latest: Latest, lines: list[str]) -> Latest:
        body = submitted.body
        # (5): the log knows where we stand. Told before anything else, so that it can begin from there.
        if submitted.old != latest.size:
            raise _Refused(HTTPStatus.CONFLICT, str(latest.size), content_type=SIZE)
        # (6): an empty tree has the head of the empty tree.
        if body.size == 0 and body.tree_head != EMPTY:
            raise _Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "the empty tree has another head")
        # (7): the tree begins with the one we cosigned; at the same size it is the same.
        try:
            require_consistency(latest.size, latest.tree_head, body.size, body.tree_head, submitted.path)
        except ProofInvalid as error:
            raise _Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(error)) from None
        # (8): time does not run backwards: an older cosignature would vouch for a larger tree than a newer one.
        now = self._clock()
        if now < latest.time:
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, "the clock of this witness was set back")
        line = self._signer.line(body, now)
        lines.append(line)
        own = [(name, raw) for name, raw in submitted.signatures if _is_of(self._logs[body.origin], name, raw)]
        note = assemble(body.text, "".join(signature_line(name, raw) for name, raw in own) + line)
        return Latest(body.size, body.tree_head, now, note)


def _read(raw: bytes) -> Submission:
    try:
        return read_submission(raw)
    except SubmissionInvalid as error:
        raise _Refused(HTTPStatus.BAD_REQUEST, str(error)) from None


def _require_growing(submitted: Submission) -> None:
    if submitted.old > submitted.body.size:
        raise _Refused(HTTPStatus.BAD_REQUEST, "the old size is larger than the checkpoint")


def _require_signed(submitted: Submission, keys: Iterable[NoteVerifier]) -> None:
    present = [key for key in keys if any(_is_of([key], name, raw) for name, raw in submitted.signatures)]
    if not present:
        raise _Refused(HTTPStatus.FORBIDDEN, "no signature of a key that this witness knows for the log")
    for key in present:
        try:
            key.open(submitted.note)
        except NoteInvalid:
            raise _Refused(HTTPStatus.FORBIDDEN, "a signature of the log does not hold") from None


def _is_of(keys: Iterable[NoteVerifier], name: str, raw: bytes) -> bool:
    return any(name == key.name and raw[:KEY_ID_SIZE] == key.key_id for key in keys)
