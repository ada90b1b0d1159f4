"""Write BENCHMARKS.md and the model cards from the recorded results; no figure is typed by hand.

    python benchmarks/write.py            # write
    python benchmarks/write.py --check    # exit code 1 if a file differs from what would be written

A record stands in BENCHMARKS.md under its room, and in the card of the model whose hash it names.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from comparison import comparison
from plots import discovery_plot
from tables import ROOMS, Record, plot_file, section, tables

from dao_core.checkpoints.format import checkpoint_hash, read_card
from dao_core.generator.model_file import KIND as GENERATOR
from dao_core.predictor.checkpoint import KIND as PREDICTOR
from dao_core.pretrained import SHIPPED
from dao_core.training import generator_card, predictor_card

ROOT = Path(__file__).parent.parent
OF_SETS = ROOT / "benchmarks" / "models"
TITLE = "# Benchmarks"
HEAD = """\
Written by `python benchmarks/write.py` from the records in `benchmarks/results/`; change those,
not this file. Each record is made by `python benchmarks/record.py ROOM NAME -- COMMAND`.
The shipped models were trained for hours on two CPU cores. Sets that are disjoint from the training
data by formula are harder than the usual random splits: figures on them do not compare with
published ones. Figures of models of other hashes than the shipped ones are kept for history."""


def main(words: Sequence[str] | None = None) -> int:
    """Write or check; 1 if a check fails."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    parser.add_argument("--to", type=Path, default=ROOT / "BENCHMARKS.md")
    arguments = parser.parse_args(words)
    records = read_records(arguments.results)
    pages = {arguments.to: benchmarks_page(records)}
    root = arguments.to.parent
    pages |= {
        root / plot_file(record): discovery_plot(record["result"])
        for record in records
        if "hits" in record["result"]
    }
    if arguments.to == ROOT / "BENCHMARKS.md":
        pages |= {model.with_suffix(".md"): card_page(model, records) for model in _models()}
    differing = [
        file
        for file, text in pages.items()
        if not file.is_file() or file.read_text(encoding="utf-8") != text
    ]
    if arguments.check:
        for file in differing:
            print(f"{file} is not what benchmarks/write.py writes", file=sys.stderr)
        return bool(differing)
    for file in differing:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(pages[file], encoding="utf-8")
    return 0


def read_records(folder: Path) -> list[dict[str, Any]]:
    """All records, in order of their file names."""
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]


def benchmarks_page(records: Sequence[Record]) -> str:
    """The whole page."""
    parts = [TITLE, *filter(None, [comparison(records)]), HEAD]
    for room, title in ROOMS.items():
        found = [record for record in records if record["room"] == room]
        if found:
            parts += [f"## {title}", *map(section, found)]
    return "\n\n".join(parts) + "\n"


def card_page(model: Path, records: Sequence[Record]) -> str:
    """The card of a shipped model, and the records that name its hash."""
    own = checkpoint_hash(model)
    if read_card(model)["kind"] == GENERATOR:
        card = generator_card.card_markdown(model)
        found = [r for r in records if r["result"].get("sampler", {}).get("model") == own]
    else:
        card = predictor_card.card_markdown(model, own)
        found = [
            r
            for r in records
            if r["result"].get("task") == "energy" and r["result"]["level"] == f"dao-p@{own}"
        ]
    if not found:
        return card
    parts = ["## Benchmarks", *(f"### {r['name']}, {r['date']}\n\n{_tables(r)}" for r in found)]
    return card.rstrip("\n") + "\n\n" + "\n\n".join(parts) + "\n"


def _tables(record: Record) -> str:
    return "\n\n".join([f"`{record['command']}`", *tables(record["result"])])


def _models() -> list[Path]:
    """The generators and physical predictors that ship, and those of single benchmark sets."""
    files = [*sorted(SHIPPED.glob("*.safetensors")), *sorted(OF_SETS.glob("*.safetensors"))]
    return [file for file in files if read_card(file)["kind"] in {GENERATOR, PREDICTOR}]


if __name__ == "__main__":
    sys.exit(main())
