"""Law 9, searched for: 1,000 generated names, phones, e-mails and ids in everything that a hub leaves outside its lake.

Runs builds by command line and by Dagster: a good one, one with many rows in quarantine, one on a broken file, one
in which DuckDB quotes a value in its error. Then searches output, logs, DAGSTER_HOME, temporary files and all file
names. The lake, the delivered files and the exported Parquet are where personal data belongs and are left out.
Exit code 1 on any hit, or if the search itself cannot find what it should.

    python benchmarks/search_for_leaks.py --values 1000 --seed 1
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from partyhub_dagster.sources.generator import generate

RECORDS = 600
CLI = [sys.executable, "-m", "partyhub_dagster.cli.app"]
JOB = [
    sys.executable,
    "-m",
    "dagster",
    "job",
    "execute",
    "-m",
    "partyhub_dagster.definitions",
    "-j",
    "build_hub",
]
# A library that fails on a value and quotes it: what the hub must expect of every step.
PLANTED = """
import runpy, sys
from partyhub_dagster.{package} import stage
def fails(con, *rest, **named):
    con.execute("select cast(payload as integer) from source_parties")
stage.{function} = fails
sys.argv = {argv!r}
runpy.run_module({module!r}, run_name="__main__")
"""


def planted(package: str, function: str, command: list[str]) -> list[str]:
    """Return a command that runs `python -m module ...` with a function of a stage replaced."""
    program = PLANTED.format(package=package, function=function, argv=command[2:], module=command[2])
    return [sys.executable, "-c", program]


def needles(world: Path, count: int, seed: int) -> list[str]:
    """Draw values that would name somebody: long enough that no other text holds them by chance."""
    found: set[str] = set()
    with (world / "inbox" / "crm" / "000.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found |= {f"{row['FIRST_NM']} {row['LAST_NM']}", f"{row['LAST_NM']}, {row['FIRST_NM']}"}
            fields = ("CUST_ID", "SSN", "HOME_PHONE", "MOBILE_PHONE", "EMAIL_ADDR", "ADDR_LN_1")
            found |= {row[name] or "" for name in fields}
    for line in (world / "inbox" / "dnb" / "000.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        fields = (
            "dnbRecordId",
            "primaryName",
            "telephoneNumber",
            "websiteUrl",
            "federalTaxId",
            "streetAddressLine1",
        )
        found |= {str(row.get(name, "")) for name in fields}
    usable = sorted(value for value in found if len(value) >= 8 and not value.startswith(" "))
    return random.Random(seed).sample(usable, min(count, len(usable)))  # noqa: S311 - no secret


def files_outside(folder: Path, inside: Iterable[Path]) -> Iterator[Path]:
    """List every file under a folder except what lies in one of `inside`."""
    kept = [path.resolve() for path in inside]
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not any(path.resolve().is_relative_to(k) for k in kept):
            yield path


def search(files: Iterable[Path], values: list[str], folder: Path) -> tuple[int, list[str]]:
    """Return bytes searched and a line per hit: the file and what sort of value, not the value."""
    forms = {form: value for value in values for form in spellings(value)}
    searched, hits = 0, []
    for path in files:
        content = path.read_bytes() + str(path.relative_to(folder)).encode()
        searched += len(content)
        text = content.decode("utf-8", errors="replace")
        hits += [
            f"{path.relative_to(folder)}: value {values.index(v)}"
            for form, v in forms.items()
            if form in text
        ]
    return searched, sorted(set(hits))


def spellings(value: str) -> set[str]:
    """Return a value as it is, escaped as JSON, and lower-cased."""
    return {value, json.dumps(value)[1:-1], value.lower()}


def run(name: str, command: list[str], folder: Path, environment: dict[str, str], *, succeeds: bool) -> None:
    """Run a command with its output in files; complain if it ends otherwise than expected."""
    output = folder / "output"
    output.mkdir(exist_ok=True)
    with (output / f"{name}.out").open("wb") as out, (output / f"{name}.err").open("wb") as err:
        code = subprocess.run(  # noqa: S603 - our own commands
            command, env=environment, stdout=out, stderr=err, check=False, cwd=folder
        ).returncode
    if (code == 0) != succeeds:
        print((output / f"{name}.err").read_text()[-3000:])
        raise SystemExit(f"{name} ended with {code}.")
    print(f"  {name:34} exit {code}", flush=True)


def scenarios(folder: Path, world: Path, repository: Path) -> None:
    """Run every scenario: each of command line and Dagster has a hub of its own."""
    bad_rows = "CUST_ID,REV_NO,UPDATED_AT,OP,FIRST_NM,LAST_NM\n"
    with (world / "inbox" / "crm" / "000.csv").open(encoding="utf-8", newline="") as file:
        for row in list(csv.DictReader(file))[:200]:
            bad_rows += (
                f"{row['CUST_ID']},not a number,{row['EMAIL_ADDR']},I,{row['FIRST_NM']},{row['LAST_NM']}\n"
            )
    for kind, command in (("cli", [*CLI, "build"]), ("dagster", JOB)):
        home = folder / f"home-{kind}"
        dagster_home = folder / "dagster_home"
        dagster_home.mkdir(exist_ok=True)
        (dagster_home / "dagster.yaml").write_bytes((repository / "dagster.yaml").read_bytes())
        (folder / "tmp").mkdir(exist_ok=True)
        environment = os.environ | {
            "PARTYHUB_HOME": str(home), "PARTYHUB_CONFIG": str(world / "hub.yaml"),
            "DAGSTER_HOME": str(dagster_home), "DAGSTER_DISABLE_TELEMETRY": "1",
            "TMPDIR": str(folder / "tmp"), "PYTHONPATH": str(repository),
        }  # fmt: skip
        run(f"{kind}-good", command, folder, environment, succeeds=True)
        run(f"{kind}-status", [*CLI, "status"], folder, environment, succeeds=True)
        run(f"{kind}-unknown-record", [*CLI, "show", "crm:nobody"], folder, environment, succeeds=False)
        for package, function in (("normalize", "normalize_records"), ("survivorship", "master_parties")):
            failing = planted(package, function, [*command, *(["--full"] if kind == "cli" else [])])
            if kind == "cli":
                run(f"{kind}-fails-in-{package}", failing, folder, environment, succeeds=False)
        added = world / "inbox" / "crm" / "900.csv"
        added.write_text(bad_rows, encoding="utf-8")
        run(f"{kind}-many-in-quarantine", command, folder, environment, succeeds=False)
        run(f"{kind}-status-after", [*CLI, "status"], folder, environment, succeeds=True)
        added.unlink()
        broken = world / "inbox" / "markit" / "900.parquet"
        whole = (world / "inbox" / "markit" / "000.parquet").read_bytes()
        broken.write_bytes(whole[: len(whole) // 2] + whole[-8:])
        run(f"{kind}-broken-parquet", command, folder, environment, succeeds=False)
        broken.unlink()
        if kind == "dagster":
            (world / "inbox" / "dnb" / "900.jsonl").write_bytes(
                b"".join((world / "inbox" / "dnb" / "000.jsonl").read_bytes().splitlines(keepends=True)[:3])
                .replace(b'"streetAddressLine1":"', b'"streetAddressLine1":"1 ')
                .replace(b"T", b"T", 1)
            )
            other = environment | {"PARTYHUB_HOME": str(folder / "home-crash")}
            run("dagster-fails-in-normalize", planted("normalize", "normalize_records", command), folder, other,
                succeeds=False)  # fmt: skip


def main() -> None:
    """Run, search, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--values", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = folder / "world"
        generate(world, RECORDS, given.seed)
        values = needles(world, given.values, given.seed)
        scenarios(folder, world, Path(__file__).parents[1])
        _, known = search(files_outside(world, []), values, folder)
        missed = len(values) - len({line.rsplit(" ", 1)[1] for line in known})
        lakes = [world, *folder.glob("home-*")]
        searched, hits = search(files_outside(folder, lakes), values, folder)
        print(f"{len(values)} values, {searched / 1e6:.1f} MB searched outside the lake: {len(hits)} hits")
        print("\n".join(hits[:50]))
        print(f"The same search finds {len(values) - missed} of the values in the files that were delivered.")
        sys.exit(1 if hits or missed > len(values) // 2 else 0)


if __name__ == "__main__":
    main()
