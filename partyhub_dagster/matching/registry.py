"""The models of a hub: which one is active, making one when there is none, and switching."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import ModelError
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import MATCH_MODELS, NORMALIZED_PARTIES
from partyhub_dagster.lake.write import WriteTransaction, write_transaction
from partyhub_dagster.matching.compare import compare_models
from partyhub_dagster.matching.cut import Merging
from partyhub_dagster.matching.learn import Label
from partyhub_dagster.matching.model import Kind, MatchModel
from partyhub_dagster.matching.train import KEYS, RANKS, SCORES, default_model, train_model

ENOUGH_IN_TWO_SOURCES = 1_000
ENOUGH_IN_ONE_SOURCE: dict[Kind, int] = {"person": 1_000, "organization": 5_000}
"""Records of organizations teach less: their evidence (name, place, phone) goes together."""


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A model as the hub keeps it."""

    model: MatchModel
    origin: str
    settings_fingerprint: str
    trained_sources: tuple[str, ...]
    trained_records: int


def active_model(session: Session, kind: Kind) -> StoredModel | None:
    """Return the active model of a kind, or None when there is none yet."""
    return _read(session, "kind = $x and status = 'active'", kind)


def require_model(session: Session, kind: Kind) -> MatchModel:
    """Return the active model of a kind.

    Raises:
        ModelError: none is active.
    """
    stored = active_model(session, kind)
    if stored is None:
        raise ModelError(
            f"No matching model is active for kind {kind}.", remedy="Run `partyhub build` first."
        )
    return stored.model


def ensure_model(session: Session, config: HubConfig, kind: Kind, merging: Merging) -> StoredModel:
    """Make sure that a model is active: shipped weights until there is enough to train on, then trained once.

    Raises:
        ModelError: hub.yaml asks for other matching settings than the active model was made under.
    """
    stored = active_model(session, kind)
    if stored is not None and stored.settings_fingerprint != config.fingerprint(f"matching:{kind}"):
        raise ModelError(
            f"`matching.{kind}` of hub.yaml differs from what the active model was made under.",
            remedy=f"Run `partyhub train --kind {kind} --activate`, or revert hub.yaml.",
        )
    if stored is not None and stored.origin != "shipped":
        return stored
    if stored is not None and not enough_to_train(session, kind):
        return stored
    return train(session, config, kind, merging, activate=True)


def enough_to_train(session: Session, kind: Kind) -> bool:
    """Tell whether two sources have 1,000 records of the kind each, or one has 5,000 (of persons: 1,000)."""
    counts = [
        row[0]
        for row in session.con.execute(
            "select count(*) from normalized_parties where kind = $kind group by source", {"kind": kind}
        ).fetchall()
    ]
    return (
        max(counts, default=0) >= ENOUGH_IN_ONE_SOURCE[kind]
        or sum(n >= ENOUGH_IN_TWO_SOURCES for n in counts) >= 2
    )


def train(
    session: Session,
    config: HubConfig,
    kind: Kind,
    merging: Merging,
    *,
    activate: bool,
    labels: Sequence[Label] = (),
) -> StoredModel:
    """Train a model on the live records, and on labelled pairs; a candidate unless it is to be active at once.

    With too few records to learn from it is the shipped weights, frozen under the matching settings of today.

    Raises:
        ModelError: labels are given, but too few of the kind to learn from; no model was made.
    """
    session.fit_threads(None)
    settings = config.matching.of(kind)
    newest = session.changes().newest
    records = _records_of(session, kind)
    try:
        if enough_to_train(session, kind):
            model = train_model(session.con, records, kind, settings, labels=labels, merging=merging)
        else:
            model = default_model(kind, settings, session.con, records, labels, merging)
        if activate and "pairs" in model.metrics:
            _hand_on(session.con, model, newest)
    finally:
        session.drop(records, KEYS, RANKS, SCORES)
    return _store(session, config, model, model.origin, activate=activate)


def handed_on(what: str, model: MatchModel, newest: Mapping[str, int]) -> str:
    """Name the temp table in which training leaves `keys` or `scores` of all records to the rest of its run.

    The name says by which model and of which state of the records, so that no others can be taken for them.
    """
    return f"{what}_{model.version}_{newest.get(NORMALIZED_PARTIES.name, 0)}"


def _hand_on(con: duckdb.DuckDBPyConnection, model: MatchModel, newest: Mapping[str, int]) -> None:
    con.execute(
        f"create temp table {handed_on('keys', model, newest)} as select rule, key_hash, record_id, $kind as kind"
        f" from {KEYS} join {RANKS} using (rid)",
        {"kind": model.kind},
    )
    con.execute(f"alter table {SCORES} rename to {handed_on('scores', model, newest)}")


def kinds_labelled(session: Session, labels: Sequence[Label]) -> list[Kind]:
    """List the kinds of live records that labels speak of."""
    rows = session.con.execute(
        "select distinct kind from normalized_parties semi join (select unnest($records)::uuid as record_id)"
        " using (record_id) order by kind desc",
        {"records": [str(record) for one, other, _ in labels for record in (one, other)]},
    ).fetchall()
    return [row[0] for row in rows]


