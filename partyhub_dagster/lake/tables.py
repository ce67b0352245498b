"""Every table of the lake: name, grain, key, columns. Dagster schemas, key checks and docs derive from this module."""

from collections.abc import Iterable
from typing import Protocol

from partyhub_dagster.lake.metadata import Column, Table

SCHEMA_VERSION = 1

_PROVENANCE = "MAP(VARCHAR, STRUCT(record_id UUID, rule VARCHAR)[])"


class GoldenAttribute(Protocol):
    """What this module must know of an attribute of hub.yaml."""

    @property
    def name(self) -> str:
        """Name of its column."""

    @property
    def sql_type(self) -> str:
        """Type of its column."""

    @property
    def personal(self) -> bool:
        """Whether it can hold personal data."""

    @property
    def description(self) -> str:
        """What it means."""


def _columns(text: str) -> tuple[Column, ...]:
    """Read `name | TYPE | description` lines; a `!` before the name marks personal data."""
    rows = [[part.strip() for part in line.split("|", 2)] for line in text.strip().splitlines()]
    return tuple(Column(name.lstrip("!"), sql, note, name.startswith("!")) for name, sql, note in rows)


_VERSION = """
    record_id | UUID | Id of the source record for ever: a function of source and source_record_id.
    source | VARCHAR | Name of the source in hub.yaml.
    !source_record_id | VARCHAR | The key of the record in its source, as received.
    !payload | VARCHAR | The row as received: a JSON object of column and value.
    content_hash | UUID | Hash of the payload; null for a deletion by absence.
    version_order | VARCHAR | The source's version or event time in a form that sorts as text; null if it has none.
    event_time | TIMESTAMP | When the source says the version came about (UTC); null if it does not say.
    ingest_seq | BIGINT | Order of acceptance, over all sources.
    load_id | UUID | The load that brought the version.
    deleted | BOOLEAN | Whether this version says that the record is gone.
    deleted_by | VARCHAR | `marker`; `absence`: a full snapshot lacked it or its source was retired; null if live.
"""

