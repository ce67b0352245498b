"""The `partyhub` program: its commands, and the one place where errors become messages and exit codes."""

import os
import sys
from typing import Any

import typer

from partyhub_dagster.cli import (
    asking,
    auditing,
    building,
    checking,
    deciding,
    explaining,
    governing,
    history,
    keeping,
    quarantining,
    releasing,
    reviewing,
    sending,
    starting,
    streaming,
    syncing,
)
from partyhub_dagster.cli.options import Config
from partyhub_dagster.cli.printing import complain
from partyhub_dagster.errors import PartyHubError, describe_error

app = typer.Typer(
    name="partyhub",
    help="A party master data hub whose every answer can be traced, repeated and undone.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _before_any_command(config: Config = None) -> None:
    if config is not None:
        os.environ["PARTYHUB_CONFIG"] = str(config)


starting.register(app)
building.register(app)
streaming.register(app)
governing.register(app)
syncing.register(app)
releasing.register(app)
deciding.register(app)
reviewing.register(app)
auditing.register(app)
quarantining.register(app)
sending.register(app)
checking.register(app)
asking.register(app)
explaining.register(app)
history.register(app)
keeping.register(app)


# Typer's newer versions carry a click of their own, with exceptions of their own.
_WRONG_CALL: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def main() -> None:
    """Run the program; exit code 0 only on success, 1 on an error, 2 on a wrong call, 130 when interrupted."""
    try:
        outcome = app(standalone_mode=False)
        sys.stdout.flush()
    except _WRONG_CALL as error:
        error.show()
        sys.exit(error.exit_code)
    except PartyHubError as error:
        message, remedy = error.args
        complain(f"Error: {message}", f"What to do: {remedy}")
        sys.exit(1)
    except (typer.Abort, KeyboardInterrupt):
        complain("Interrupted; nothing half-done was kept.")
        sys.exit(130)
    except BrokenPipeError:  # the reader of our output has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(141)
    except Exception as error:  # noqa: BLE001 - the border: library texts can quote values and are not shown
        complain(f"Error: {describe_error(error)}")
        sys.exit(1)
    sys.exit(outcome if isinstance(outcome, int) else 0)


if __name__ == "__main__":
    main()
