"""Files with what records hold, for the one who asked for them."""

from pathlib import Path

from partyhub_dagster.errors import OutputError


def write_private(file: Path, text: str) -> None:
    """Write a new file that other users cannot read.

    Raises:
        OutputError: the file is there already or cannot be written.
    """
    try:
        file.touch(mode=0o600, exist_ok=False)
        file.write_text(text, encoding="utf-8")
    except FileExistsError:
        raise OutputError(f"{file} exists; nothing was written.", remedy="Name a new file.") from None
    except OSError as error:
        raise OutputError(
            f"{file} could not be written ({type(error).__name__}).",
            remedy="Name a new file in a folder that you may write to.",
        ) from None
