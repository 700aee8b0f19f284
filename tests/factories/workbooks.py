"""Workbooks as a spreadsheet program writes them, and as somebody writes them who means harm."""

import datetime as dt
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import openpyxl

Cell = str | float | bool | dt.date | dt.time | None


def write_workbook(
    file: Path, rows: Sequence[Sequence[Cell]], *, sheet: str = "Sheet1", zeros: Sequence[str] = ()
) -> None:
    """Write a workbook, with an empty sheet before `sheet` if that has a name of its own; `zeros` show five digits."""
    book = openpyxl.Workbook()
    table = book.create_sheet(sheet) if sheet != "Sheet1" else book.worksheets[0]
    table.title = sheet
    for row in rows:
        table.append(list(row))
    for place in zeros:
        table[place].number_format = "00000"
    book.save(file)


def share_texts(file: Path) -> None:
    """Keep the texts of a workbook in a part of their own, as spreadsheet programs do."""
    texts: list[str] = []

    def shared(found: re.Match[str]) -> str:
        texts.append(found[2])
        return f'{found[1]} t="s"><v>{len(texts) - 1}</v></c>'

    cell = re.compile('(<c r="[A-Z0-9]+") t="inlineStr"><is><t>([^<]*)</t></is></c>')
    alter_part(file, "xl/worksheets/sheet1.xml", lambda part: cell.sub(shared, part.decode()).encode())
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    with zipfile.ZipFile(file, "a") as packed:
        items = "".join(f"<si><t>{text}</t></si>" for text in texts)
        packed.writestr("xl/sharedStrings.xml", f'<sst xmlns="{main}">{items}</sst>')
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    declared = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'.encode()
    alter_part(file, "[Content_Types].xml", lambda part: part.replace(b"</Types>", declared))


def alter_part(file: Path, part: str, change: Callable[[bytes], bytes]) -> None:
    """Change the bytes of one part of a workbook."""
    with zipfile.ZipFile(file) as packed:
        parts = {each.filename: packed.read(each) for each in packed.infolist()}
    changed = change(parts[part])
    assert changed != parts[part]
    parts[part] = changed
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
