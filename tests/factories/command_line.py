"""The command line as a person uses it: a folder of their files, an environment, and what came out of each command."""

import asyncio
import datetime as dt
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from unittest.mock import patch

from agreements.keys import read_public_file
from gateway.cli import main
from gateway.store.session import connect
from tests.factories.database import TestServer

ROLES = ("admin", "owner", "app", "loader", "auditor")
NOW = dt.datetime(2026, 10, 5, 12, tzinfo=dt.UTC)
"""Within the terms of both example agreements."""
CONSENT, OFFICIAL = "sps-a-tutoring-consent.yaml", "sps-b-mentoring-school-official.yaml"
_DRAFTER = "Nn3oW2Yq7cUe1vR5tKzXbJ8mLp0aSdFgHjQwEiOyTuB"
PEOPLE = {"olivia": "Ed25519", "piotr": "ES256", "dana": "ES256", "rae": "Ed25519"}
"""Two officers, the district's signer and the partner's; each has `<name>.pem` and `<name>.pub.json`."""
RESPONSIBLE = "person:remy"
PEOPLE_LIST = f"""
people:
  - id: {RESPONSIBLE}
    name: Remy Responsible
    email: remy@partner.example
    role: responsible
    jwk: remy.pub.json
    training: {{title: Privacy of student records, completed_on: 2026-08-20, valid_to: 2027-08-31}}
"""

