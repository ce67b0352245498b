"""An explanation as one page: opens from disk, asks nothing of any network, runs no script."""

from collections.abc import Sequence
from html import escape
from typing import Any

from partyhub_dagster.answers.drawings import Bar, Tie, draw_graph, draw_waterfall
from partyhub_dagster.answers.words import (
    compared_words,
    held_words,
    join_words,
    level_words,
    merge_words,
    names_words,
    pairs_words,
    reason_words,
    split_words,
)

_MOST_NODES = 80
"""Records in the graph; of a larger party the first are drawn."""
_STYLE = """
:root { color-scheme: light dark; --ink: #1f2328; --soft: #656d76; --page: #fff; --card: #f6f8fa; --line: #d0d7de;
  --for: #2e7d4f; --against: #b3453c; --total: #3b5ba5; --theirs: #b7791f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --page: #0d1117; --card: #161b22;
  --line: #3d444d; --for: #4cae78; --against: #e0736a; --total: #7d9be6; --theirs: #e0a84a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1000px; padding: 24px; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; }
h1 { font-size: 22px; margin: 0 0 4px; } h2 { font-size: 17px; margin: 28px 0 8px; }
.key { font-size: 13px; } .soft, .small { color: var(--soft); fill: var(--soft); }
.answer { font-size: 17px; margin: 12px 0; }
.card, .scroll { overflow-x: auto; } .scroll table:has(th) { min-width: 640px; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th, td { text-align: left; vertical-align: top; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); }
th, .number { white-space: nowrap; } .number { font-variant-numeric: tabular-nums; } td { overflow-wrap: anywhere; }
tr.differs td { background: color-mix(in srgb, var(--theirs) 12%, transparent); }
tr.equal td { background: color-mix(in srgb, var(--for) 12%, transparent); }
tr.weakest td { font-weight: 600; }
svg { max-width: 100%; height: auto; font: 13px system-ui, sans-serif; } svg text { fill: var(--ink); }
svg .small, svg .name { font-size: 11px; fill: var(--soft); }
.key, svg .name { font-family: ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; }
svg .on { paint-order: stroke; stroke: var(--card); stroke-width: 4px; }
.for { fill: var(--for); } .against { fill: var(--against); }
.nothing { fill: var(--line); } .total { fill: var(--total); }
.ours { fill: var(--total); } .theirs { fill: var(--theirs); } .mark { stroke: var(--soft); stroke-dasharray: 4 4; }
.zero { stroke: var(--line); } .tie { stroke: var(--for); opacity: .7; } .below { stroke: var(--against);
  stroke-dasharray: 5 4; } .weakest { stroke: var(--against); }
"""


def render_page(answer: dict[str, Any]) -> str:
    """Return the page of what `explain` answers about a pair or about a party.

    Guarantees: every value is escaped; a policy in the page forbids anything from outside, and scripts.
    """
    title, body = _party(answer) if "merges" in answer else _pair(answer)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(body)}</body></html>\n"
    )


def _pair(answer: dict[str, Any]) -> tuple[str, list[str]]:
    keys = [record["key"] for record in answer["records"]]
    title = f"{keys[0]} and {keys[1]}"
    said = "One party" if answer["same_party"] else "Two parties"
    body = [_head(title, answer), f'<p class="answer"><b>{said}.</b> {escape(_reason(answer))}</p>']
    body += [_side_by_side(answer["records"])]
    if answer["weight"] is None:
        return title, body
    body += [
        "<h2>What makes the weight of this pair</h2>",
        f'<div class="card">{_waterfall(answer, answer["thresholds"])}</div>',
        f'<p class="soft">{escape(_weight_words(answer))}</p>',
    ]
    if answer.get("merge"):
        body += ["<h2>How they came together</h2>", f"<p>{escape(_merge_words(answer))}</p>"]
    told = split_words(answer["to_split"]) if answer["same_party"] else join_words(answer["to_join"])
    body += ["<h2>What would make it otherwise</h2>", _list(told), _decisions(answer["decisions"])]
    return title, body


