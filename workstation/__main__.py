"""Command line of the workstation: parse arguments, then hand over to `app`, which loads what the call needs."""

import gc
import sys
from argparse import Namespace
from collections.abc import Sequence

from workstation.app.command_line import USAGE_CODE, read_call
from workstation.app.start_order import rest_collector
from workstation.domain.errors import UserError, WorkstationError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit code: 0 done, 1 failed, 2 called wrongly."""
    rest_collector()
    try:
        return _run(read_call(arguments))
    except UserError as error:
        print(f"workstation: {error}", file=sys.stderr)
        return USAGE_CODE
    except (WorkstationError, OSError) as error:
        print(f"workstation: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # before or between what stops by itself at Ctrl+C and keeps what it has
        print("workstation: interrupted", file=sys.stderr)
        return 1
    finally:
        gc.enable()


def _run(parsed: Namespace) -> int:
    """Run a sub-command, the headless program or the desktop."""
    if parsed.command is not None:
        from workstation.app import offline  # noqa: PLC0415  the desktop starts without what only sub-commands need

        gc.enable()
        return offline.COMMANDS[parsed.command](parsed)
    from workstation.app.bootstrap import options_from  # noqa: PLC0415  `--help` does without
    from workstation.app.picture_options import picture_options  # noqa: PLC0415  as above
    from workstation.app.runs import run_desktop, run_headless  # noqa: PLC0415  as above

    options = options_from(parsed)
    if options.settings_trouble:
        print(f"workstation: {options.settings_trouble}", file=sys.stderr)
    if parsed.headless:
        return run_headless(options)
    shot = picture_options(parsed)
    if shot is not None:
        return run_desktop(options, shot=shot)
    from workstation.desktop.eventloop import display_available  # noqa: PLC0415  headless runs need no Qt

    if not display_available():
        print("workstation: no display here; running headless", file=sys.stderr)
        return run_headless(options)
    return run_desktop(options)


if __name__ == "__main__":
    sys.exit(main())
