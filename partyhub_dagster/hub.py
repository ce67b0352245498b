"""A hub: its configuration, its place, and its stages in order. What the command line and Dagster both drive.

Belongs here: the order of stages, the run lock, what `build` means.
Not here: what a stage does (the domain packages), how it is shown (`cli`, `orchestration`).
"""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from partyhub_dagster.build_report import BuildReport, Progress
from partyhub_dagster.config import HubConfig
from partyhub_dagster.errors import ConfigError, GateError, SourceError
from partyhub_dagster.identity.stage import ClusterChanges, cluster_changed
from partyhub_dagster.identity.thresholds import Thresholds
from partyhub_dagster.lake.connection import LakePlace, locked, name_tables_in_memory
from partyhub_dagster.lake.metadata import quote_text
from partyhub_dagster.lake.readers import read_release
from partyhub_dagster.lake.releases import (
    Release,
    ReleaseFacts,
    make_release,
    needs_release,
)
from partyhub_dagster.lake.rollbacks import refuse_while_held, shown_release
from partyhub_dagster.lake.run_stages import StageTimes
from partyhub_dagster.lake.schema import ensure_schema
from partyhub_dagster.lake.session import Session
from partyhub_dagster.lake.tables import DECISIONS, SOURCE_PARTIES, all_tables
from partyhub_dagster.lake.write import WriteTransaction
from partyhub_dagster.matching.learn import Label
from partyhub_dagster.matching.model import Kind
from partyhub_dagster.matching.registry import StoredModel, ensure_model, require_model, train
from partyhub_dagster.matching.stage import MatchChanges, block_changed, score_changed
from partyhub_dagster.merging import merges_of, thresholds_of
from partyhub_dagster.normalize.stage import NormalizedChanges, normalize_changed
from partyhub_dagster.publish.parquet import Export, export_release
from partyhub_dagster.publish.s3 import S3Client, client_from_environment
from partyhub_dagster.quality.evaluate import evaluate_suites
from partyhub_dagster.quality.gate import accepting, objections_in
from partyhub_dagster.quality.results import RuleResult, latest_results
from partyhub_dagster.quality.rule import SUITES, Suite
from partyhub_dagster.sources.audit import files_not_loaded
from partyhub_dagster.sources.loading import load_source
from partyhub_dagster.sources.paths import sources_without_files
from partyhub_dagster.sources.storing import LoadCounts
from partyhub_dagster.survivorship.stage import GoldenChanges, master_changed

_TOLD = 3
"""Files that were not loaded and that an error tells of; `partyhub status` lists all."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub.yaml and the lake it is mastered in."""

    config: HubConfig
    place: LakePlace

    @contextmanager
    def run(self, run_id: str | None = None, *, full: bool = False) -> Iterator["Run"]:
        """Hold the hub for one pipeline run; a killed run leaves no hold behind.

        Raises:
            BusyError: another run is at work on this hub.
        """
        self.place.prepare()
        with locked(self.place.home / "run.lock", wait=False, holder="run"), self.place.connect() as con:
            attributes = self.config.attributes.values()
            ensure_schema(self.place, con, attributes)
            name_tables_in_memory(con, all_tables(attributes))
            yield Run(self, Session(self.place, con, run_id or str(uuid.uuid4()), full))

    def export(self, s3_client: S3Client = client_from_environment, *, full: bool = False) -> Export:
        """Write what changed of the newest release as golden Parquet and make it the current export.

        Needs no hold on the hub: it reads a release. `full` writes every file anew.

        Raises:
            NotFoundError: there is no release yet.
        """
        with (
            locked(self.place.home / "export.lock", wait=True, holder="export"),
            read_release(self.place) as (con, release),
        ):
            config, home = self.config, self.place.home
            return export_release(con, config, home, release, "golden_parties", s3_client, full=full)


