"""Old runs of a stream go, with the files that they leave; failed ones and those of others stay."""

from pathlib import Path

import dagster as dg

from partyhub_dagster.orchestration.stream_attempts import TOPIC_TAG
from partyhub_dagster.orchestration.stream_history import forget_old_runs


@dg.op(config_schema={"fails": dg.Field(bool, default_value=False)})
def take(context: dg.OpExecutionContext) -> None:
    """Take nothing."""
    if context.op_config["fails"]:
        raise dg.Failure(description="as told")


@dg.job(executor_def=dg.in_process_executor)
def stream() -> None:
    """Stand in for a stream's run."""
    take()


def test_the_oldest_successful_runs_go_and_leave_no_file(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:

        def run(topic: str, *, fails: bool = False) -> str:
            config = {**quiet, "ops": {"take": {"config": {"fails": fails}}}}
            tags = {TOPIC_TAG: topic}
            return stream.execute_in_process(config, instance, tags=tags, raise_on_error=False).run_id

        failed = run("a", fails=True)
        old, other, newer, newest = run("a"), run("b"), run("a"), run("a")
        assert forget_old_runs(instance, "a", kept=2) == 1
        assert forget_old_runs(instance, "a", kept=2) == 0
        assert {r.run_id for r in instance.get_runs()} == {failed, other, newer, newest}
        files = {file.stem for file in (tmp_path / "history" / "runs").glob("*-*.db")}
        assert files == {failed, other, newer, newest}
        assert instance.get_run_by_id(old) is None