def _party(answer: dict[str, Any]) -> tuple[str, list[str]]:
    members, weakest = answer["members"], answer["weakest"]
    title = f"Party {answer['party_id']}"
    limits = answer["thresholds"]
    count = f"{len(members):,} record{'s' if len(members) > 1 else ''}"
    body = [_head(title, answer), f'<p class="answer"><b>{count}.</b> {escape(_party_words(answer))}</p>']
    body += ["<h2>Who is tied to whom</h2>", f'<div class="card">{_graph(answer)}</div>', _legend(answer)]
    if answer["merges"]:
        rows = [
            _row([str(n), escape(names_words(m["left"])), escape(names_words(m["right"])),
                  _number(m["mean_weight"]), _number(m["asked"]), f"{m['margin']:.2f}",
                  escape(pairs_words(m, limits["miss"]))],
                 "weakest" if weakest and m == _bare(weakest) else "")
            for n, m in enumerate(answer["merges"], 1)
        ]  # fmt: skip
        body += ["<h2>How it came about, merge by merge</h2>",
                 _table(["", "these", "with these", "mean bits", "needed", "to spare", "rests on"], rows)]  # fmt: skip
    if weakest and "pair" in weakest:
        held_by = held_words(weakest, limits["cap"])
        body += [
            "<h2>Its weakest link</h2>",
            f"<p>{escape(merge_words(weakest, limits['miss']))}. {escape(held_by)}</p>",
            f'<div class="card">{_waterfall(weakest["pair"], limits)}</div>',
            "<h2>What it would take to split</h2>",
            _list(split_words(answer["to_split"])),
        ]
    body += [_not_merged(answer), "<h2>Its records</h2>", *_records(members), _decisions(answer["decisions"])]
    return title, body


def _bare(weakest: dict[str, Any]) -> dict[str, Any]:
    return {name: held for name, held in weakest.items() if name != "pair"}


def _head(title: str, answer: dict[str, Any]) -> str:
    model = f", model {answer['model']}" if "model" in answer else ""
    return (
        f'<h1>{escape(title)}</h1><div class="soft">release {answer["release"]}{escape(model)};'
        " this page holds values of records as they are</div>"
    )


def _reason(answer: dict[str, Any]) -> str:
    if answer["weight"] is None:
        return str(answer["note"])
    return _sentence(reason_words(answer["verdict"], answer["thresholds"]))


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:]


def _merge_words(answer: dict[str, Any]) -> str:
    merge, weakest, miss = answer["merge"], answer["weakest"], answer["thresholds"]["miss"]
    if weakest == merge:
        return f"{merge_words(merge, miss)}. No merge of their party has less to spare."
    return f"{merge_words(merge, miss)}. The weakest link of their party is another: {merge_words(weakest, miss)}."


def _party_words(answer: dict[str, Any]) -> str:
    weakest = answer["weakest"]
    if answer["bound_by_decisions"] and weakest is None:
        return "SAME decisions bind them."
    if weakest is None:
        return "Nothing was merged with it."
    return (
        f"The weakest merge has a mean weight of {weakest['mean_weight']:+.2f} bits; it needed"
        f" {weakest['asked']:+.2f}, so {weakest['margin']:.2f} bits are to spare."
    )


def _weight_words(pair: dict[str, Any]) -> str:
    return (
        f"{pair['weight']:+.2f} bits, probability {pair['probability']:.4f}. One bit more doubles the odds."
        f" {compared_words(pair)}"
    )


def _waterfall(pair: dict[str, Any], limits: dict[str, float]) -> str:
    known = [c for c in pair["comparisons"] if c["weight"] or c["level"] != "unknown"]
    bars = [Bar("start", "two records at random", pair["prior"])]
    bars += [Bar(c["name"], level_words(c["level"]), c["weight"]) for c in known]
    drawn = draw_waterfall(bars, pair["weight"], [("link", limits["link"])])
    unknown = [c["name"] for c in pair["comparisons"] if c not in known]
    return drawn + (
        f'<div class="small">Unknown on a side: {escape(", ".join(unknown))}.</div>' if unknown else ""
    )


def _graph(answer: dict[str, Any]) -> str:
    ours = _neighbours_together(answer)[:_MOST_NODES]
    theirs = [
        _with(other["members"], other["strongest"])
        for other in answer["not_merged"][:2]
        if other["strongest"]
    ]
    groups = [ours, *theirs]
    place = {key: n for n, key in enumerate(key for group in groups for key in group)}
    weakest = answer["weakest"] and answer["weakest"]["strongest"]
    worst = set(weakest["pair"]) if weakest else set()
    near = [other["strongest"] for other in answer["not_merged"][:2] if other["strongest"]]
    ties = [
        Tie(place[one], place[other], link["weight"], {one, other} == worst)
        for link in [*answer["links"], *near]
        for one, other in [link["pair"]]
        if one in place and other in place
    ]
    return draw_graph(groups, ties, answer["thresholds"]["cut"])


