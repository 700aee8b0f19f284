"""What the services refuse because of how things stand, each with its remedy."""

from gateway.errors import GatewayError


class UnknownAgreement(GatewayError):
    """The agreement is not in force here."""

    code = "unknown_agreement"
    public_detail = "No such agreement is in force."
    remedy = "List them with `pactgate agreement show`; activate it first if it is new."


class UnknownClient(GatewayError):
    """No such client is registered."""

    code = "no_such_client"
    public_detail = "No such client is registered."
    remedy = "Register it with `pactgate client register`."


class RulesMoved(GatewayError):
    """Something was signed, loaded or stopped between the rules and the facts of one answer, again and again."""

    code = "rules_moved"
    public_detail = "The rules changed while this was answered."
    remedy = "Ask again; that it was asked is on record each time."


class NoPolicyTest(GatewayError):
    """A folder was named that holds no policy test: nothing was tested."""

    code = "no_policy_test"
    public_detail = "There is nothing to test."
    remedy = "Name a file or a folder of files that end in .policy.yaml; `docs/policies.md` shows their form."


class NothingToUndo(GatewayError):
    """The suspension that a reinstatement names is not in force."""

    code = "nothing_to_undo"
    public_detail = "There is no such suspension."
    remedy = "Name the entry of the suspension in force; `pactgate agreement show` and the log give it."


class OtherInstallation(GatewayError):
    """The trust file and the database belong to two different logs."""

    code = "other_installation"
    public_detail = "The gateway is not configured for this."
    remedy = "Set PACTGATE_TRUST and the PACTGATE_*_URL of one and the same installation."


class InstallationChanged(GatewayError):
    """The trust file, or the database's own mark, is not what entry 0 of the log says it was."""

    code = "installation_changed"
    public_detail = "The gateway is not configured for this."
    remedy = (
        "Restore the trust file from the copy that was kept when the log was opened, and run `pactgate audit verify`."
        " If it is that copy, the database was changed: tell the privacy officer."
    )


class RecoveryRefused(GatewayError):
    """The log cannot go on by this recovery."""

    code = "recovery_refused"
    public_detail = "The disclosure log is not available, so nothing is sent."


class LogSetBack(GatewayError):
    """The log in the database does not continue the checkpoint that was kept outside it."""

    code = "log_set_back"
    public_detail = "The disclosure log is not available, so nothing is sent."
    remedy = (
        "An old copy was restored, a standby lost entries, or the log was rewritten: tell the privacy officer, and keep"
        " the file. Restore the newest copy. If entries are lost for good, two officers go on from what is left with"
        " `pactgate recovery`."
    )


class RecordKept(GatewayError):
    """A record about the student lives, or is on hold, so the record of its disclosures lives too (rows N3, X4)."""

    code = "record_kept"
    public_detail = "The record of disclosures lives as long as the education record."
    remedy = "Erase a student after a load has ended every record about them and the district's retention is over."


class AlreadyTerminated(GatewayError):
    """The agreement was terminated, which is for good."""

    code = "already_terminated"
    public_detail = "This agreement was terminated."
    remedy = "A terminated agreement stays so; what follows it is a new agreement."


class ClientTaken(GatewayError):
    """The client id belongs to another partner; its bindings would let one partner act as the other."""

    code = "client_taken"
    public_detail = "This client id belongs to another partner."
    remedy = "Bind the keys as a new client: leave out --client in `pactgate client bind`."


class KeysNotFetched(GatewayError):
    """The keys that a client publishes cannot be had. The message is the reason, a constant: nothing of the answer."""

    code = "keys_not_fetched"
    public_detail = "The keys that the client publishes cannot be had."
    remedy = "Ask the partner whether its key set is at the address in the binding, alone, and served as JSON."


class NothingSigned(GatewayError):
    """No checkpoint over the asked entries was signed yet, and the key that signs is not here."""

    code = "nothing_signed"
    public_detail = "No signed checkpoint covers this entry yet."
    remedy = "Run this once where the gateway's keys are, or wait: `pactgate serve` signs as it goes."


class UnknownPartner(GatewayError):
    """The partner has nothing here that could end."""

    code = "no_such_partner"
    public_detail = "No such partner has anything here."
    remedy = "List them with `pactgate parties list`."


class NothingLeft(GatewayError):
    """Everything of the partner has ended, and its programs are stopped."""

    code = "nothing_left"
    public_detail = "Everything of this partner has ended already."
    remedy = "`pactgate obligation list` shows what it owes."


class CursorRefused(GatewayError):
    """A cursor was given that does not belong to this question."""

    code = "cursor_refused"
    public_detail = "This cursor does not belong to this question."
    remedy = "Ask the same question as before, in the same order, with the cursor it gave; or leave the cursor out."


