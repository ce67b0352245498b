"""Commands for the first ten minutes: profile and init."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from partyhub_dagster.cli.options import Config, Json
from partyhub_dagster.cli.printing import complain, say, say_json, say_table
from partyhub_dagster.config import Source, load_config
from partyhub_dagster.config.semantics import Kind
from partyhub_dagster.errors import ConfigError
from partyhub_dagster.places import config_file

_SHOWN_MEANINGS = 2


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (init, profile):
        app.command()(command)


def profile(
    files: Annotated[list[Path] | None, typer.Argument(help="Files to profile.", show_default=False)] = None,
    *,
    source: Annotated[str | None, typer.Option(help="Profile the files of this source of hub.yaml.")] = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Show what columns hold. Fill, distinct values, placeholders, what is valid as what, masked examples."""
    import duckdb

    from partyhub_dagster.discovery.countries import guess_country
    from partyhub_dagster.discovery.files import read_feeds
    from partyhub_dagster.discovery.profile import profile_feed, read_as_of

    paths, like = _files_of(source, config) if source else (files or [], None)
    if not paths:
        raise typer.BadParameter("name files, or a source with --source", param_hint="FILES")
    answer = []
    with duckdb.connect() as con:
        for feed in read_feeds(con, paths, like):
            profiles = profile_feed(con, feed)
            country = like.country if like and like.country else guess_country(profiles)[0]
            columns = [read_as_of(column, country) for column in profiles]
            answer.append({
                "files": [str(path) for path in feed.paths], "format": feed.format, "csv": feed.csv,
                "rows": feed.rows, "unreadable": feed.unreadable, "country": country,
                "columns": [
                    {"name": c.name, "fill": round(c.fill, 4), "distinct": c.distinct,
                     "placeholders": c.placeholders, "valid": c.valid, "examples": list(c.shapes)}
                    for c in columns
                ],
            })  # fmt: skip
    if json:
        say_json(answer)
    else:
        _say_profiles(answer)


def _files_of(name: str, config: Path | None) -> tuple[list[Path], Source]:
    from partyhub_dagster.sources.paths import matching_files

    hub = load_config(config_file(config))
    if name not in hub.sources:
        raise ConfigError(
            f"hub.yaml has no source {name}.", remedy=f"Name one of its sources: {', '.join(hub.sources)}."
        )
    return matching_files(hub.sources[name], hub.root), hub.sources[name]


def _say_profiles(answer: list[dict[str, Any]]) -> None:
    for feed in answer:
        unreadable = f", {feed['unreadable']:,} that cannot be read" if feed["unreadable"] else ""
        options = "".join(f", {key} {value!r}" for key, value in feed["csv"].items())
        say(f"{', '.join(feed['files'])}: {feed['rows']:,} rows{unreadable} ({feed['format']}{options})")
        rows: list[tuple[Any, ...]] = [("column", "fill", "distinct", "placeholders", "valid as", "like")]
        rows += [
            (c["name"], f"{c['fill']:.0%}", c["distinct"], c["placeholders"], _valid_as(c["valid"]),
             "  ".join(c["examples"][:2]))
            for c in feed["columns"]
        ]  # fmt: skip
        say_table(rows)
        say()


def _valid_as(valid: dict[str, float]) -> str:
    best = sorted(valid.items(), key=lambda item: -item[1])[:_SHOWN_MEANINGS]
    return ", ".join(f"{meaning} {share:.0%}" for meaning, share in best) or "-"


