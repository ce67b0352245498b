"""The frozen matching model: everything that the weight of a pair depends on beside its two records."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

from partyhub_dagster.config import Thresholds
from partyhub_dagster.errors import ModelError

Kind = Literal["person", "organization"]

FORMAT = 3
"""Version of the artefact's shape and of the ladders; an artefact of another one is refused."""

RAREST_KEPT = 3
"""A value seen fewer times is not kept: a model must not hold one person's data. Unseen counts as seen once."""


@dataclass(frozen=True)
class MatchModel:
    """A model of one kind of party, immutable and named by its content.

    Guarantees: equal artefacts have equal versions; to_json is the same text for the same content.
    """

    kind: Kind
    artefact: Mapping[str, Any]

    @classmethod
    def of(cls, artefact: Mapping[str, Any]) -> Self:
        """Freeze an artefact: round its floats, order its keys, and name it by its hash."""
        if artefact.get("format") != FORMAT:
            raise ModelError(
                f"A matching model of format {artefact.get('format')} cannot be read; this is format {FORMAT}.",
                remedy="Train a new model with `partyhub train`.",
            )
        return cls(artefact["kind"], _rounded(artefact))

    def with_parts(self, **parts: Any) -> "MatchModel":
        """Return the model with some parts of the artefact replaced."""
        changed = MatchModel.of({**self.artefact, **parts})
        if "frequencies" not in parts and "frequency_table" in self.__dict__:
            changed.__dict__["frequency_table"] = self.frequency_table  # costly, and the same
        return changed

    def with_blocking(self, **parts: Any) -> "MatchModel":
        """Return the model with some parts of its blocking replaced."""
        return self.with_parts(blocking={**self.artefact["blocking"], **parts})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        return cls.of(json.loads(text))

    def to_json(self) -> str:
        """Write the artefact; the same content gives the same text."""
        return _as_json(self.artefact)

    @cached_property
    def version(self) -> str:
        """The model's name: the hash of its content."""
        return _hash_of(self.artefact)

    @cached_property
    def thresholds(self) -> Thresholds:
        """Weights, in bits, at which something changes."""
        return Thresholds(**self.artefact["thresholds"])

    @property
    def max_part(self) -> int:
        """Records that are clustered as a whole."""
        return int(self.artefact["max_part"])

    @property
    def origin(self) -> str:
        """`shipped` weights or `trained` ones."""
        return str(self.artefact["origin"])

    @property
    def trained_on(self) -> Mapping[str, int]:
        """Records per source that the model has seen when it was made."""
        return dict(self.artefact["trained_on"]["sources"])

    @property
    def metrics(self) -> Mapping[str, Any]:
        """What was measured when the model was made; no part of its version's meaning for scoring."""
        return dict(self.artefact["metrics"])

    @property
    def rules(self) -> list[str]:
        """Names of the blocking rules in use."""
        return list(self.artefact["blocking"]["rules"])

    @property
    def stop_keys(self) -> dict[str, list[int]]:
        """Keys that bring no pairs, by rule."""
        return {rule: list(keys) for rule, keys in self.artefact["blocking"]["stop_keys"].items()}

    def block_limit(self, rule: str) -> int:
        """Return how many records may share a key of the rule before the key must become a stop key."""
        blocking = self.artefact["blocking"]
        return int(blocking["limits"].get(rule, blocking["max_block"]))

    @cached_property
    def scoring_fingerprint(self) -> str:
        """Hash of all that weights depend on: a new version with only more stop keys has the same one."""
        parts = {
            name: self.artefact[name] for name in ("format", "kind", "prior", "comparisons", "frequencies")
        }
        parts["keep"] = self.thresholds.keep
        return _hash_of(parts)

    @cached_property
    def keys_fingerprint(self) -> str:
        """Hash of all that blocking keys depend on; stop keys act on pairs, not on keys."""
        blocking = self.artefact["blocking"]
        tokens = self.artefact["frequencies"].get("token", {})
        parts = {"format": FORMAT, "kind": self.kind, "rules": blocking["rules"], "tokens": tokens}
        return _hash_of(parts)

    @cached_property
    def frequency_table(self) -> Any:
        """The counts as an Arrow table (field, value, count), to be joined; built once per model."""
        import pyarrow as pa

        counted = [
            (field, value, count)
            for field, held in self.artefact["frequencies"].items()
            for value, count in held["counts"].items()
        ]
        fields, values, counts = zip(*counted, strict=True) if counted else ((), (), ())
        return pa.table(
            {
                "field": pa.array(fields, pa.string()),
                "value": pa.array(values, pa.string()),
                "count": pa.array(counts, pa.int64()),
            }
        )

    def with_stop_keys(self, keys: Iterable[tuple[str, int]]) -> "MatchModel":
        """Return the version of this model in which the given (rule, key hash) bring no pairs."""
        stop: dict[str, set[int]] = {rule: set(held) for rule, held in self.stop_keys.items()}
        for rule, key in keys:
            stop.setdefault(rule, set()).add(int(key))
        return self.with_blocking(stop_keys={rule: sorted(held) for rule, held in stop.items()})


def _hash_of(rounded: Mapping[str, Any]) -> str:
    return hashlib.sha256(_as_json(rounded).encode()).hexdigest()


def _as_json(rounded: Mapping[str, Any]) -> str:
    return json.dumps(rounded, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _rounded(value: Any) -> Any:
    """Round every float to six significant digits, so that the text survives a round trip."""
    match value:
        case float():
            return float(f"{value:.6g}")
        case dict() if set(map(type, value.values())) == {int}:  # counts of many values: nothing to round
            return value
        case Mapping():
            return {str(name): _rounded(held) for name, held in value.items()}
        case list() | tuple():
            return [_rounded(held) for held in value]
        case _:
            return value
