"""What hub.yaml may say about the matching of one kind; everything has a default."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from partyhub_dagster.matching.model import Thresholds


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """Overrides of the matching of one kind, as given under `matching.<kind>`; units of thresholds: bits."""

    thresholds: Mapping[str, float] = field(default_factory=dict)
    max_part: int = 500
    disable: tuple[str, ...] = ()
    disable_rules: tuple[str, ...] = ()
    max_block: int = 300
    seed: int = 1

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Self:
        """Read `matching.<kind>` as plain data; absent and null entries mean the default."""
        held = {name: value for name, value in (given or {}).items() if value is not None}
        blocking = held.get("blocking") or {}
        default = cls()
        return cls(
            thresholds={
                name: bits for name, bits in (held.get("thresholds") or {}).items() if bits is not None
            },
            max_part=held.get("max_part", default.max_part),
            disable=tuple(held.get("disable", ())),
            disable_rules=tuple(blocking.get("disable") or ()),
            max_block=blocking.get("max_block") or default.max_block,
        )

    def thresholds_as_dict(self) -> dict[str, float]:
        """Return all thresholds, the given over the default ones."""
        given = {name: float(bits) for name, bits in self.thresholds.items()}
        return {name: float(bits) for name, bits in (asdict(Thresholds()) | given).items()}
