"""Where the hub and its configuration lie, by the environment: PARTYHUB_HOME and PARTYHUB_CONFIG."""

import os
from pathlib import Path

from partyhub_dagster.config import load_config
from partyhub_dagster.errors import ConfigError
from partyhub_dagster.hub import Hub
from partyhub_dagster.lake.connection import LakePlace

_SHIPPED = Path(__file__).parent.parent / "data" / "senzing_truthset" / "hub.yaml"


def home_folder() -> Path:
    """Return the folder of the lake: PARTYHUB_HOME, or `.partyhub` here."""
    return Path(os.environ.get("PARTYHUB_HOME") or ".partyhub").expanduser().resolve()


def config_file(named: Path | None = None) -> Path:
    """Return the hub.yaml to work by: the one named, PARTYHUB_CONFIG, or ./hub.yaml.

    Raises:
        ConfigError: none of them is there.
    """
    chosen = named or Path(os.environ.get("PARTYHUB_CONFIG") or "hub.yaml")
    if chosen.is_dir():
        raise ConfigError(
            f"{chosen} is a folder; nothing was read.",
            remedy=f"Name the file: {chosen / 'hub.yaml'}."
            if (chosen / "hub.yaml").is_file()
            else "It holds no hub.yaml. Name the file, or write a first one with `partyhub init FILE...`.",
        )
    if not chosen.is_file():
        raise ConfigError(
            f"There is no configuration at {chosen}.",
            remedy="Name one with --config FILE or PARTYHUB_CONFIG, write a first one with `partyhub init FILE...`,"
            " or try `partyhub demo`.",
        )
    return chosen.resolve()


def demo_folder() -> Path:
    """Return where `partyhub demo` works: its data, and its lake apart from the user's own."""
    return home_folder() / "demo"


def open_hub(config: Path, home: Path | None = None) -> Hub:
    """Return the hub of a hub.yaml, in PARTYHUB_HOME or the folder given.

    PARTYHUB_THREADS and PARTYHUB_MEMORY_LIMIT (such as `4GB`) bound what DuckDB takes.
    """
    threads = os.environ.get("PARTYHUB_THREADS")
    if threads is not None and not (threads.isdecimal() and int(threads) > 0):
        raise ConfigError(
            "PARTYHUB_THREADS is not a whole number above 0.", remedy="Set it to one, or unset it."
        )
    memory = os.environ.get("PARTYHUB_MEMORY_LIMIT") or None
    return Hub(
        load_config(config), LakePlace(home or home_folder(), int(threads) if threads else None, memory)
    )


def hub_from_environment() -> Hub:
    """Return the hub that Dagster drives: that of PARTYHUB_CONFIG or ./hub.yaml, else the demo's, else a shipped one.

    So the definitions load in a fresh clone too; the shipped one is the Senzing truth set.
    """
    if os.environ.get("PARTYHUB_CONFIG") or Path("hub.yaml").is_file():
        return open_hub(config_file())
    demo = demo_folder()
    if (demo / "data" / "hub.yaml").is_file():
        return open_hub(demo / "data" / "hub.yaml", demo / "lake")
    return open_hub(_SHIPPED)
