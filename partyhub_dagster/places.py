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
    if not chosen.is_file():
        raise ConfigError(
            f"There is no configuration at {chosen}.",
            remedy="Name one with --config FILE or PARTYHUB_CONFIG, or try `partyhub demo` first.",
        )
    return chosen.resolve()


def default_config_file() -> Path:
    """Return the hub.yaml that Dagster loads: as `config_file`, else the demo's, else the shipped Senzing set."""
    demo = home_folder() / "demo" / "hub.yaml"
    candidates = [Path(os.environ["PARTYHUB_CONFIG"])] if os.environ.get("PARTYHUB_CONFIG") else []
    candidates += [Path("hub.yaml"), demo, _SHIPPED]
    if not os.environ.get("PARTYHUB_CONFIG"):
        candidates = [c for c in candidates if c.is_file()]
    return config_file(candidates[0] if candidates else None)


def open_hub(config: Path) -> Hub:
    """Return the hub of a hub.yaml, in PARTYHUB_HOME.

    PARTYHUB_THREADS and PARTYHUB_MEMORY_LIMIT (such as `4GB`) bound what DuckDB takes.
    """
    threads = os.environ.get("PARTYHUB_THREADS")
    place = LakePlace(
        home_folder(), int(threads) if threads else None, os.environ.get("PARTYHUB_MEMORY_LIMIT") or None
    )
    return Hub(load_config(config), place)


def hub_from_environment() -> Hub:
    """Return the hub that Dagster drives."""
    return open_hub(default_config_file())