@dataclass(frozen=True, slots=True)
class Run:
    """One run over the stages, in the order of the methods below."""

    hub: Hub
    session: Session
    times: StageTimes = field(default_factory=StageTimes)

    @property
    def config(self) -> HubConfig:
        """The hub's configuration."""
        return self.hub.config

    def kinds(self) -> list[Kind]:
        """Kinds of party that this hub masters."""
        return [kind for kind in ("person", "organization") if kind in self.config.kinds]

    def refuse_unknown_sources(self) -> None:
        """Refuse to build while records live whose source hub.yaml no longer names.

        Raises:
            ConfigError: such a source exists.
        """
        known = ", ".join(quote_text(name) for name in self.config.sources)
        rows = self.session.con.execute(
            f"select source, count(*) from source_parties where not deleted and source not in ({known})"
            " group by source order by source"
        ).fetchall()
        if rows:
            gone = ", ".join(f"{name} ({count:,} records)" for name, count in rows)
            raise ConfigError(
                f"The hub holds live records of sources that hub.yaml does not name: {gone}; nothing was built.",
                remedy="Put the source back into hub.yaml, or run `partyhub source retire NAME`.",
            )

    def sources_without_files(self) -> dict[str, str]:
        """Return the patterns of the sources that name no file, by source.

        Raises:
            SourceError: no source has a file and the hub has no record: an empty hub is no outcome, but a mistake.
        """
        without = sources_without_files(self.config)
        nowhere = self.config.streaming is None and len(without) == len(self.config.sources)
        if nowhere and not self.session.count("source_parties"):
            listed = "; ".join(f"{name}: {patterns}" for name, patterns in without.items())
            raise SourceError(
                f"No source names a file that is there ({listed}), and the hub holds no record; nothing was built.",
                remedy=f"Put files there, or correct `path` in hub.yaml; paths are relative to {self.config.root}.",
            )
        return without

    def load(self, source: str) -> LoadCounts:
        """Load what is new or changed in one source's files, in name order."""
        return self.times.time(f"raw/{source}", lambda: load_source(self.session, self.config, source))

    def normalize(self) -> NormalizedChanges:
        """Bring normalized_parties up to the source records."""
        return self.times.time("normalized_parties", lambda: normalize_changed(self.session, self.config))

    def ensure_model(self, kind: Kind) -> StoredModel:
        """Make sure that a matching model of the kind is active."""
        return self.times.time(
            f"match_model/{kind}", lambda: ensure_model(self.session, self.config, kind, merges_of)
        )

    def train(self, kind: Kind, *, activate: bool, labels: Sequence[Label] = ()) -> StoredModel:
        """Train a model of the kind: a candidate unless it is to be active at once."""
        return train(self.session, self.config, kind, merges_of, activate=activate, labels=labels)

    def block(self, kind: Kind) -> MatchChanges:
        """Bring blocking_keys of one kind up to date."""
        return self.times.time(f"blocking_keys/{kind}", lambda: block_changed(self.session, kind))

    def score(self, kind: Kind) -> MatchChanges:
        """Bring match_edges of one kind up to date."""
        return self.times.time(f"match_edges/{kind}", lambda: score_changed(self.session, self.config, kind))

    def read_copies(self) -> None:
        """Read the tables of a small hub from copies from here on: what changes is written to both."""
        self.session.read_copies(all_tables(self.config.attributes.values()))

    def _something_waits(self) -> bool:
        """Tell whether sources or people wrote what the stages have not taken up: else copies are not worth it."""
        newest = self.session.changes().newest
        taken_up = self.session.con.execute(
            "select min(watermark) from watermarks where stage = 'golden_parties'"
        ).fetchall()[0][0]
        return taken_up is None or any(
            newest.get(name, 0) > taken_up for name in (SOURCE_PARTIES.name, DECISIONS.name)
        )

    def thresholds(self) -> dict[str, Thresholds]:
        """Return where the active models say that pairs connect, merge and stop."""
        return {str(kind): thresholds_of(require_model(self.session, kind)) for kind in self.kinds()}

    def cluster(self) -> ClusterChanges:
        """Bring party_clusters up to date, with lineage."""
        for (
            kind
        ) in self._former_kinds():  # their last source was retired: nobody else takes keys and pairs down
            self.block(kind)
            self.score(kind)
        return self.times.time("party_clusters", lambda: cluster_changed(self.session, self.thresholds()))

    def _former_kinds(self) -> list[Kind]:
        rows = self.session.con.execute("select kind from match_models where status = 'active'").fetchall()
        held = {row[0] for row in rows}
        return [kind for kind in ("person", "organization") if kind in held and kind not in self.config.kinds]

    def master(self) -> GoldenChanges:
        """Bring golden_parties up to date, with lineage."""
        return self.times.time("golden_parties", lambda: master_changed(self.session, self.config))

    def check(self, *suites: Suite) -> list[RuleResult]:
        """Evaluate suites of quality rules, all of them by default, and record the results."""
        return self.times.time("checks", lambda: evaluate_suites(self.session, self.config, suites or SUITES))

    def release(self) -> Release | None:
        """Release the head if it differs from the release that readers see; return the one that they see then.

        Raises:
            GateError: a blocking rule has no fresh, passing or accepted result; also when there is nothing to
                release: a delivery of which every row was rejected is no success. Or a rollback holds releases.
        """
        began, config_hash = time.monotonic(), self.config.fingerprint("hub")
        shown = shown_release(self.session.con)
        if not needs_release(self.session, shown, config_hash):
            self._approve(config_hash)
            return shown

        def finish(transaction: WriteTransaction) -> None:
            self.times.note("release", time.monotonic() - began)
            self.times.write(transaction, self.session.run_id)

        try:
            return make_release(self.session, lambda: self._approve(config_hash), finish)
        except GateError:
            self.times.write_alone(self.session)
            raise

    def _approve(self, config_hash: str) -> ReleaseFacts:
        """Return what a release of the head records, unless a check or a rollback stands against it."""
        refuse_while_held(self.session.con)
        results = latest_results(self.session, self.config)
        objections = objections_in(results, self.config)
        if objections:
            listed = "; ".join(str(objection) for objection in objections)
            raise GateError(
                f"{len(objections)} blocking checks stand against a release: {listed}.{self._not_loaded()}"
                " The last release stays what readers see.",
                remedy=f"Correct the data and build again, or let it through: {accepting(objections)}.",
            )
        models = {str(kind): require_model(self.session, kind).version for kind in self.kinds()}
        failed = sum(not result.passed for result in results)
        return ReleaseFacts(models, config_hash, len(results) - failed, failed)

    def _not_loaded(self) -> str:
        files = files_not_loaded(self.session.con)
        told = "".join(f" Not loaded: source {f.source}, file {f.file}: {f.error}" for f in files[:_TOLD])
        return told + (f" And {len(files) - _TOLD} files more." if len(files) > _TOLD else "")

    def build(self, progress: Progress = lambda _: None) -> BuildReport:
        """Run every stage in order and release the outcome."""
        report = BuildReport(progress)
        self.refuse_unknown_sources()
        report.warnings = [_no_file(*found) for found in self.sources_without_files().items()]
        for source in self.config.sources:
            report.run(f"raw/{source}", partial(self.load, source))
        return self.advance(report)

    def advance(self, report: BuildReport) -> BuildReport:
        """Run every stage after loading and release the outcome."""
        if self._something_waits():
            self.read_copies()
        report.run("normalized_parties", self.normalize)
        for kind in self.kinds():
            report.run(f"match_model/{kind}", partial(self.ensure_model, kind))
        for kind in self.kinds():
            report.run(f"blocking_keys/{kind}", partial(self.block, kind))
        for kind in self.kinds():
            report.run(f"match_edges/{kind}", partial(self.score, kind))
        report.run("party_clusters", self.cluster)
        report.run("golden_parties", self.master)
        report.run("checks", self.check)
        report.release = report.run("release", self.release)
        return report


def _no_file(source: str, patterns: str) -> str:
    return f"source {source} names no file that is there: {patterns}"
