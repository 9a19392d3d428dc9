"""Options of `--offscreen-shot`: where the picture goes, how large its window is, and what is to be seen."""

import argparse
import os
import re
from pathlib import Path

import msgspec

from workstation.domain.errors import UserError

SIDE_MAX = 8_000


class PictureOptions(msgspec.Struct, frozen=True):
    """File, window size in logical pixels, and the name of a scene."""

    file: Path
    size: tuple[int, int]
    scene: str = "live"


def picture_options(arguments: argparse.Namespace) -> PictureOptions | None:
    """Return what picture was asked for, None for none; prepares Qt to run without a display.

    Raises:
        UserError: the size is not WxH, the folder does not exist, or there is no such scene.
    """
    if arguments.offscreen_shot is None:
        return None
    from workstation.app.scenes import scene_named  # noqa: PLC0415  the desktop starts without what only pictures need

    found = re.fullmatch(r"(\d{3,4})x(\d{3,4})", arguments.shot_size)
    if found is None or max(int(found[1]), int(found[2])) > SIDE_MAX:
        raise UserError(f"--shot-size {arguments.shot_size}: expected WIDTHxHEIGHT such as 1600x950")
    file = Path(arguments.offscreen_shot)
    if not file.resolve().parent.is_dir():
        raise UserError(f"--offscreen-shot {file}: its folder does not exist")
    scene_named(arguments.shot_scene)
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    return PictureOptions(file, (int(found[1]), int(found[2])), arguments.shot_scene)
