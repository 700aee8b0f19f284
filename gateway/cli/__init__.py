"""
The command `pactgate`: one file a group of commands. Commands speak; the work is done in `gateway.services`.

Data goes to stdout, talk to stderr. Exit codes: 0 done, 1 refused or failed, 2 used wrongly.
"""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

from gateway.cli import (
    accounting,
    agreement,
    audit,
    audit_anomalies,
    audit_replay,
    audit_reproduce,
    audit_sample,
    audit_search,
    backups,
    certificate,
    client,
    client_secret,
    codes,
    confirming,
    consents_on_file,
    db,
    demo,
    emergency,
    ending_tokens,
    erasing,
    facts,
    family,
    hold,
    incident,
    init,
    keys,
    mapping,
    numbers,
    obligations,
    officer,
    paper,
    parental_rights,
    parties,
    partner,
    partner_roster,
    people,
    policy,
    recording,
    records,
    recovery,
    retaining,
    roster,
    serve,
    signer,
    slips,
    staff,
    statements,
    stops,
    subject_keys,
    token_keys,
    watching,
    wishes,
    withholding,
    witness,
)
from gateway.cli.run import REFUSALS, say, sentence_for

app = typer.Typer(
    name="pactgate",
    help="Share student data under signed agreements, and prove what was shared.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they print local variables, and those hold keys and students
)


def _say_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"pactgate {version('pactgate')}")
        raise typer.Exit


@app.callback()
def _every_command(
    _version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which release this is.")
    ] = False,
) -> None:
    pass


app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("backup")(backups.backup)
app.command("restore")(backups.restore)
app.add_typer(recovery.app, name="recovery")
keys.rotate.command("tokens")(token_keys.rotate_tokens)
keys.retire.command("tokens")(token_keys.retire_tokens)
keys.rotate.command("subjects")(subject_keys.rotate_subjects)
keys.app.command("rewrap")(subject_keys.rewrap)
keys.retire.command("subjects")(subject_keys.retire_subjects)
app.add_typer(keys.app, name="keys")
app.add_typer(db.app, name="db")
app.add_typer(officer.app, name="officer")
app.add_typer(signer.app, name="signer")
app.add_typer(staff.app, name="staff")
app.add_typer(agreement.app, name="agreement")
for stop in (stops.suspend, stops.terminate, stops.reinstatement, stops.reinstate):
    agreement.app.command(stop.__name__)(stop)
parties.app.command("suspend")(stops.suspend_partner)
parties.app.command("reinstatement")(stops.partner_reinstatement)
parties.app.command("reinstate")(stops.reinstate_partner)
agreement.app.command("review-pack")(obligations.review_pack)
agreement.app.command("sign-review")(obligations.sign_review)
agreement.app.command("reviewed")(obligations.reviewed)
app.add_typer(paper.app, name="paper")
app.add_typer(people.app, name="people")
ending_tokens.add_to(client.app, agreement.app)
client.app.command("secret")(client_secret.secret)
client.app.command("end-secret")(client_secret.end_secret)
app.add_typer(client.app, name="client")
app.add_typer(parties.app, name="parties")
app.add_typer(emergency.app, name="emergency")
app.add_typer(certificate.app, name="certificate")
app.add_typer(hold.app, name="hold")
app.add_typer(obligations.app, name="obligation")
app.add_typer(family.app, name="family")
app.add_typer(incident.app, name="incident")
for act in (erasing.erasure, erasing.sign_erasure, erasing.erase):
    records.app.command(act.__name__.replace("_", "-"))(act)
records.app.command("map")(mapping.records_map)
records.app.command("watch")(watching.watch)
records.app.command("confirmation")(confirming.confirmation)
records.app.command("sign-confirmation")(confirming.sign_confirmation)
records.app.command("retain")(retaining.retain)
records.app.command("consent")(wishes.consent)
records.app.command("consents")(consents_on_file.consents)
records.app.command("withdraw")(wishes.withdraw)
records.app.command("opt-out")(wishes.opt_out)
records.app.command("slip")(slips.slip)
records.app.command("parental-rights")(parental_rights.parental_rights)
records.app.command("place-statement")(statements.place)
records.app.command("end-statement")(statements.end)
records.app.command("merge-students")(numbers.merge)
records.app.command("number-reused")(numbers.reused)
records.app.command("number-kept")(numbers.kept)
app.add_typer(records.app, name="records")
app.add_typer(roster.app, name="roster")
app.add_typer(codes.app, name="codes")
app.add_typer(policy.app, name="policy")
audit.app.command("replay")(audit_replay.replay)
audit.app.command("reproduce")(audit_reproduce.reproduce)
for looking in (audit_search.search, audit_search.reindex, audit_anomalies.anomalies, audit_sample.sample):
    audit.app.command(looking.__name__)(looking)
audit.app.command("facts")(facts.facts)
audit.app.command("adopt-facts")(facts.adopt)
app.add_typer(audit.app, name="audit")
accounting.app.command("import")(recording.import_records)
withholding.add_to(accounting.app)
app.add_typer(accounting.app, name="accounting")
app.add_typer(witness.app, name="witness")
partner.app.add_typer(partner_roster.app, name="roster")
app.add_typer(partner.app, name="partner")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and leave the process with its exit code."""
    try:
        app(args=arguments if arguments is None else list(arguments))
    except REFUSALS as error:
        say(f"pactgate: {sentence_for(error)}")
        sys.exit(1)
