"""The commands that draw pairs for people to label: to measure how accurate the hub is, and to learn from."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import complain, say, say_json, say_table
from partyhub_dagster.cli.side_by_side import read_key, say_sides
from partyhub_dagster.hub import Hub
from partyhub_dagster.places import config_file, open_hub

if TYPE_CHECKING:
    from partyhub_dagster.answers.audit_draw import Audit

_KEYS = "y one party   n two parties   u unsure   z undo   q quit"
_WORDS = {"y": True, "n": False, "u": None}
_TO_LEARN = "to learn"
"""What stands where a file of an audit names the audit."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("audit-sample")(audit_sample)
    app.command("label-sample")(label_sample)


def audit_sample(
    *,
    labels: Annotated[int, typer.Option(help="Pairs to label.")] = 300,
    seed: Annotated[
        int | None, typer.Option(help="Which pairs; default: the release.", show_default=False)
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write the pairs into this new CSV file.", show_default=False)
    ] = None,
    answers: Annotated[Path | None, typer.Option(help="Report from such a file.", show_default=False)] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Measure precision and recall by labels on random pairs."""
    from partyhub_dagster.stewardship.audit_files import find_audit, read_labels

    if out is not None and answers is not None:
        raise typer.BadParameter("name --out or --answers", param_hint="--out")
    hub = open_hub(config_file(config))
    if answers is not None:
        name, given = read_labels(answers)
        _report(hub, find_audit(hub.place, name), given, json=json)
    elif out is not None:
        _write(hub, labels, seed, out)
    else:
        _ask(hub, labels, seed, json=json)


def label_sample(
    *,
    out: Annotated[Path, typer.Option(help="Write the pairs into this new CSV file.", show_default=False)],
    labels: Annotated[int, typer.Option(help="Pairs to label.", min=1)] = 50,
    kind: Annotated[Literal["person", "organization"] | None, typer.Option(help="Only this kind.")] = None,
    seed: Annotated[int, typer.Option(help="Which pairs.")] = 1,
    config: Config = None,
) -> None:
    """Draw pairs whose labels a model learns most from."""
    from partyhub_dagster.answers.label_draw import draw_to_learn

    hub = open_hub(config_file(config))
    drawn = draw_to_learn(hub.place, hub.config, labels, seed, kind)
    _write_drawn(hub, _TO_LEARN, drawn, out, f"train --labels {out} --compare")


def _write_drawn(hub: Hub, name: str, drawn: "Audit", out: Path, then: str) -> None:
    from partyhub_dagster.stewardship.audit_files import told_pairs, write_pairs

    write_pairs(hub.config, name, told_pairs(hub.place, hub.config, drawn), out)
    say(
        f"Wrote {len(drawn.pairs):,} pairs of release {drawn.release} to {out}. It holds values of records as they are."
    )
    say(f"Answer y, n or u in the column answer, then: partyhub {then}")


def _draw(hub: Hub, labels: int, seed: int | None) -> tuple[str, Any]:
    from partyhub_dagster.answers.audit_draw import draw_audit
    from partyhub_dagster.stewardship.audit_files import keep_audit

    audit = draw_audit(hub.place, hub.config, labels, seed)
    return keep_audit(hub.place, audit), audit


def _write(hub: Hub, labels: int, seed: int | None, out: Path) -> None:
    name, audit = _draw(hub, labels, seed)
    _write_drawn(hub, name, audit, out, f"audit-sample --answers {out}")


def _ask(hub: Hub, labels: int, seed: int | None, *, json: bool) -> None:
    """Ask on the terminal; what was answered is kept, and the same sample is gone on with another time."""
    from partyhub_dagster.stewardship.audit_files import keep_labels, kept_labels, told_pairs

    name, audit = _draw(hub, labels, seed)
    pairs, given = told_pairs(hub.place, hub.config, audit), kept_labels(hub.place, name)
    place = 0
    while 0 <= place < len(pairs):
        pair = pairs[place]
        if pair["pair"] in given:
            place += 1
            continue
        say(f"\n--- {len(given) + 1} of {len(pairs)} ---")
        say_sides(hub.config.attributes, pair["left"], pair["right"])
        say("Are these one party?  " + _KEYS)
        place = _answer(pairs, place, given)
        keep_labels(hub.place, name, given)
    _report(hub, audit, given, json=json)


def _answer(pairs: list[dict[str, Any]], place: int, given: dict[str, bool | None]) -> int:
    """Take one answer; return which pair comes next, -1 to stop."""
    while True:
        match read_key():
            case "y" | "n" | "u" as word:
                given[pairs[place]["pair"]] = _WORDS[word]
                return place + 1
            case "z" if given:
                last = list(given)[-1]
                del given[last]
                return next(n for n, pair in enumerate(pairs) if pair["pair"] == last)
            case "q" | "":
                return -1
            case _:
                say(f"  {_KEYS}")


def _report(hub: Hub, audit: Any, given: Mapping[str, bool | None], *, json: bool) -> None:
    from partyhub_dagster.answers.audit_report import report_audit

    drawn = {pair.pair_id for pair in audit.pairs}
    strange = len(given.keys() - drawn)
    if strange:
        complain(f"{strange:,} answers are of no pair of this audit and are left out.")
    known = {pair: said for pair, said in given.items() if said is not None and pair in drawn}
    unsure = sum(said is None for pair, said in given.items() if pair in drawn)
    answer = {"hub": hub.config.name, **report_audit(audit, known, unsure)}
    if json:
        say_json(answer)
        return
    say(f"Release {answer['release']}: {answer['labels']:,} pairs labelled, {unsure:,} unsure,"
        f" {answer['unlabelled']:,} not labelled.")  # fmt: skip
    rows: list[tuple[Any, ...]] = [("", "labels", "precision", "95 % of", "recall", "95 % of")]
    rows.append(_row("all", answer["all"]))
    rows += [_row(kind, held) for kind, held in answer["kinds"].items() if len(answer["kinds"]) > 1]
    rows += [_row(f"source {s}", held) for s, held in answer["sources"].items() if len(answer["sources"]) > 1]
    say_table(rows)
    say("Of pairs, whatever they weigh; docs/review.md says what is counted, and what cannot be seen.")


def _row(name: str, figures: dict[str, Any]) -> tuple[Any, ...]:
    cells: list[Any] = [name, figures["labels"]]
    for what in ("precision", "recall"):
        held = figures[what]
        value = held["value"]
        cells += ["-" if value is None else f"{value:.3f}", f"{held['low']:.3f} to {held['high']:.3f}"]
    return tuple(cells)
