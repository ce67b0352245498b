"""`make services-up` and `make services-down`."""

import sys

from partyhub_dagster_tests.services.programs import ServiceError
from partyhub_dagster_tests.services.standing import Standing, standing_folder

USAGE = "usage: python -m partyhub_dagster_tests.services up|down"


def main(words: list[str]) -> int:
    """Run the command; exit code 0 only when both services stand, or neither does."""
    if words not in (["up"], ["down"]):
        sys.stderr.write(f"{USAGE}\n")
        return 2
    standing = Standing(standing_folder())
    try:
        lines = standing.up() if words == ["up"] else standing.down()
    except ServiceError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