FACTS = """
format = 1
name = "facts"
[files.schools]
path = "schools.csv"
[files.students]
path = "students.csv"
[files.enrollments]
path = "enrollments.csv"
[[load]]
target = "schools"
from = "schools"
fields = {school_identifier = "code", school_name = "name"}
[[load]]
target = "students"
from = "students"
fields = {student_identifier = "number", first_name = "first", last_name = "last", birthdate = "born"}
[[load]]
target = "enrollments"
from = "enrollments"
fields = {student_identifier = "number", school_identifier = "school", school_year = "year", entry_date = "in"}
"""
LISTS = """
format = 1
name = "lists"
[files.roster]
path = "roster.csv"
[files.consents]
path = "consents.csv"
[[load]]
target = "rosters"
from = "roster"
fields.student_identifier = "number"
fields.from_date = "in"
fields.agreement = {column = "agreement", lookup = "agreements"}
[[load]]
target = "consents"
from = "consents"
fields.student_identifier = "number"
fields.covers = {constant = "all", separator = ";"}
fields.signed_by = {constant = "parent"}
fields.signed_on = "signed"
fields.from_date = "signed"
fields.agreement = {column = "agreement", lookup = "agreements"}
fields.signer = {constant = "Somebody's Parent"}
fields.purpose = {constant = "tutoring"}
fields.party = {constant = "partner:bright-path"}
fields.what_will_be_done = {constant = "Tutors plan their sessions by it."}
fields.form = {constant = "paper"}
fields.evidence = {constant = "sha256:EVIDENCE"}
fields.notice = {constant = "sha256:EVIDENCE"}
fields.notice_language = {constant = "en"}
""".replace("EVIDENCE", "e" * 64)
EXPORT = {
    "schools.csv": "code,name\nECS-101,Cedar\n",
    "students.csv": "number,first,last,born\n"
    "7001,Zenobia,Quillfeather,2012-03-04\n7002,Bo,Lindqvistsson,2011-05-06\n7003,Ana,Ruizdottir,2012-07-08\n",
    "enrollments.csv": "number,school,year,in\n"
    + "".join(f"{number},ECS-101,2026-2027,2026-09-01\n" for number in (7001, 7002, 7003)),
    "roster.csv": "agreement,number,in\n" + "".join(f"bright,{number},2026-09-01\n" for number in (7001, 7002)),
    "consents.csv": "agreement,number,signed\n" + "".join(f"bright,{number},2026-09-02\n" for number in (7001, 7002)),
}
PERSONAL = ("Zenobia", "Quillfeather", "Lindqvistsson", "Ruizdottir", "7001", "7002", "7003", "2012-03-04")
"""What no command may ever print."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one command did: its exit code, its data and its talk."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A folder to work in and a database. An argument that starts with `@` is a file in the folder."""

    folder: Path
    database: str
    server: TestServer
    environment: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def on(cls, server: TestServer, database: str, folder: Path) -> "CommandLine":
        urls = {f"PACTGATE_{role.upper()}_URL": server.url(role, database) for role in ROLES}
        return cls(folder, database, server, {"PACTGATE_HOME": str(folder / "home"), **urls})

    def without(self, *names: str) -> "CommandLine":
        """The same desk with these settings unset."""
        return replace(self, environment={name: value for name, value in self.environment.items() if name not in names})

    def with_settings(self, **settings: str) -> "CommandLine":
        return replace(self, environment={**self.environment, **settings})

    def run(self, *arguments: str, typed: str = "") -> Outcome:
        """Run a command. An argument `@name` is the file of that name in the folder."""
        named = [str(self.folder / text[1:]) if text.startswith("@") else text for text in arguments]
        out, err = io.StringIO(), io.StringIO()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PACTGATE_")}
        with (
            patch.dict(os.environ, {**kept, **self.environment}, clear=True),
            patch.object(sys, "stdin", io.StringIO(typed)),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main(named)
            except SystemExit as left:
                code = int(left.code or 0)
        assert "Traceback" not in err.getvalue()
        # A number is looked for as a word: any digits may stand inside a digest.
        said = out.getvalue() + err.getvalue()
        assert [word for word in PERSONAL if re.search(rf"(?<![\w-]){word}(?![\w-])", said)] == []
        return Outcome(code, out.getvalue(), err.getvalue())

    def done(self, *arguments: str, typed: str = "") -> Any:
        """Run a command that succeeds; return its data."""
        outcome = self.run(*arguments, typed=typed)
        assert outcome.code == 0, outcome.err
        return outcome.data if outcome.out else None

    def refused(self, *arguments: str, code: int = 1, typed: str = "") -> str:
        """Run a command that is refused; return what was said."""
        outcome = self.run(*arguments, typed=typed)
        assert outcome.code == code, outcome
        return outcome.err

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def public(self, name: str) -> str:
        """The thumbprint of a person's key."""
        return read_public_file((self.folder / f"{name}.pub.json").read_bytes()).thumbprint

    def draft(self, name: str = CONSENT, *, drafter: str = "piotr", file: str = "agreement.yaml") -> None:
        """Write one of the example agreements, drafted by this person."""
        text = files("agreements").joinpath("examples", name).read_text("utf-8")
        self.write(file, text.replace(_DRAFTER, self.public(drafter)))

    def sql(self, statement: str, *values: object, role: str = "owner") -> None:
        """Do something to the database behind the product's back."""

        async def work() -> None:
            async with connect(self.server.url(role, self.database)) as connection:
                await connection.execute(statement, *values)

        asyncio.run(work())

    def at(self, moment: dt.datetime) -> None:
        """Shift the clock of this installation, which is a demo, to a moment."""
        self.sql("UPDATE gateway.installation SET clock_shift = $1::timestamptz - statement_timestamp()", moment)

    def found(self, query: str, *, role: str = "owner") -> Any:
        """Look into the database."""

        async def work() -> Any:
            async with connect(self.server.url(role, self.database)) as connection:
                return await connection.fetchval(query)

        return asyncio.run(work())

    # Steps of the story, each through the commands.

    def open(self) -> None:
        """Make everybody's keys and the gateway's, and open the log."""
        for name, algorithm in PEOPLE.items():
            self.done("signer", "keygen", f"@{name}.pem", "--algorithm", algorithm)
        self.done("keys", "init")
        officers = [
            text
            for name, person in (("olivia", "Olivia Okafor"), ("piotr", "Piotr Nowak"))
            for text in ("--officer", f"{person}={self.folder / name}.pub.json")
        ]
        opened = self.done("init", "--origin", "pactgate.test/emerald-city", *officers, "--demo")
        self.server.know(opened["log_public_key"])
        self.at(NOW)

    def introduce(self, name: str, party: str, *officers: str, person: str | None = None, out: str) -> None:
        """Write a signer document, signed by these officers."""
        keys = [text for officer in officers for text in ("--officer-key", f"@{officer}.pem")]
        days = ("--from", "2026-07-01", "--to", "2027-06-30")
        key = ("--public-key", f"@{name}.pub.json")
        self.done("signer", "introduce", "--party", party, "--name", person or name, *key, *days, *keys, "--out", out)

    def sign(self, file: str = "agreement.yaml", *people: str) -> None:
        """Sign a draft as these people: the first from the draft, the others on top."""
        signed = file.rpartition(".")[0] + ".signed.json"
        for place, name in enumerate(people or ("dana", "rae")):
            self.done("agreement", "sign", f"@{signed if place else file}", "--key", f"@{name}.pem")

    def approve(
        self, officer: str = "olivia", *, file: str = "agreement.signed.json", out: str = "approval.json"
    ) -> None:
        """Approve a signed agreement."""
        self.done("agreement", "approve", f"@{file}", "--key", f"@{officer}.pem", "--out", f"@{out}", "--yes")

    def activate(self, file: str = "agreement.signed.json", approval: str = "approval.json") -> str:
        """Bring it into force and return its digest."""
        return str(self.done("agreement", "activate", f"@{file}", "--approval", f"@{approval}")["agreement"])

    def bind(self, agreement: str, *, signer: str = "rae", out: str = "binding.json", client: str | None = None) -> str:
        """Bind a new client of the partner; return its id."""
        keys = self.folder / f"keys of {out}"
        self.write(f"{out}.jwks", json.dumps(self.done("partner", "keygen", str(keys))))
        chosen = () if client is None else ("--client", client)
        files_ = ("--jwks", f"@{out}.jwks", "--signer-key", f"@{signer}.pem", "--out", f"@{out}")
        bind = ("client", "bind", "--agreement", agreement, "--responsible", RESPONSIBLE)
        return str(self.done(*bind, *files_, *chosen)["client"])

    def name_people(self, agreement: str, *, signer: str = "rae", officer: str = "olivia") -> None:
        """Have the partner name who answers for its clients, with a key of its own, and an officer approve."""
        self.done("signer", "keygen", "@remy.pem")
        self.write("people.yaml", PEOPLE_LIST)
        sign = ("--agreement", agreement, "--key", f"@{signer}.pem", "--out", "@people.json")
        self.done("people", "sign", "@people.yaml", *sign)
        approve = ("--officer-key", f"@{officer}.pem", "--out", "@people.approval.json", "--yes")
        self.done("people", "approve", "@people.json", *approve)
        self.done("people", "register", "@people.json", "--approval", "@people.approval.json")

    def accept(self, signed: str = "agreement.signed.json", *, out: str = "undertaking.json") -> None:
        """Have that person accept what a signed agreement asks of them."""
        who = ("--person", RESPONSIBLE, "--school-year", "2026-2027", "--key", "@remy.pem", "--out", f"@{out}")
        self.done("people", "accept", f"@{signed}", *who, "--yes")
        self.done("people", "accepted", f"@{out}")

    def export_files(self, **changed: str) -> None:
        """Write the mapping files and the export; `changed` replaces files by their name without `.csv`."""
        self.write("facts.toml", FACTS)
        self.write("lists.toml", LISTS)
        for name, text in EXPORT.items():
            self.write(f"export/{name}", changed.get(name.removesuffix(".csv"), text))

    def load_confirmed(self, *load: str) -> Any:
        """Load what would be held, confirmed by both officers; `load` are the arguments of `records load`."""
        out = f"@confirmation-{len(list(self.folder.glob('confirmation-*')))}.json"
        signed = ("--key", "@olivia.pem", "--key", "@piotr.pem", "--reason", "It is right.", "--out", out)
        self.done("records", "confirmation", *load, "--district", "district:emerald-city", *signed)
        return self.done("records", "load", *load, "--confirmed", out)

    def copy(self, database: str, folder: Path) -> "CommandLine":
        """The same installation again, in a folder and a database of its own."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return CommandLine.on(self.server, database, folder)
