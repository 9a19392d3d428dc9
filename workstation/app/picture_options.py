"""Options of `--offscreen-shot`: where the picture goes and how large its window is."""

import argparse
import os
import re
from pathlib import Path

import msgspec

from workstation.domain.errors import UserError

SIDE_MAX = 8_000


class PictureOptions(msgspec.Struct, frozen=True):
    """File and window size in logical pixels."""

    file: Path
    size: tuple[int, int]


def picture_options(arguments: argparse.Namespace) -> PictureOptions | None:
    """Return what picture was asked for, None for none; prepares Qt to run without a display.

    Raises:
        UserError: the size is not WxH, or the folder does not exist.
    """
    if arguments.offscreen_shot is None:
        return None
    found = re.fullmatch(r"(\d{3,4})x(\d{3,4})", arguments.shot_size)
    if found is None or max(int(found[1]), int(found[2])) > SIDE_MAX:
        raise UserError(f"--shot-size {arguments.shot_size}: expected WIDTHxHEIGHT such as 1600x950")
    file = Path(arguments.offscreen_shot)
    if not file.resolve().parent.is_dir():
        raise UserError(f"--offscreen-shot {file}: its folder does not exist")
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return PictureOptions(file, (int(found[1]), int(found[2])))
