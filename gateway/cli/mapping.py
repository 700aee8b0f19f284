"""`pactgate records map`: a mapping drafted from an export, or tried on one, before anything is installed or loaded."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.run import say, show
from gateway.services.mapping_drafts import Draft, Trial, draft_mapping, try_mapping
from gateway.services.stewardship import read_mappings


def records_map(
    *,
    export: Annotated[Path, typer.Argument(metavar="EXPORT", exists=True, help="A file, a folder or a zip archive.")],
    guess: Annotated[bool, typer.Option("--guess", help="Draft a mapping from headers and the first rows.")] = False,
    check: Annotated[Path | None, typer.Option(metavar="MAPPING", help="Read the export by this mapping.")] = None,
    out: Annotated[Path | None, typer.Option(help="The mapping to write, in TOML; stdout without it.")] = None,
) -> None:
    """Draft a mapping for an export (--guess), or say what each target of one would take (--check). Loads nothing."""
    if guess == (check is not None):
        raise typer.BadParameter("say either --guess or --check", param_hint="--guess")
    if check is not None:
        (mapping,) = read_mappings([check])
        show([_tried(each) for each in try_mapping(mapping, [export])])
        return
    draft = draft_mapping(export, export.stem if out is None else out.stem)
    if out is None:
        typer.echo(draft.text, nl=False)
    else:
        _write(out, draft.text)
        show(_drafted(draft, out))
    say(f"{draft.todo} line(s) are to be finished: look for TODO.")


def _write(out: Path, text: str) -> None:
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise typer.BadParameter(f"{out}: {error.strerror}.", param_hint="--out") from None


def _drafted(draft: Draft, out: Path) -> dict[str, object]:
    return {
        "mapping": str(out),
        "files": draft.files,
        "targets": draft.targets,
        "todo": draft.todo,
        "unread": draft.unread,
    }


def _tried(trial: Trial) -> dict[str, object]:
    return {
        "target": trial.target,
        "file": trial.file,
        "rows": trial.rows,
        "taken": trial.taken,
        "left_out": trial.left_out,
        "refused_rows": trial.refused,
        "reasons": dict(trial.reasons.most_common(100)),
        "refused": [str(row) for row in trial.examples],
    }