def init(  # noqa: PLR0913 - each is an option
    files: Annotated[list[Path], typer.Argument(help="Your files.", show_default=False)],
    *,
    out: Annotated[Path, typer.Option(help="The hub.yaml to write.")] = Path("hub.yaml"),
    key: Annotated[str, typer.Option(help="Column of the key; several with commas. Left out: guessed.")] = "",
    kind: Annotated[str, typer.Option(help="person or organization. Left out: guessed.")] = "",
    country: Annotated[str, typer.Option(help="Country of the records, such as US. Left out: guessed.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a hub.yaml that is there.")] = False,
    json: Json = False,
) -> None:
    """Write a first hub.yaml for your files. Guessed from names and values; says what and how sure it is."""
    import duckdb

    from partyhub_dagster.config.json_schema import schema_text
    from partyhub_dagster.discovery.draft import Answers, draft_sources
    from partyhub_dagster.discovery.hub_text import SCHEMA_FILE, hub_text

    target = out / "hub.yaml" if out.is_dir() else out
    if target.exists() and not force:
        raise ConfigError(
            f"{target} is there already; nothing was written.",
            remedy="Write elsewhere with --out FILE, or over it with --force.",
        )
    if not target.absolute().parent.is_dir():
        raise ConfigError(f"{target.parent} is no folder; nothing was written.", remedy="Make it first.")
    answers = Answers(
        _kind_of(kind), tuple(name.strip() for name in key.split(",") if name.strip()), _country_of(country)
    )
    with duckdb.connect() as con:
        drafts = draft_sources(con, files, answers)
        if sys.stdin.isatty() and not (yes or json):
            drafts = [_asked(con, draft, answers) for draft in drafts]
    target.write_text(hub_text(drafts, target), encoding="utf-8")
    (target.absolute().parent / SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")
    guesses = _guesses(drafts)
    if json:
        say_json({"hub_yaml": str(target), "guesses": guesses})
        return
    _say_guesses(guesses)
    say(f"Wrote {target}, and {SCHEMA_FILE} beside it for editors. Read what is unsure, then:")
    say(f"  partyhub --config {target} build")
    say(f"  partyhub --config {target} status")


def _kind_of(word: str) -> Kind | None:
    if word not in ("", "person", "organization"):
        raise typer.BadParameter("write person or organization", param_hint="--kind")
    return "person" if word == "person" else "organization" if word else None


def _country_of(text: str) -> str | None:
    from partyhub_dagster.normalize.countries import country_code

    code = country_code(text) if text else None
    if text and code is None:
        raise typer.BadParameter("write two letters, such as US", param_hint="--country")
    return code


def _asked(con: Any, draft: Any, answers: Any) -> Any:
    """Ask about what is not sure; Enter takes the guess."""
    from partyhub_dagster.discovery.draft import SURE, Answers, draft_source

    name, kind, key, country = draft.feed.name, draft.kind, draft.key, draft.country
    said_kind, said_key, said_country = answers.kind, answers.key, answers.country
    if kind.certainty < SURE and not said_kind:
        guess = kind.written if isinstance(kind.written, str) else "by a column"
        word = typer.prompt(f"{name}: person or organization? ({kind.why})", default=guess)
        said_kind = _kind_of(word) if word != "by a column" else None
    if key.certainty < SURE and not said_key:
        words = typer.prompt(f"{name}: key column ({key.why})", default=",".join(key.columns))
        said_key = tuple(word.strip() for word in words.split(",") if word.strip())
    if not said_country:
        word = typer.prompt(
            f"{name}: country of phones and addresses that name none ({draft.country_why})",
            default=country or "none",
        )
        said_country = None if word == "none" else _country_of(word)
    said = Answers(said_kind, said_key, said_country)
    return draft if said == answers else draft_source(con, draft.feed, draft.profiles, said)


def _guesses(drafts: Sequence[Any]) -> list[dict[str, Any]]:
    """Return every guess as a row: source, what, guess, how sure, why."""
    from partyhub_dagster.discovery.draft import certainty_word

    rows = []
    for draft in drafts:
        source = draft.feed.name
        guessed: list[tuple[str, Any, float, str]] = [
            ("key", ", ".join(draft.key.columns), draft.key.certainty, draft.key.why),
            ("kind", draft.kind.written, draft.kind.certainty, draft.kind.why),
            ("country", draft.country, 0.7 if draft.country else 0.0, draft.country_why),
        ]
        guessed += [(order.setting, order.written["column"], 0.7, order.why) for order in draft.orders]
        if draft.deleted is not None:
            guessed.append(("deleted", draft.deleted["column"], 0.7, "few words, some mean deleted"))
        guessed += [(target.column, target.written, target.certainty, target.why) for target in draft.targets]
        rows += [
            {"source": source, "what": what, "guess": guess, "certainty": certainty_word(sure), "why": why}
            for what, guess, sure, why in guessed
        ]
    return rows


def _say_guesses(guesses: list[dict[str, Any]]) -> None:
    rows: list[tuple[Any, ...]] = [("source", "what", "guess", "", "why")]
    rows += [
        (g["source"], g["what"], _shown(g["guess"]), g["certainty"] if g["guess"] else "", g["why"])
        for g in guesses
    ]
    say_table(rows)
    unsure = sum(g["certainty"] == "unsure" and g["guess"] is not None for g in guesses)
    if unsure:
        complain(f"{unsure} guesses are unsure; they are marked so in the file.")


def _shown(guess: Any) -> str:
    match guess:
        case None:
            return "left out"
        case {"type": type_, **rest}:
            words = (f"split by {value!r}" if key == "split" else str(value) for key, value in rest.items())
            return " ".join([type_, *words])
        case {"column": column}:
            return f"by {column}"
        case list():
            return ", ".join(map(_shown, guess))
        case _:
            return str(guess)
