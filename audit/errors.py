"""What can go wrong in the log, each with a stable code and a sentence that says what to do about it."""


class AuditError(Exception):
    """
    Base of every error of this room.

    `code` is stable and may be matched on; the message is for the operator's log; `public_detail` may be shown to a
    partner or a person and names the remedy. Neither carries personal data.
    """

    code = "audit_error"
    public_detail = "The log could not complete this step. Try again; if it persists, tell the district."


class LeafRefused(AuditError):
    """The facts cannot stand in a leaf: a float, a value JSON does not have, a bad companion, or too many bytes."""

    code = "leaf_refused"
    public_detail = "This act cannot be put on record as it is. Ask for less in one request."


class EpochMoved(AuditError):
    """What may leave has changed since the rows were read; nothing was written. Read again, decide again."""

    code = "epoch_moved"
    public_detail = "The agreement or the records changed during this request. Send it again."

    def __init__(self, epoch: int) -> None:
        super().__init__(f"the epoch is now {epoch}")
        self.epoch = epoch


class Replayed(AuditError):
    """A proof or assertion had been used before; the refusal stands in the log at `index`."""

    code = "replayed"
    public_detail = "This proof has been used before. Make a new one for each request."

    def __init__(self, index: int) -> None:
        super().__init__(f"a replay id was already spent; refused as entry {index}")
        self.index = index


class MeterFull(AuditError):
    """The entry would have passed the most that its meter takes; the refusal stands in the log at `index`."""

    code = "meter_full"
    public_detail = "This is more than may be had in one day. Ask again tomorrow."

    def __init__(self, index: int) -> None:
        super().__init__(f"a meter is full; refused as entry {index}")
        self.index = index


class LogUnavailable(AuditError):
    """The log did not confirm the entry: not reached, or the outcome is unknown. Nothing may be sent."""

    code = "log_unavailable"
    public_detail = "The disclosure log is not available, so nothing was sent. Try again with a new proof."


class LogBusy(AuditError):
    """The queue of the log is full; nothing was written."""

    code = "log_busy"
    public_detail = "Too many requests are waiting for the disclosure log. Wait a few seconds and try again."


class EntryMissing(AuditError):
    """The log has no such entry, or the checkpoint asked about does not cover it."""

    code = "entry_missing"
    public_detail = "The log has no such entry. Check the number on your receipt."


class WitnessUnusable(AuditError):
    """A witness's folder, key, state or list of logs cannot be used; it cosigns nothing."""

    code = "witness_unusable"
    public_detail = "Put back the folder that `keygen` made, or make a new witness under a new name."


class SourceUnavailable(AuditError):
    """The exported log cannot be read: not there, not reached, or not fast enough. Nothing is known about the log."""

    code = "source_unavailable"
    public_detail = "The exported log cannot be read, so it was not judged. Check the folder or address, and try again."


class ExportMismatch(AuditError):
    """An export was made with entries and is to go on without them, or the other way round."""

    code = "export_mismatch"
    public_detail = "Export to another place: one with entries is for officers, one without them may be published."


class VerificationFailed(AuditError):
    """Base of everything a verifier finds: the thing presented is not what was logged."""

    code = "verification_failed"
    public_detail = "The proof does not hold. Keep the file and tell the privacy officer of the district."


class NoteInvalid(VerificationFailed):
    """Not a well-formed signed note, or not signed by the expected key (C2SP signed-note)."""

    code = "note_invalid"


class CosignatureInvalid(VerificationFailed):
    """No cosignature of the expected witness, or one that does not hold (C2SP tlog-cosignature)."""

    code = "cosignature_invalid"


class CheckpointInvalid(VerificationFailed):
    """A signed note that is not a checkpoint of this log (C2SP tlog-checkpoint)."""

    code = "checkpoint_invalid"


class SubmissionInvalid(VerificationFailed):
    """Not a well-formed `add-checkpoint` request, or not a checkpoint in it (C2SP tlog-witness)."""

    code = "submission_invalid"


class ProofInvalid(VerificationFailed):
    """A Merkle path does not lead from the leaf, or from the old head, to the tree head (RFC 6962)."""

    code = "proof_invalid"


class ReceiptInvalid(VerificationFailed):
    """Not a well-formed `.tlog-proof` (C2SP tlog-proof)."""

    code = "receipt_invalid"


class CommitmentMismatch(VerificationFailed):
    """An opening does not lead to the commitment in the leaf."""

    code = "commitment_mismatch"


class LogDamaged(VerificationFailed):
    """An entry, hash, tile or head is missing, altered or out of place."""

    code = "log_damaged"


class Stale(VerificationFailed):
    """The newest checkpoint of the export is older than it may be: the log, its export or a witness stands still."""

    code = "stale"


class RolledBack(VerificationFailed):
    """The log is smaller than a checkpoint it signed before."""

    code = "rolled_back"


class Forked(VerificationFailed):
    """The log has another past than a checkpoint it signed before."""

    code = "forked"


class CopyInvalid(VerificationFailed):
    """A copy of disclosed rows is not in its form, or holds what no copy holds."""

    code = "copy_invalid"


class IndexWrong(VerificationFailed):
    """The index by which the log is searched is not what the entries say; searches may have missed some."""

    code = "index_wrong"
    public_detail = "The index of the log does not fit it. Run `pactgate audit reindex`, and search again."


class CallUnusable(Exception):
    """A command was given something that it cannot use; the message is for the person who typed it."""
