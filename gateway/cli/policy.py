"""`pactgate policy`: what the rules in force come to, and what would change."""

import typer

from gateway.cli import policy_analysis, policy_diff

app = typer.Typer(help="Policies: what the rules in force come to, and what would change.", no_args_is_help=True)
app.add_typer(policy_analysis.app, name="analyse")
app.command("diff")(policy_diff.diff)
