"""Markdown of recorded benchmarks: tables whose every figure comes from the record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Record = Mapping[str, Any]

ROOMS = {
    "structure": "Structure prediction",
    "energies": "Energies",
    "attention": "Attention",
    "sampling": "Sampling",
    "relaxation": "Relaxation",
    "training": "Training",
    "store": "Store",
    "dft": "DFT",
    "orchestration": "Orchestration",
    "search": "Search",
    "loop": "The loop",
    "interpretation": "Interpretation",
}
"""Sections in their order; one appears when it has a record."""
METRICS = {
    "match_rate": "match",
    "rmse": "RMSE",
    "metre": "METRe",
    "crmse": "cRMSE",
    "strict_rate": "strict",
    "ranked_match_rate": "ranked top-1",
    "ranked_strict_rate": "ranked top-1, strict",
    "polymorph_recall": "polymorph recall",
    "valid_rate": "valid",
}
MOST_GROUPS = 12
"""Rows of a division by element or space group, the worst."""
MOST_POLYMORPHS = 60
"""Rows of the polymorph table that a page shows; the record has them all."""


def section(record: Record) -> str:
    """One record: how it was made, then its tables."""
    result = record["result"]
    plot = [f"![What was found against what was spent]({plot_file(record)})"]
    parts = [f"### {record['name']}", _circumstances(record), *tables(result)]
    return "\n\n".join([*parts, *(plot if "hits" in result else [])])


def plot_file(record: Record) -> str:
    """Where the plot of a record lies, from the root of the project."""
    return f"benchmarks/results/{record['room']}.{record['name']}.svg"


def tables(result: Mapping[str, Any]) -> list[str]:
    """The tables of a result, by what it is."""
    if result.get("task") == "structure":
        return _structure(result)
    if result.get("task") == "energy":
        return _energy(result)
    return _rows(result)


def markdown_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows with the same keys as a table."""
    head = list(rows[0])
    lines = [head, ["---"] * len(head), *([_cell(row.get(key)) for key in head] for row in rows)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def _circumstances(record: Record) -> str:
    machine = record["machine"]
    result = record["result"]
    cores = f"{machine['cores']} cores of {machine['cpu']}"
    state = f"{machine['torch_threads']} torch threads, load {machine['load_average']} at the start"
    versions = f"torch {machine['torch']}, Python {machine['python']}"
    lines = [
        f"`{record['command']}`",
        f"{record['date']}, {record['seconds']:.0f} s; {cores} ({state}), {versions}",
    ]
    if "set_hash" in result:
        lines.append(
            f"set {result['set']}, {result['n']} crystals, hash `{result['set_hash']}`; "
            f"seeds {', '.join(map(str, result['seeds']))}"
        )
    return "  \n".join(lines)


def _structure(result: Mapping[str, Any]) -> list[str]:
    sampler = ", ".join(f"{k} {v}" for k, v in result["sampler"].items() if v is not None)
    cost, tolerances = result["cost"], result["tolerances"]
    # records of before December 2026 ranked by energies with a tie
    tied = f"the first sample within {tolerances.get('rank_tie')} of the lowest energy"
    facts = (
        f"Samples: {sampler}; {cost['parameters']:,} parameters, {cost['network_evaluations']} "
        f"evaluations and {result['seconds_per_structure']:.3f} s per sample (wall clock). Ranked "
        f"and relaxed at level {result['level']}; {result['relaxed_per_reference']} of "
        f"{result['k']} samples relaxed. Match: {tolerances['loose']}; strict: "
        f"{tolerances['strict']}; ranked top-1: {tolerances.get('ranked', tied)}. "
        f"Mean ± standard deviation over seeds."
    )
    parts = {"first": "1", "all": str(result["k"]), "clean": f"{result['k']}, clean references"}
    if result["k"] == 1:
        del parts["all"]  # the same once more
    rows = [
        {"stage": stage.replace("_", ", "), "samples": name}
        | {title: _spread(figures[part].get(key)) for key, title in METRICS.items()}
        for stage, figures in result["stages"].items()
        for part, name in parts.items()
        if part in figures
    ]
    found = [facts, markdown_table(rows), _overlap(result["overlap"])]
    return [*found, *_breakdown(result["breakdown"]), *_polymorphs(result["polymorphs"])]


def _overlap(overlap: Mapping[str, Any] | None) -> str:
    if overlap is None:
        return "Overlap with the training set: not audited in this run."
    return (
        f"Overlap with the training set: {overlap['formula']:.1%} of the references share a "
        f"formula with it, {overlap['structure']:.1%} a structure; {overlap['clean']} are clean."
    )


def _breakdown(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Where it fails, last stage; of elements and space groups only the worst."""
    found = []
    for by in dict.fromkeys(row["by"] for row in rows):
        groups = [row for row in rows if row["by"] == by]
        worst = len(groups) > MOST_GROUPS
        named = [
            {by: row["group"], "n": row["n"], "first": _share(row["first"]),
             "any": _share(row["any"]), "ranked top-1": _share(row["ranked"])}
            for row in groups[:MOST_GROUPS]
        ]  # fmt: skip
        found.append(
            f"By {by}" + (", the worst" if worst else "") + f":\n\n{markdown_table(named)}"
        )
    return found


def _polymorphs(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    several = [row for row in rows if len(row["polymorphs"]) > 1]
    if not several:
        return []
    recall = sum(row["recall"] for row in several) / len(several)
    whole = sum(row["recall"] == 1 for row in several)
    table = markdown_table(
        [
            {
                "formula": row["formula"],
                "polymorphs (atoms): share of seeds in which it was found": ", ".join(
                    f"{p['space_group']} ({p['natoms']}): {_share(p['found'])}"
                    for p in row["polymorphs"]
                ),
            }
            for row in several[:MOST_POLYMORPHS]
        ]
    )
    title = (
        f"{len(several)} formulas have several different crystals in this set "
        f"({len(rows) - len(several)} more have several entries of one crystal). "
        f"{recall:.1%} of the polymorphs are found, all of them for {whole} formulas."
    )
    return [title, f"<details><summary>Polymorphs</summary>\n\n{table}\n\n</details>"]


def _energy(result: Mapping[str, Any]) -> list[str]:
    found = [f"Level {result['level']}. Energies in eV/atom, forces in eV/angstrom."]
    if result["clean"]:
        found.append("Clean crystals against the labels of the set:")
        found.append(markdown_table([result["clean"]]))
    if result["disturbed"]:
        found.append("Disturbed crystals, before and after relaxation, against the judge:")
        found.append(markdown_table(result["disturbed"]))
    return found


def _rows(result: Mapping[str, Any]) -> list[str]:
    """Rows of any benchmark: one table for each kind of row."""
    kinds: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in result["rows"]:
        kinds.setdefault(tuple(row), []).append(row)
    notes = [result["note"]] if "note" in result else []
    return [*notes, *(markdown_table(rows) for rows in kinds.values())]


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_cell(part)}" for key, part in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(_cell(part) for part in value)
    return str(value).replace("|", "\\|")


def _spread(figure: Sequence[float] | None) -> str:
    return "-" if figure is None else f"{figure[0]:.3f} ± {figure[1]:.3f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
