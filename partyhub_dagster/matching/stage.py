"""The two stages of matching: blocking keys of every live record, and the scored pairs they bring."""

import dataclasses
from dataclasses import dataclass

import duckdb

from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import ModelError
from partyhub_dagster.lake.fingerprint import fingerprint_of
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.stage import Delta, read_delta, write_stage
from partyhub_dagster.lake.tables import BLOCKING_KEYS, MATCH_EDGES, NORMALIZED_PARTIES
from partyhub_dagster.lake.write import WriteTransaction, Written
from partyhub_dagster.matching.blocking import create_blocking_keys
from partyhub_dagster.matching.edges import create_both_directions, create_edges
from partyhub_dagster.matching.model import Kind, MatchModel
from partyhub_dagster.matching.pairs import block_sizes, large_blocks
from partyhub_dagster.matching.registry import active_model, handed_on, require_model, write_model


@dataclass(frozen=True, slots=True)
class MatchChanges:
    """What one run of a matching stage did."""

    looked_at: int = 0
    pairs: int = 0
    changed: int = 0
    removed: int = 0
    stop_keys_added: int = 0


def block_changed(session: Session, kind: Kind) -> MatchChanges:
    """Keep blocking_keys of one kind: keys of the records that changed.

    Reads normalized_parties and the active model. Writes blocking_keys.
    """
    con = session.con
    model = require_model(session, kind)
    stage_fingerprint = fingerprint_of(__package__, model.keys_fingerprint)
    delta = read_delta(session, f"blocking_keys/{kind}", stage_fingerprint, full=session.full)
    if delta.is_empty([NORMALIZED_PARTIES]):
        return MatchChanges()
    con.execute(f"create or replace temp table dirty as {delta.changed(NORMALIZED_PARTIES, 'record_id')}")
    con.execute(
        "create or replace temp view dirty_records as"  # a copy would hold all columns, of which keys need few
        f" from normalized_parties semi join dirty using (record_id) where kind = '{kind}'"
    )
    made = _made_by_training(session, "keys", model, delta)
    if made is None:
        create_blocking_keys(con, model, "dirty_records", "keys_new")
    con.execute(f"create or replace temp table keys_ready as from {made or 'keys_new'} order by key_hash")
    scope = None if delta.everything else "dirty"
    (written,) = write_stage(
        session,
        delta,
        lambda tx: [tx.write_differences(BLOCKING_KEYS, "keys_ready", scope, f"kind = '{kind}'")],
    )
    looked_at = session.count("dirty")
    con.execute("drop view dirty_records")
    session.drop("dirty", made or "keys_new", "keys_ready")
    return MatchChanges(looked_at, 0, written.changed, written.removed)


def score_changed(session: Session, config: HubConfig, kind: Kind) -> MatchChanges:
    """Keep match_edges of one kind: pairs that touch a changed record, scored by the frozen model.

    Reads normalized_parties, blocking_keys and the active model. Writes match_edges; when a block has outgrown
    its limit also a new version of the model, in which that block's key is a stop key.

    Raises:
        ModelError: a block outgrew its limit and hub.yaml asks to stop then.
    """
    con = session.con
    model = require_model(session, kind)
    delta = read_delta(session, f"match_edges/{kind}", edge_fingerprint(model), full=session.full)
    if delta.is_empty([NORMALIZED_PARTIES, BLOCKING_KEYS]):
        return MatchChanges()
    of_kind = f"kind = '{kind}'"
    keys_changed = f" union {delta.changed(BLOCKING_KEYS, 'record_id', _RECORD_OF_KEY, of_kind)}"
    con.execute(
        f"create or replace temp table dirty as {delta.changed(NORMALIZED_PARTIES, 'record_id')}"
        f"{'' if delta.everything else keys_changed}"
    )
    con.execute(
        f"create or replace temp view keys as select rule, key_hash, record_id from blocking_keys where {of_kind}"
    )
    made = _made_by_training(session, "scores", model, delta)
    outgrown = _outgrown(session, config, kind, model, delta) if made is None else []
    newer = model.with_stop_keys((rule, key) for rule, key, _ in outgrown) if outgrown else model
    pairs = _create_edges(session, newer, delta, made)
    if not delta.everything:
        _create_scope(con, kind)

    def write(transaction: WriteTransaction) -> list[Written]:
        if outgrown:
            settings = active_model(session, kind)
            write_model(
                transaction,
                newer,
                "stop_keys",
                settings.settings_fingerprint if settings else "",
                active=True,
            )
        scope = None if delta.everything else "scope"
        return [transaction.write_differences(MATCH_EDGES, "edges", scope, of_kind)]

    (written,) = write_stage(session, dataclasses.replace(delta, fingerprint=edge_fingerprint(newer)), write)
    looked_at = session.count("dirty")
    session.drop("dirty", "edges", "scope")
    return MatchChanges(looked_at, pairs, written.changed, written.removed, len(outgrown))


