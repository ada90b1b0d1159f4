"""``dao simulate``: does the loop find more than searches without it?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.cli.console import emit, set_up_logging
from flows.cli.options import Json, Verbose

System = Annotated[str, typer.Argument(metavar="SYSTEM", help="Whose answer is known: Fe-P.")]
Reference = Annotated[
    Path,
    typer.Option(
        "--reference",
        metavar="FILE",
        help="Record file with its phases; phases of other systems in it judge the models.",
    ),
]
Truth = Annotated[
    str, typer.Option("--truth", metavar="NAME", help="Potential in the place of DFT.")
]
Arms = Annotated[
    str | None,
    typer.Option(
        "--arms",
        metavar="A,B",
        help="Of loop, without-retraining, template, random. Default: all.",
    ),
]
Rounds = Annotated[int, typer.Option("--rounds", min=1, help="Campaigns of a search.")]
Seed = Annotated[
    list[int] | None,
    typer.Option("--seed", min=0, help="May be repeated. Default: 0 and 1."),
]
Candidates = Annotated[int, typer.Option("--candidates", min=1, help="Proposed in each round.")]
Relax = Annotated[int, typer.Option("--relax", min=1, help="Relaxed in each round.")]
Labels = Annotated[int, typer.Option("--labels", min=1, help="Labelled in each round.")]
MaxAtoms = Annotated[int, typer.Option("--max-atoms", min=1, help="Largest cell that is proposed.")]
Holdout = Annotated[
    Path | None,
    typer.Option("--holdout", metavar="FILE", help="Record file that judges the models."),
]
Replay = Annotated[
    list[Path] | None,
    typer.Option("--replay", metavar="FILE", help="Record file of known crystals; repeatable."),
]
Steps = Annotated[int, typer.Option("--steps", min=1, help="Of each training.")]
OutFolder = Annotated[Path, typer.Option("--out", metavar="DIR", help="Stores and results.")]


def simulate(
    system: System,
    reference: Reference,
    truth: Truth = "chgnet",
    arms: Arms = None,
    rounds: Rounds = 2,
    seed: Seed = None,
    candidates: Candidates = 96,
    relax: Relax = 24,
    labels: Labels = 8,
    max_atoms: MaxAtoms = 12,
    holdout: Holdout = None,
    replay: Replay = None,
    steps: Steps = 200,
    out: OutFolder = Path("simulation"),
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Replay campaigns where the stable phases are known, with a potential in the place of DFT.

    Compares the loop with the loop without retraining, with templates and with random search, at
    equal numbers of relaxations and labels. The same command again goes on where it stopped.

    Example: dao simulate Fe-P --reference fe-li-o-p.json.gz --seed 0 --seed 1
    """
    set_up_logging(verbose=verbose)
    from dao_core.bars import Bars
    from dao_core.evaluation.simulation.request import SimulationRequest
    from dao_core.progress import listening
    from dao_core.settings_file import validated
    from flows.cli.tables import simulation_tables
    from flows.simulation.run import simulate as run

    given = {
        "system": system,
        "reference": reference,
        "truth": truth,
        "arms": arms.split(",") if arms else None,
        "rounds": rounds,
        "seeds": seed or None,
        "candidates": candidates,
        "relax": relax,
        "labels": labels,
        "max_atoms": max_atoms,
        "holdout": holdout,
        "replay": replay or None,
        "steps": steps,
        "out": out,
    }
    with Bars() as bars, listening(bars):
        result = run(validated(SimulationRequest, given))
    emit(result, as_json=as_json, human=simulation_tables(result))