def _records_of(session: Session, kind: Kind) -> str:
    session.con.execute(
        'create or replace temp table model_records as select * exclude (epoch, "values") from normalized_parties'
        f" where kind = '{kind}'"
    )
    return "model_records"


def find_model(session: Session, version: str) -> StoredModel:
    """Return the stored model whose version begins so.

    Raises:
        ModelError: there is none, or more than one.
    """
    if not version.strip():  # every version begins with nothing
        raise ModelError(
            "No version was given; nothing was done.", remedy="Take one from `partyhub model list`."
        )
    found = session.con.execute(
        "select version from match_models where starts_with(version, $v)", {"v": version}
    ).fetchall()
    stored = _read(session, "version = $x", found[0][0]) if len(found) == 1 else None
    if stored is None:
        raise ModelError(
            f"{len(found)} models have a version that begins with {version}; nothing was done.",
            remedy="Take a version from `partyhub model list`.",
        )
    return stored


def activate(session: Session, version: str) -> StoredModel:
    """Make a stored model the active one of its kind; the next build rescores every pair.

    Raises:
        ModelError: no model, or more than one, has a version that begins so.
    """
    stored = find_model(session, version)
    with write_transaction(session) as transaction:
        switch_status(transaction, stored.model)
    return stored


def compare(session: Session, old: MatchModel, new: MatchModel) -> dict[str, Any]:
    """Compare two models on the live records, as `compare_models` does.

    Raises:
        ModelError: they are of two kinds.
    """
    if old.kind != new.kind:
        raise ModelError(
            f"One of the models is of kind {old.kind}, the other of {new.kind}; nothing was compared.",
            remedy="Take two versions of one kind from `partyhub model list`.",
        )
    session.fit_threads(None)
    records = _records_of(session, new.kind)
    try:
        return compare_models(session.con, records, old, new)
    finally:
        session.drop(records)


def switch_status(transaction: WriteTransaction, model: MatchModel) -> None:
    """Retire the active model of the kind and activate `model`, inside an open transaction."""
    con = transaction.con
    con.execute(
        "create or replace temp table switched as select * exclude (epoch) replace"
        " (case when version = $version then 'active' else 'retired' end as status)"
        " from match_models where version = $version or (kind = $kind and status = 'active')",
        {"version": model.version, "kind": model.kind},
    )
    transaction.upsert(MATCH_MODELS, "switched")
    con.execute("drop table switched")


def write_model(
    transaction: WriteTransaction, model: MatchModel, origin: str, settings_fingerprint: str, *, active: bool
) -> None:
    """Store a model inside an open transaction; the same content is stored once, under the newest settings."""
    con = transaction.con
    seen = model.trained_on
    row = {
        "version": model.version, "kind": model.kind, "artefact": model.to_json(),
        "settings_fingerprint": settings_fingerprint, "origin": origin, "trained_records": sum(seen.values()),
        "trained_sources": sorted(seen), "metrics": json.dumps(model.metrics, sort_keys=True),
        "status": "candidate", "created_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    types = {column.name: column.sql_type for column in MATCH_MODELS.columns}
    selected = ", ".join(f"${name}::{types[name]} as {name}" for name in row)
    con.execute(f"create or replace temp table model_row as select {selected}", row)
    con.execute(
        "create or replace temp table model_new as from model_row anti join match_models using (version)"
    )
    transaction.append(MATCH_MODELS, "model_new")
    con.execute(
        "create or replace temp table model_held as"
        " select * exclude (epoch) replace ($settings as settings_fingerprint)"
        " from match_models where version = $version and settings_fingerprint <> $settings",
        {"settings": settings_fingerprint, "version": model.version},
    )
    transaction.upsert(MATCH_MODELS, "model_held")
    con.execute("drop table model_row; drop table model_new; drop table model_held")
    if active:
        switch_status(transaction, model)


def _store(
    session: Session, config: HubConfig, model: MatchModel, origin: str, *, activate: bool
) -> StoredModel:
    settings = config.fingerprint(f"matching:{model.kind}")
    with write_transaction(session) as transaction:
        write_model(transaction, model, origin, settings, active=activate)
    seen = model.trained_on
    return StoredModel(model, origin, settings, tuple(sorted(seen)), sum(seen.values()))


@lru_cache(maxsize=4)
def _model_of(artefact: str) -> MatchModel:
    """Read a model; one that is asked for again keeps what it has worked out."""
    return MatchModel.from_json(artefact)


def _read(session: Session, condition: str, value: str) -> StoredModel | None:
    row = session.con.execute(
        "select artefact, origin, settings_fingerprint, trained_sources, trained_records from match_models"
        f" where {condition}",
        {"x": value},
    ).fetchone()
    if row is None:
        return None
    return StoredModel(_model_of(row[0]), row[1], row[2], tuple(row[3]), int(row[4]))
