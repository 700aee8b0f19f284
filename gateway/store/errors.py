"""What can be wrong with the database, each with the sentence that mends it."""

from gateway.errors import GatewayError


class DatabaseUnavailable(GatewayError):
    """The database does not answer. Nothing was read and nothing may be answered from memory."""

    code = "database_unavailable"
    public_detail = "The data store cannot be reached right now. Try again shortly."
    remedy = "Check that PostgreSQL runs and that the PACTGATE_*_URL settings name it, then try again."


class DatabaseUnsupported(GatewayError):
    """The server is too old, or lacks something Pactgate needs."""

    code = "database_unsupported"
    public_detail = "The data store is not set up for this."
    remedy = "Use PostgreSQL 15 or newer, or unset the PACTGATE_*_URL settings to use the embedded server."


class LoginRefused(GatewayError):
    """A database login has more rights than its work needs."""

    code = "login_refused"
    public_detail = "The data store is not set up for this."
    remedy = "Run `pactgate db roles` and give each setting the URL of its own role."


class DurabilityOff(GatewayError):
    """The server may lose committed transactions, so an entry in the log would prove nothing."""

    code = "durability_off"
    public_detail = "The data store is not set up for this."
    remedy = "Set fsync, full_page_writes and synchronous_commit to on in postgresql.conf and reload."


class StandbyRefused(GatewayError):
    """The server is a standby in recovery: it takes no entry, so nothing may be answered from it."""

    code = "standby_refused"
    public_detail = "The data store is not set up for this."
    remedy = "Name the primary in the PACTGATE_*_URL settings, or promote this server first."


class GatewayServes(GatewayError):
    """A gateway is at work on the database that is to be changed under it."""

    code = "gateway_serves"
    public_detail = "The data store is in use."
    remedy = "Stop every `pactgate serve` on this database, then try again; nothing was changed."


class EmbeddedRefused(GatewayError):
    """The embedded server cannot run in this place or as this user."""

    code = "embedded_refused"
    public_detail = "The data store is not set up for this."


class SchemaMismatch(GatewayError):
    """The database is not what the migrations make."""

    code = "schema_mismatch"
    public_detail = "The data store is not set up for this."
    remedy = "Run `pactgate db upgrade`; if it still differs, undo the change that was made by hand."