_RECORD_OF_KEY = "split_part(key, '|', 3)::uuid"


def edge_fingerprint(model: MatchModel) -> str:
    """Return what edges depend on besides records and their keys: weights, stop keys, Splink, our code."""
    import importlib.metadata

    stop = sorted(model.stop_keys.items())
    return fingerprint_of(__package__, importlib.metadata.version("splink"), model.scoring_fingerprint, stop)


def _outgrown(
    session: Session, config: HubConfig, kind: Kind, model: MatchModel, delta: Delta
) -> list[tuple[str, int, int]]:
    """Find blocks above their frozen limit; every record in one becomes dirty, for its pairs may go."""
    con = session.con
    of_dirty = "select distinct rule, key_hash from keys semi join dirty using (record_id)"
    touched = "keys" if delta.everything else f"(from keys semi join ({of_dirty}) using (rule, key_hash))"
    outgrown = large_blocks(con, model, f"({block_sizes(touched)})")
    if outgrown and config.matching.of(kind).on_large_block == "stop":
        raise ModelError(
            f"{len(outgrown)} blocks of kind {kind} have outgrown their limit (the largest has"
            f" {max(size for _, _, size in outgrown):,} records); nothing was scored.",
            remedy=f"Train a new model, or set matching.{kind}.on_large_block: stop_key in hub.yaml.",
        )
    for rule, key, _ in outgrown:
        con.execute(
            "insert into dirty select record_id from keys where rule = $r and key_hash = $k",
            {"r": rule, "k": key},
        )
    return outgrown


def _create_edges(session: Session, model: MatchModel, delta: Delta, made: str | None) -> int:
    """Create temp table `edges`, from the scores that training made if it did, and return of how many pairs."""
    if made is not None:
        create_both_directions(session.con, model, made, "edges")
        session.drop(made)
        return int(model.metrics["pairs"])
    changed = None if delta.everything else "dirty"
    return create_edges(session.con, model, "keys", changed, "normalized_parties", "edges")


def _made_by_training(session: Session, what: str, model: MatchModel, delta: Delta) -> str | None:
    """Return the temp table in which training has left this of all records, if that was in this very run."""
    if not delta.everything:
        return None
    name = handed_on(what, model, delta.newest)
    try:
        session.con.execute(f"from temp.main.{name} limit 0")
    except duckdb.CatalogException:
        return None
    return name


def _create_scope(con: duckdb.DuckDBPyConnection, kind: Kind) -> None:
    """Create temp table `scope`: the stored edges, in both directions, that those of `dirty` replace."""
    touching = f"(from match_edges where kind = '{kind}') semi join dirty using (record_id)"
    con.execute(
        "create or replace temp table scope as with touching as"
        f" (select record_id, other_id from {touching})"
        " from touching union select other_id, record_id from touching"
    )