def _with(members: list[str], strongest: dict[str, Any]) -> list[str]:
    """Take the first few of another party, the one that is nearest among them."""
    near = [key for key in members if key in strongest["pair"]]
    return list(dict.fromkeys([*near, *members]))[:6]


def _neighbours_together(answer: dict[str, Any]) -> list[str]:
    """Order the members so that those that merged early stand side by side."""
    pieces = {member["key"]: [member["key"]] for member in answer["members"]}
    together = [*([group[:1], group[1:]] for group in answer["bound_by_decisions"])]
    together += [[merge["left"], merge["right"]] for merge in answer["merges"]]
    for left, right in together:
        joined = list(dict.fromkeys(key for piece in (*left, *right) for key in pieces[piece]))
        pieces |= dict.fromkeys(joined, joined)
    return list(dict.fromkeys(key for piece in pieces.values() for key in piece))


def _legend(answer: dict[str, Any]) -> str:
    left_out = len(answer["members"]) - _MOST_NODES
    more = f" {left_out:,} records are not drawn." if left_out > 0 else ""
    near = (
        " Yellow: the two nearest parties that it was not merged with, at most six records of each."
        if answer["not_merged"]
        else ""
    )
    return (
        f'<p class="soft">Blue: this party.{near} A green line has the bits that merging two records needs, a dashed'
        f" red one has not; the solid red one is the strongest pair of the weakest merge.{more}</p>"
    )


def _not_merged(answer: dict[str, Any]) -> str:
    if not answer["not_merged"]:
        return ""
    rows = [
        _row([escape(names_words(other["members"])), _number(other["mean_weight"]),
              escape(pairs_words(other, answer["thresholds"]["miss"])),
              escape(_sentence(reason_words(other, answer["thresholds"])))])
        for other in answer["not_merged"]
    ]  # fmt: skip
    return "<h2>Why not with these</h2>" + _table(["party of", "mean bits", "rests on", "because"], rows)


def _side_by_side(records: Sequence[dict[str, Any]]) -> str:
    one, other = records
    names = list(dict.fromkeys([*one["values"], *other["values"]]))
    rows = []
    for name in names:
        left, right = one["values"].get(name, []), other["values"].get(name, [])
        kind = "" if not left or not right else "equal" if set(left) & set(right) else "differs"
        rows.append(_row([escape(name), escape("; ".join(left)), escape("; ".join(right))], kind))
    return "<h2>Side by side</h2>" + _table(["", one["key"], other["key"]], rows)


def _records(members: Sequence[dict[str, Any]]) -> list[str]:
    return [
        f'<details{" open" if len(members) <= 6 else ""}><summary class="key">{escape(member["key"])}</summary>'
        + _table([], [_row([escape(n), escape("; ".join(v))]) for n, v in member["values"].items()])
        + "</details>"
        for member in members[:_MOST_NODES]
    ]


def _decisions(decisions: Sequence[dict[str, Any]]) -> str:
    if not decisions:
        return ""
    rows = [
        _row([
            escape(" ".join(str(d[name]) for name in ("verdict", "left", "right", "attribute") if d[name])),
            escape(d["state"]), escape(d["author"]), escape(d["decided_at"][:10]), escape(d["reason"]),
        ])
        for d in decisions
    ]  # fmt: skip
    return "<h2>Decisions</h2>" + _table(["decision", "", "by", "on", "because"], rows)


def _list(lines: Sequence[str]) -> str:
    return "<ul>" + "".join(f"<li>{escape(line.strip())}</li>" for line in lines) + "</ul>"


def _number(bits: float) -> str:
    return f'<span class="number">{bits:+.2f}</span>'


def _row(cells: Sequence[str], kind: str = "") -> str:
    return f'<tr class="{kind}">' + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def _table(heads: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    return f'<div class="scroll"><table>{f"<tr>{head}</tr>" if heads else ""}{"".join(rows)}</table></div>'