class LinkErased(GatewayError):
    """Nothing leads from the student to the log any more."""

    code = "link_erased"
    public_detail = "The link from this student to the log was erased."
    remedy = "Nothing brings it back. Whom the log's numbers meant cannot be told; search by everything else."


class NotRebuilt(GatewayError):
    """Records that were disclosed cannot be rebuilt as they left, so nothing is shown in their place."""

    code = "not_rebuilt"
    public_detail = "These records cannot be rebuilt as they left."
    remedy = "What left is still committed to in the log. Compare it with what the partner holds."


class UnknownRequest(GatewayError):
    """No request of a family was received by this entry, or its document does not hold."""

    code = "unknown_family_request"
    public_detail = "There is no such request."
    remedy = "Name the entry that received it; `pactgate family list` shows them."


class RequestRefused(GatewayError):
    """A request of a family, or what answers it, does not fit what the log and the other documents say."""

    code = "family_request_refused"
    public_detail = "This does not fit the request."
    remedy = "Compare it with `pactgate family show`; sign it again with what is right."


class WithholdingRefused(GatewayError):
    """Lines cannot be withheld as the document says."""

    code = "withholding_refused"
    public_detail = "This cannot be withheld."
    remedy = "Write and sign another one that says what is right."


class NotAcknowledged(GatewayError):
    """An accounting may betray something, and no officer said that they know and hand it out all the same."""

    code = "not_acknowledged"
    public_detail = "The accounting is not handed out."
    remedy = (
        "Look at each caution, and tick it on the page or name it with --acknowledge. A law may let you withhold lines."
    )


class RecordRefused(GatewayError):
    """What was recorded by hand about a disclosure does not fit what is on record."""

    code = "record_refused"
    public_detail = "This record of a disclosure cannot be taken in."
    remedy = "Look at the accounting with `pactgate accounting show`, and correct the record."


class ThresholdsRefused(GatewayError):
    """The numbers from which on use is unusual cannot be used."""

    code = "thresholds_refused"
    public_detail = "These thresholds cannot be used."
    remedy = "The names and what they mean are in `docs/anomalies.md`; leave out what should stay as it is."


class FactsDiffer(GatewayError):
    """Rows in the tables are not those that the log's entries commit to."""

    code = "facts_differ"
    public_detail = "The records are not what the log says."
    remedy = "Each alarm says what was found; docs/officers.md says what to do. Restore the rows from a copy."


class NothingToAdopt(GatewayError):
    """No row is older than the commitments, or older rows were adopted before: that is done once."""

    code = "nothing_to_adopt"
    public_detail = "There is nothing to adopt."
    remedy = "`pactgate audit facts` says what does not hold; restore such rows from a copy."


class WitnessKeyRefused(GatewayError):
    """A verifier key in a naming of witnesses is none, although it looks like one."""

    code = "witness_key_refused"
    remedy = "Copy the whole line that the witness's owner gave you: name+id+base64."


class SecretRefused(GatewayError):
    """No secret can be made for this client now."""

    code = "secret_refused"
    remedy = "`pactgate client show` says how each client is bound, and which secrets it has."


class SecretNotEnded(GatewayError):
    """What should be ended is no secret in use."""

    code = "secret_not_ended"
    remedy = "`pactgate client show` lists the secrets of each client by their entries."


class KeyStillWraps(GatewayError):
    """A key that wraps links of students cannot go, or cannot take over."""

    code = "key_still_wraps"
    remedy = "`pactgate keys list` shows which key wraps how many links."


class WatchBusy(GatewayError):
    """A drop folder has a watcher already."""

    code = "watch_busy"
    remedy = "Stop the other one first, or let it go on: one watcher a folder is enough."


class LoadPostponed(GatewayError):
    """A load cannot be made now, for no fault of the export: it is tried again."""

    code = "load_postponed"


class UnknownLoadReport(GatewayError):
    """No report of a load has this number, or it is kept no longer."""

    code = "no_load_report"
    public_detail = "No report of a load has this number; only the newest are kept."
    remedy = "Open it from the list of loads."


class NothingHeld(GatewayError):
    """There is nothing to confirm: the load is not held, or went through since."""

    code = "nothing_held"
    public_detail = "This load does not wait for two people: it is not held, or it went through since."
    remedy = "Look at the list of loads again."


class NoDistrict(GatewayError):
    """What would be prepared names the district, and nothing says yet what it is called."""

    code = "no_district"
    public_detail = "No agreement is in force that names the district."
    remedy = "Bring the first agreement into force; until then this is done on the command line."