SOURCE_PARTIES = Table(
    "source_parties",
    "one row per source record: its current version; tombstones are kept",
    ("record_id",),
    _columns(_VERSION + "    first_seen | BIGINT | The record's first ingest_seq; outlives deletion.\n"),
)
SOURCE_PARTY_HISTORY = Table(
    "source_party_history",
    "one row per accepted version of a source record",
    ("record_id", "ingest_seq"),
    _columns(_VERSION),
)
QUARANTINE = Table(
    "quarantine",
    "one row per distinct rejected input row or message",
    ("quarantine_id",),
    _columns("""
    quarantine_id | UUID | Hash of source and payload: the same bad row twice is one row.
    source | VARCHAR | Name of the source in hub.yaml; the topic of a message that names none.
    record_id | UUID | The record it speaks of, where its key could be read.
    !payload | VARCHAR | The row as received, or its raw text; of a message its whole value.
    file | VARCHAR | The file it came in, relative to hub.yaml; `kafka:TOPIC/PARTITION` of a message.
    line | BIGINT | Line in a text file, row in a Parquet file, counted from 1; of a message its offset.
    reasons | VARCHAR[] | Every reason, naming columns, never values.
    load_id | UUID | The load that rejected it.
    replay_state | VARCHAR | `open`; `replayed`: loaded after all; `superseded`: a later delivery brought its record.
"""),
    at_head=True,
)
LOAD_AUDIT = Table(
    "load_audit",
    "one row per load of a file or, by source, of a batch of messages",
    ("load_id",),
    _columns("""
    load_id | UUID | Id of the load.
    source | VARCHAR | Name of the source in hub.yaml.
    file | VARCHAR | The file, relative to hub.yaml; `kafka:TOPIC RANGES` of a batch.
    file_hash | VARCHAR | SHA-256 of what the file holds, expanded where it is compressed; null if it could not be read.
    file_size | BIGINT | Bytes.
    file_mtime_ns | BIGINT | Modification time when it was read.
    load_order | BIGINT | Order of loads in the hub.
    rows_in | BIGINT | Rows in the file = stored + unchanged + quarantined.
    rows_stored | BIGINT | Accepted as versions.
    rows_unchanged | BIGINT | Already known.
    rows_quarantined | BIGINT | Rejected with reasons.
    rows_late | BIGINT | Of the stored: older than the current version, so history only.
    version_conflicts | BIGINT | Of the stored: equal version, different content.
    deletions | BIGINT | Records deleted because a full snapshot lacks them, or with their source.
    deletions_refused | BIGINT | Such deletions refused: a row's key was unreadable, or too many.
    status | VARCHAR | `loaded`, `failed`, `refused`; `withdrawn`: gone; `retired`: source is out; `restarted`: a topic.
    error | VARCHAR | Why it failed: type and place, no values.
    started_at | TIMESTAMPTZ | When the load began.
    duration_s | DOUBLE | Seconds.
"""),
    at_head=True,
)
DELIVERY_ACCEPTANCES = Table(
    "delivery_acceptances",
    "one row per delivery that a person let through although it breaks its contract, for this content only",
    ("source", "file_hash"),
    _columns("""
    source | VARCHAR | Name of the source in hub.yaml.
    file_hash | VARCHAR | SHA-256 of the file that is let through.
    file | VARCHAR | The file, relative to hub.yaml.
    author | VARCHAR | Who accepted.
    !reason | VARCHAR | Why.
    accepted_at | TIMESTAMPTZ | When.
"""),
    at_head=True,
)
LOAD_PROFILES = Table(
    "load_profiles",
    "one row per load and mapped column: what a sample of its live rows looks like, in counts",
    ("load_id", "column_name"),
    _columns("""
    load_id | UUID | Id of the load.
    column_name | VARCHAR | Column of the source.
    sampled | BIGINT | Rows looked at.
    filled | BIGINT | Of these: with a value.
    commonest | BIGINT | Of these: with the value that is most frequent in the column.
    mails | BIGINT | Of these: with an @.
    dates | BIGINT | Of these: like a date.
    numbers | BIGINT | Of these: digits with at most signs, blanks and points.
    words | BIGINT | Of these: without digits.
"""),
)
NORMALIZED_PARTIES = Table(
    "normalized_parties",
    "one row per live source record, match-ready",
    ("record_id",),
    _columns("""
    record_id | UUID | Id of the source record.
    source | VARCHAR | Name of the source in hub.yaml.
    !source_record_id | VARCHAR | The key of the record in its source.
    kind | VARCHAR | `person` or `organization`: only records of one kind are compared.
    party_type | VARCHAR | INDIVIDUAL, ORGANIZATION or LEGAL_ENTITY, as this record has it.
    first_seen | BIGINT | Order in which the hub first saw the record.
    recency | BIGINT | Ingest sequence of the current version.
    event_time | TIMESTAMP | When the source says the version came about (UTC).
    !values | MAP(VARCHAR, STRUCT(value VARCHAR, valid BOOLEAN)[]) | Cleaned values by attribute; valid may be null.
    !name_full | VARCHAR | Primary name: Latin, lower case; organisations without legal form.
    !name_given | VARCHAR | Given name of a person.
    !name_middle | VARCHAR | Middle names of a person.
    !name_family | VARCHAR | Family name of a person.
    !name_suffix | VARCHAR | Jr, Sr, III of a person.
    !name_root | VARCHAR | What the given name is short for: bob is robert.
    !name_initials | VARCHAR | First letters of the name.
    !name_phonetic | VARCHAR | Sound of the family name or of the organisation's first token.
    !name_tokens | VARCHAR[] | Distinct tokens of all names, sorted.
    !names | VARCHAR[] | All names, normalised, the primary first.
    legal_form | VARCHAR | Canonical legal form of an organisation.
    name_numbers | VARCHAR | Numbers in an organisation's name: Fund II is 2.
    name_acronym | VARCHAR | First letters of an organisation's name.
    !birth_date | DATE | Date of birth.
    !address_full | VARCHAR | Primary address, normalised.
    !addresses | VARCHAR[] | All addresses, normalised.
    !street | VARCHAR | Street of the primary address.
    !house_number | VARCHAR | House number of the primary address.
    !unit | VARCHAR | Flat, suite or unit of the primary address.
    !city | VARCHAR | City of the primary address.
    region | VARCHAR | State or region of the primary address.
    !postcode | VARCHAR | Postal code of the primary address.
    country | VARCHAR | ISO 3166 alpha-2, lower case.
    !phones | VARCHAR[] | E.164 where valid, else digits.
    !emails | VARCHAR[] | E-mail addresses.
    !websites | VARCHAR[] | Domains.
    !ids | VARCHAR[] | scheme:value, valid or not checkable.
    !weak_ids | VARCHAR[] | scheme:value whose check failed: weak evidence.
    !exclusive_ids | VARCHAR[] | scheme:value that only one party can have, valid only.
    placeholders | INTEGER | Values dropped because they stand for nothing.
    invalid_values | INTEGER | Values kept although a check failed.
"""),
)
MATCH_MODELS = Table(
    "match_models",
    "one row per version of a matching model",
    ("version",),
    _columns("""
    version | VARCHAR | Content hash of the artefact.
    kind | VARCHAR | `person` or `organization`.
    artefact | VARCHAR | Everything scoring depends on, as JSON.
    settings_fingerprint | VARCHAR | The matching settings of hub.yaml that it was made under.
    origin | VARCHAR | `shipped`, `trained`, `labels` or `stop_keys`.
    trained_records | BIGINT | Records it was trained on; `shipped`: live records when it was frozen.
    trained_sources | VARCHAR[] | Sources it has seen.
    metrics | VARCHAR | What training measured, as JSON.
    status | VARCHAR | candidate, active or retired.
    created_at | TIMESTAMPTZ | When it was made.
"""),
)
BLOCKING_KEYS = Table(
    "blocking_keys",
    "one row per blocking rule, key hash and record",
    ("rule", "key_hash", "record_id"),
    _columns("""
    rule | VARCHAR | Name of the blocking rule.
    key_hash | UBIGINT | Hash of the value that records must share.
    record_id | UUID | Id of the source record.
    kind | VARCHAR | `person` or `organization`.
"""),
)
MATCH_EDGES = Table(
    "match_edges",
    "one row per direction of a scored pair at or above `keep`",
    ("record_id", "other_id"),
    _columns("""
    record_id | UUID | One end.
    other_id | UUID | The other end.
    kind | VARCHAR | `person` or `organization`.
    weight | INTEGER | Match weight in 1/1000 bit.
"""),
)
DECISIONS = Table(
    "decisions",
    "one row per human decision; append-only",
    ("decision_id",),
    _columns("""
    decision_id | UUID | Id of the decision.
    sequence | BIGINT | Order of decisions.
    verdict | VARCHAR | SAME, NOT_SAME, PIN or REVOKE.
    left_id | UUID | Record on the left; the record of a PIN.
    right_id | UUID | Record on the right; null for PIN and REVOKE.
    !left_key | VARCHAR | SOURCE:RECORD of the left.
    !right_key | VARCHAR | SOURCE:RECORD of the right.
    attribute | VARCHAR | PIN: the attribute.
    !value | VARCHAR | PIN: the value; a JSON list for an attribute of many values.
    group_id | UUID | Decisions taken, and undone, together.
    revokes | UUID | REVOKE: a decision_id or group_id.
    author | VARCHAR | Who decided.
    !reason | VARCHAR | Why.
    decided_at | TIMESTAMPTZ | When.
"""),
    at_head=True,
)
DECISION_GROUPS = Table(
    "decision_groups",
    "one row per group of decisions that has a name",
    ("group_id",),
    _columns("""
    group_id | UUID | Id of the group, as in decisions: a function of the name.
    !name | VARCHAR | What its author calls it.
"""),
    at_head=True,
)
PARTY_CLUSTERS = Table(
    "party_clusters",
    "one row per live source record",
    ("record_id",),
    _columns("""
    record_id | UUID | Id of the source record.
    component_id | UUID | Smallest record_id of its component.
    party_id | UUID | record_id of its party's anchor.
    confidence | DOUBLE | Probability of the merge of its party with the lowest mean weight; null for one record.
"""),
)
CLUSTER_CONFLICTS = Table(
    "cluster_conflicts",
    "one row per decision, or pair of records with the same exclusive identifier rule, that was overruled",
    ("conflict_id",),
    _columns("""
    conflict_id | UUID | Hash of what conflicts.
    component_id | UUID | The component in which it happens.
    what | VARCHAR | `decision` or `exclusive`.
    decision_id | UUID | The decision overruled, where it is one.
    overruled_by | VARCHAR | The decision or rule that holds.
"""),
)
PARTY_LINEAGE = Table(
    "party_lineage",
    "one row per event of a party in a run; the sequence has no gap",
    ("sequence",),
    _columns("""
    sequence | BIGINT | 1, 2, 3 ... without a gap.
    event | VARCHAR | CREATED, SPLIT, MERGED, RENAMED, RETIRED, MEMBERS_CHANGED or UPDATED.
    party_id | UUID | The party that the event is about.
    other_id | UUID | MERGED, RENAMED: where it answers now; SPLIT: where it came from.
    members | UUID[] | CREATED, SPLIT, MEMBERS_CHANGED: all members afterwards.
    attributes | VARCHAR[] | UPDATED: the attributes whose value changed.
    cause | VARCHAR | decision, model, deletion, record, pair, neighbour or rules.
    run_id | VARCHAR | The run that wrote it.
    written_at | TIMESTAMPTZ | When.
"""),
)
MEMBERSHIP_HISTORY = Table(
    "membership_history",
    "one row per version of (record, party)",
    ("record_id", "valid_from_release"),
    _columns("""
    record_id | UUID | Id of the source record.
    party_id | UUID | The party it was in.
    valid_from | TIMESTAMPTZ | Time of the release that first showed it.
    valid_to | TIMESTAMPTZ | Time of the release that no longer shows it; null while it holds.
    valid_from_release | BIGINT | Number of that release.
    valid_to_release | BIGINT | Number of that release; null while it holds.
"""),
)
GOLDEN_HISTORY = Table(
    "golden_history",
    "one row per version of a golden record",
    ("party_id", "valid_from_release"),
    _columns("""
    party_id | UUID | The party.
    !golden | VARCHAR | The golden record with its provenance, as JSON.
    valid_from | TIMESTAMPTZ | Time of the release that first showed it.
    valid_to | TIMESTAMPTZ | Time of the release that no longer shows it; null while it holds.
    valid_from_release | BIGINT | Number of that release.
    valid_to_release | BIGINT | Number of that release; null while it holds.
"""),
)
DQ_RESULTS = Table(
    "dq_results",
    "one row per evaluation of one rule in one run",
    ("result_id",),
    _columns("""
    result_id | UUID | Id of the evaluation.
    run_id | VARCHAR | The run.
    suite | VARCHAR | source, mastering or golden.
    rule | VARCHAR | Name of the rule.
    severity | VARCHAR | `block` or `warn`.
    rows_checked | BIGINT | Rows looked at: what was written since the rule last passed, where that decides it.
    rows_failed | BIGINT | Rows that break the rule.
    measured | DOUBLE | The figure held against the threshold, where the rule has one.
    threshold | DOUBLE | The bound, where the rule has one.
    passed | BOOLEAN | Whether the rule holds.
    sample | UUID[] | Some record ids or party ids that break it; never values.
    seen_epoch | BIGINT | Head epoch that the evaluation saw.
    checked_at | TIMESTAMPTZ | When.
"""),
    at_head=True,
)
DQ_PARTS = Table(
    "dq_parts",
    "one row per part of an evaluation: a source, a column or an attribute that its rule measures by itself",
    ("result_id", "part"),
    _columns("""
    result_id | UUID | The evaluation.
    part | VARCHAR | The source, SOURCE.COLUMN or attribute; `parties` where there is only one part.
    rows_checked | BIGINT | Rows looked at.
    rows_failed | BIGINT | Rows that break the rule.
    measured | DOUBLE | The figure held against the threshold.
"""),
    at_head=True,
)
ACCEPTANCES = Table(
    "acceptances",
    "one row per failed check that a person let pass, for one state only",
    ("acceptance_id",),
    _columns("""
    acceptance_id | UUID | Id of the acceptance.
    rule | VARCHAR | Name of the rule.
    result_id | UUID | The failed evaluation that it accepts.
    author | VARCHAR | Who accepted.
    reason | VARCHAR | Why.
    accepted_at | TIMESTAMPTZ | When.
"""),
    at_head=True,
)
RELEASES = Table(
    "releases",
    "one row per release",
    ("number",),
    _columns("""
    number | BIGINT | 1, 2, 3 ...
    snapshot | BIGINT | The lake snapshot that readers attach.
    head_epoch | BIGINT | Head epoch of that state.
    lineage_seq | BIGINT | Last lineage event of that state.
    run_id | VARCHAR | The run that released it.
    models | VARCHAR | Active model version by kind, as JSON.
    config_hash | VARCHAR | Hash of hub.yaml as the hub reads it.
    checks_passed | BIGINT | Rules that hold.
    checks_failed | BIGINT | Rules that do not (warnings, or accepted).
    counts | VARCHAR | Rows by table and churn of members, as JSON.
    released_at | TIMESTAMPTZ | When.
"""),
    at_head=True,
)
ROLLBACKS = Table(
    "rollbacks",
    "one row per rolling back to an earlier release, or lifting of the hold that it brought",
    ("sequence",),
    _columns("""
    sequence | BIGINT | 1, 2, 3 ...
    action | VARCHAR | `ROLLBACK`: readers see an earlier release, and none is made; `LIFT`: new ones are made again.
    release | BIGINT | ROLLBACK: the release that readers see again.
    newest_release | BIGINT | The newest release then: those after `release` up to this one are rolled back.
    author | VARCHAR | Who did it.
    !reason | VARCHAR | Why.
    written_at | TIMESTAMPTZ | When.
"""),
    at_head=True,
)
WATERMARKS = Table(
    "watermarks",
    "one row per stage",
    ("stage",),
    _columns("""
    stage | VARCHAR | Name of the stage.
    watermark | BIGINT | Last epoch consumed, one for all its inputs.
    fingerprint | VARCHAR | What the stage's values depend on besides its inputs.
"""),
    at_head=True,
)
RUN_STAGES = Table(
    "run_stages",
    "one row per run that changed something and stage of it",
    ("run_id", "stage", "written_at"),
    _columns("""
    run_id | VARCHAR | The run.
    stage | VARCHAR | Name of the stage; `raw/SOURCE` is the load of a source.
    place | INTEGER | Order of the stages in the run, from 0.
    seconds | DOUBLE | How long it took; of `release` up to its commit.
    changed | BIGINT | Rows that it wrote.
    removed | BIGINT | Rows that it deleted.
    written_at | TIMESTAMPTZ | When the run had come to its end.
"""),
    at_head=True,
)
REMOVED_KEYS = Table(
    "removed_keys",
    "one row per deletion of a key",
    ("table_name", "key", "epoch"),
    _columns("""
    table_name | VARCHAR | The table it was deleted from.
    key | VARCHAR | The key; parts joined by `|`.
"""),
)
STREAM_OFFSETS = Table(
    "stream_offsets",
    "one row per topic partition",
    ("topic", "partition"),
    _columns("""
    topic | VARCHAR | Kafka topic.
    partition | INTEGER | Partition.
    next_offset | BIGINT | The first offset not yet read; the only truth about what was read.
"""),
    at_head=True,
)
STREAM_TOPICS = Table(
    "stream_topics",
    "one row per topic that was read",
    ("topic",),
    _columns("""
    topic | VARCHAR | Kafka topic.
    topic_id | VARCHAR | The id that the broker gave it; a topic that is deleted and made anew has another.
"""),
    at_head=True,
)
STREAM_MESSAGES = Table(
    "stream_messages",
    "one row per message that was read",
    ("topic", "partition", "message_offset"),
    _columns("""
    topic | VARCHAR | Kafka topic.
    partition | INTEGER | Partition.
    message_offset | BIGINT | Offset.
    !event_id | VARCHAR | The event's own id, where it could be read.
    source | VARCHAR | Name of the source in hub.yaml, where the event names one.
    record_id | UUID | The record it speaks of, where its key could be read.
    outcome | VARCHAR | `stored`, `unchanged` or `quarantined`; `replayed`: loaded out of quarantine.
    quarantine_id | UUID | Its row in quarantine, where it was rejected.
    event_time | TIMESTAMP | When the source says that it happened (UTC).
    produced_at | TIMESTAMP | The time of the message in Kafka (UTC).
    !unknown_fields | VARCHAR | Fields of the event that its schema does not know, as JSON; null if there are none.
    load_id | UUID | The load that took it in.
"""),
    at_head=True,
)
DEAD_LETTERS = Table(
    "dead_letters",
    "one row per rejected message that still has to go to the dead letter topic",
    ("topic", "partition", "message_offset"),
    _columns("""
    topic | VARCHAR | Kafka topic.
    partition | INTEGER | Partition.
    message_offset | BIGINT | Offset.
    quarantine_id | UUID | Its row in quarantine.
    produced_at | TIMESTAMP | The time of the message in Kafka (UTC).
    !message_key | BLOB | Its key, byte by byte.
    !message_value | BLOB | Its value, byte by byte.
    reasons | VARCHAR[] | Every reason, never values.
"""),
    at_head=True,
)
CONFIRMATIONS = Table(
    "confirmations",
    "one row per topic that effects are confirmed on and generation of it",
    ("topic", "generation"),
    _columns("""
    topic | VARCHAR | Kafka topic.
    generation | BIGINT | Counts upwards, not by one; in a new one every event is sent again.
    topic_id | VARCHAR | The id that the broker gave the topic.
    sequence | BIGINT | Last event sent when this was written; the topic may know of later ones.
    author | VARCHAR | Who began the generation; null for the first.
    !reason | VARCHAR | Why.
    noted_at | TIMESTAMPTZ | When this was written.
"""),
    at_head=True,
)
HUB_EPOCH = Table(
    "hub_epoch",
    "one row: the write gate",
    ("gate",),
    _columns("""
    gate | INTEGER | Always 1.
    schema_version | INTEGER | Version of these tables.
"""),
    at_head=True,
)


