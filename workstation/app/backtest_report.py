"""Files of a backtest: its report as one HTML page, its tables as CSV, and the run itself, from which both come again.

`workstation backtest --report DIR` and `workstation report FILE DIR`. Each file takes its place whole.
"""

import argparse
import os
from pathlib import Path

from workstation.backtest.report_page import Look, Report, page
from workstation.backtest.report_rows import TABLES
from workstation.backtest.saved_run import decoded, encoded
from workstation.config.resources import resource_text
from workstation.domain.errors import UserError
from workstation.storage.tick_archive import replacing

PAGE, RUN = "report.html", "run.json"


def write_report(folder: Path, report: Report) -> list[Path]:
    """Write page, tables and run into a folder, which is made; return the files.

    Raises:
        UserError: a file cannot be written.
    """
    look = Look(resource_text("report", "report.css"), resource_text("report", "report.js"))
    texts = {PAGE: page(report, look), RUN: encoded(report).decode()}
    texts |= {name: table(report.result) for name, table in TABLES.items()}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}") from error
    for name, text in texts.items():
        write_text(folder / name, text)
    return [folder / name for name in texts]


def write_text(path: Path, text: str) -> None:
    """Write a file, UTF-8, that takes its place whole.

    Raises:
        UserError: it cannot be written.
    """
    try:
        with replacing(path) as part, part.open("wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error


def command(arguments: argparse.Namespace) -> int:
    """Make the report of a saved run anew; returns 0.

    Raises:
        UserError: the file cannot be read or is none, or the folder takes no report.
    """
    path = Path(arguments.run)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    for written in write_report(Path(arguments.folder), decoded(raw)):
        print(written)
    return 0
