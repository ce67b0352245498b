"""The `partyhub` program: its commands, and the one place where errors become messages and exit codes."""

import sys

import click
import typer

from partyhub_dagster.cli import asking, building, governing
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
building.register(app)
governing.register(app)
asking.register(app)


def main() -> None:
    """Run the program; exit code 0 only on success, 1 on an error, 2 on a wrong call, 130 when interrupted."""
    try:
        outcome = app(standalone_mode=False)
    except click.exceptions.Abort:
        complain("Interrupted; nothing half-done was kept.")
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except PartyHubError as error:
        message, remedy = error.args
        complain(f"Error: {message}", f"What to do: {remedy}")
        sys.exit(1)
    except KeyboardInterrupt:
        complain("Interrupted; nothing half-done was kept.")
        sys.exit(130)
    except Exception as error:  # noqa: BLE001 - the border: library texts can quote values and are not shown
        complain(f"Error: {describe_error(error)}")
        sys.exit(1)
    sys.exit(outcome if isinstance(outcome, int) else 0)


if __name__ == "__main__":
    main()