def golden_table(attributes: Iterable[GoldenAttribute]) -> Table:
    """Return the definition of golden_parties under the attributes of a hub.yaml."""
    fixed = _columns(
        """
    party_id | UUID | record_id of the party's anchor.
    party_type | VARCHAR | INDIVIDUAL, ORGANIZATION or LEGAL_ENTITY.
    kind | VARCHAR | `person` or `organization`.
    """.rstrip()
    )
    values = tuple(Column(a.name, a.sql_type, a.description, a.personal) for a in attributes)
    proof = _columns(
        f"""
    provenance | {_PROVENANCE} | By attribute: the record and the rule behind each value.
    members | INTEGER | Source records in the party.
    confidence | DOUBLE | Probability of the merge with the lowest mean weight; null for one record.
    """.rstrip()
    )
    return Table("golden_parties", "one row per party", ("party_id",), (*fixed, *values, *proof))


FIXED_TABLES: tuple[Table, ...] = (
    HUB_EPOCH, WATERMARKS, REMOVED_KEYS, SOURCE_PARTIES, SOURCE_PARTY_HISTORY, QUARANTINE, LOAD_AUDIT,
    DELIVERY_ACCEPTANCES, LOAD_PROFILES, NORMALIZED_PARTIES, MATCH_MODELS, BLOCKING_KEYS, MATCH_EDGES, DECISIONS,
    DECISION_GROUPS, PARTY_CLUSTERS, CLUSTER_CONFLICTS, PARTY_LINEAGE, MEMBERSHIP_HISTORY, GOLDEN_HISTORY, DQ_RESULTS,
    DQ_PARTS, ACCEPTANCES, RELEASES, ROLLBACKS, RUN_STAGES, STREAM_OFFSETS,
    STREAM_TOPICS, STREAM_MESSAGES, DEAD_LETTERS, CONFIRMATIONS,
)  # fmt: skip


def all_tables(attributes: Iterable[GoldenAttribute]) -> dict[str, Table]:
    """Return every table of a hub by name."""
    return {table.name: table for table in (*FIXED_TABLES, golden_table(attributes))}
