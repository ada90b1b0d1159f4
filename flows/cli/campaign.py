"""``dao campaign``: search a chemical system from nothing to a ranked table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from dao_core.search.source_registry import DEFAULT, source_names
from flows.cli.console import FINISHED_WITH_FAILURES, emit, seconds, set_up_logging, warn
from flows.cli.options import (
    POTENTIALS,
    Held,
    Json,
    ProtocolName,
    StoreUri,
    Verbose,
    known_potential,
    known_refinement,
    known_sources,
    targets,
)

if TYPE_CHECKING:
    from dao_core.bars import Bars
    from flows.campaign.again import Note
    from flows.campaign.finished import FinishedCampaign
    from flows.campaign.request import CampaignRequest

PREPARED = "prepared"
PREPARATIONS = ("packages", "models", "Prefect")
"""What is loaded before there is anything to search with."""

System = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="SYSTEM|FORMULA...", callback=targets, help="Mg-O, or formulas such as Cr6Os2."
    ),
]
Candidates = Annotated[
    int | None,
    typer.Option("--candidates", metavar="N", help="Structures to propose. Default: 200."),
]
Relax = Annotated[
    int | None,
    typer.Option("--relax", metavar="N", help="How many of the best to relax. Default: 48."),
]
Z = Annotated[
    str | None,
    typer.Option("--z", metavar="auto|1,2,4", help="Formula units per cell. Default: auto."),
]
MaxAtoms = Annotated[
    int | None, typer.Option("--max-atoms", metavar="N", help="Largest cell to propose.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of all randomness. Default: 0.")]
Pressure = Annotated[
    float | None,
    typer.Option("--pressure", metavar="GPA", help="External pressure; enthalpies decide."),
]
Potential = Annotated[
    str | None,
    typer.Option(
        "--potential",
        metavar="NAME",
        callback=known_potential,
        help=f"Searches. {POTENTIALS}",
    ),
]
Refine = Annotated[
    str | None,
    typer.Option(
        "--refine",
        metavar="auto|none|NAME",
        callback=known_refinement,
        help="Relaxes the best on and ranks them. Default: auto, the best installed potential.",
    ),
]
SecondOpinion = Annotated[
    str | None,
    typer.Option(
        "--second-opinion",
        metavar="NAME",
        callback=known_potential,
        help="A further potential that is asked about the ranking: where it disagrees, the doubt "
        "is wider.",
    ),
]


def _sources_told() -> str:
    """All sources, those of other packages included; the default ones first."""
    others = [name for name in source_names() if name not in DEFAULT]
    return f"Of {', '.join(DEFAULT)} (default: these) and {', '.join(others)}."


Sources = Annotated[
    str | None,
    typer.Option(
        "--sources",
        metavar="dao-g,template,...",
        callback=known_sources,
        help=_sources_told(),
    ),
]
Guidance = Annotated[
    str | None,
    typer.Option("--guidance", metavar="NAME", help="Guidance energy; guided DAO-G joins."),
]
GuidanceWeight = Annotated[
    float | None, typer.Option("--guidance-weight", help="Of the guidance. Default: 1.")
]
Template = Annotated[
    str | None,
    typer.Option("--template", metavar="FILE", help="A crystal to hold parts of; DAO-G joins."),
]
Hold = Annotated[
    Held | None,
    typer.Option(
        "--hold",
        help="Which parts. Default: framework (lattice and sites).",
    ),
]
SeedStructures = Annotated[
    list[str] | None,
    typer.Option("--seed-structures", metavar="FILE", help="Own structures; repeatable."),
]
Interpret = Annotated[
    str | None,
    typer.Option(
        "--interpret",
        metavar="phonons=5,...",
        help="Of the best: network, phonons, pressure, surface, defects, electrons. Default: none.",
    ),
]
Dft = Annotated[
    Literal["none", "qe", "vasp"] | None,
    typer.Option("--dft", help="Check the best by DFT. Default: none."),
]
DftBudget = Annotated[
    int | None,
    typer.Option(
        "--dft-budget", metavar="N", help="How many of the best, or in a batch. Default: 5."
    ),
]
DftProtocol = Annotated[
    ProtocolName | None,
    typer.Option("--dft-protocol", help="Accuracy. Default: fast."),
]
DftCoreHours = Annotated[
    float | None,
    typer.Option(
        "--dft-core-hours", metavar="H", help="What all batches may cost. Default: one batch."
    ),
]
Approve = Annotated[
    Literal["auto", "ask"] | None,
    typer.Option("--approve", help="Ask before DFT. Default: auto."),
]
Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="These settings as YAML.")
]
OutFolder = Annotated[
    str | None,
    typer.Option("--out", metavar="DIR", help="Folder for files. Default: campaigns/<id>."),
]
Force = Annotated[bool, typer.Option("--force", help="Go on outside the domain of the models.")]


def campaign(
    system: System = None,
    candidates: Candidates = None,
    relax: Relax = None,
    z: Z = None,
    max_atoms: MaxAtoms = None,
    seed: Seed = None,
    pressure: Pressure = None,
    potential: Potential = None,
    refine: Refine = None,
    second_opinion: SecondOpinion = None,
    sources: Sources = None,
    guidance: Guidance = None,
    guidance_weight: GuidanceWeight = None,
    template: Template = None,
    hold: Hold = None,
    seed_structures: SeedStructures = None,
    interpret: Interpret = None,
    dft: Dft = None,
    dft_budget: DftBudget = None,
    dft_protocol: DftProtocol = None,
    dft_core_hours: DftCoreHours = None,
    approve: Approve = None,
    config: Config = None,
    out: OutFolder = None,
    store: StoreUri = None,
    force: Force = False,
    as_json: Json = False,
    verbose: Verbose = False,
) -> None:
    """Propose, screen, relax and rank structures of a chemical system; check the best by DFT.

    The same command again goes on where it stopped; finished, it shows the result at once.

    Example: dao campaign Mg-O --candidates 100 --relax 24 --potential chgnet
    """
    set_up_logging(verbose=verbose)
    from flows.campaign import again
    from flows.cli.campaign_tables import campaign_tables

    given = {
        "targets": system or None,
        "candidates": candidates,
        "relax": relax,
        "z": z,
        "max_atoms": max_atoms,
        "seed": seed,
        "pressure": pressure,
        "potential": potential,
        "refine": refine,
        "second_opinion": second_opinion,
        "sources": sources.split(",") if sources is not None else None,
        "guidance": guidance,
        "guidance_weight": guidance_weight,
        "template": template,
        "hold": hold,
        "seed_structures": seed_structures or None,
        "interpret": _kinds(interpret) if interpret is not None else None,
        "dft": dft,
        "dft_budget": dft_budget,
        "dft_protocol": dft_protocol,
        "dft_core_hours": dft_core_hours,
        "approve": approve,
        "out": out,
        "store": store,
        "force": force or None,
    }
    words = {name: value for name, value in given.items() if value is not None}
    if config is not None:
        words["config"] = str(config)
    note = again.found(words)
    done, told = _noted(note) if note else _done(given, config, words)
    for warning in told:
        warn(warning)
    emit(done.as_result(), as_json=as_json, human=campaign_tables(done, seconds()))
    if done.summary.failures:
        raise typer.Exit(FINISHED_WITH_FAILURES)


def _noted(note: Note) -> tuple[FinishedCampaign, list[str]]:
    """A result that an earlier command left, and the warnings above it."""
    from flows.campaign.finished import FinishedCampaign
    from flows.report.summary import read_summary

    folder = Path(note.folder)
    return FinishedCampaign(read_summary(folder), folder, reused=True), note.told


def _done(
    given: dict[str, Any], config: Path | None, words: dict[str, Any]
) -> tuple[FinishedCampaign, list[str]]:
    """The result of a campaign and the warnings above it, noted for the next time."""
    from dao_core.bars import Bars

    with Bars() as bars:
        bars.begin(PREPARED, len(PREPARATIONS))
        bars.at(PREPARED, PREPARATIONS[0])
        from dao_core.settings_file import lines_named, read_settings
        from flows.campaign.config_file import build_request
        from flows.campaign.kept_files import keep_note
        from flows.report.answer import told_doubts

        settings = read_settings(config) if config else None
        request = build_request(given, settings, config)
        with lines_named(given, settings, config):
            done = _found_or_run(request, bars)
    told = [*done.summary.warnings, *told_doubts(done.summary)]
    keep_note(words, request, done, told)
    return done, told


def _kinds(text: str) -> dict[str, dict[str, str]]:
    """``phonons=5,electrons`` as settings: how many of the best, or as many as by default."""
    parts = [part.partition("=") for part in text.split(",")]
    return {kind.strip(): {"best": number} if equal else {} for kind, equal, number in parts}


def _found_or_run(request: CampaignRequest, bars: Bars) -> FinishedCampaign:
    """The result of a campaign; Prefect is only loaded where there is something to run."""
    _prepared(bars, 1)
    from dao_core.devices import working_with
    from flows.campaign.running import Campaign
    from flows.campaign.stored import found_done
    from flows.cli.approval import terminal_asker
    from flows.validation.approval import asking
    from flows.validation.stage import is_settled, require_programs

    with Campaign(request) as prepared:
        folder = prepared.folder
        document = prepared.document()
        if document.state == "done" and is_settled(document, request):
            return found_done(document, folder, prepared.store)
    require_programs(request)  # known before the server starts and anything is done
    _prepared(bars, 2)
    from flows.campaign.local import run_campaign

    bars.tell(working_with())
    bars.advance(PREPARED, 1)
    with asking(terminal_asker(bars)):
        return run_campaign(request, folder, bars)


def _prepared(bars: Bars, number: int) -> None:
    """Say which preparation follows."""
    bars.advance(PREPARED, 1)
    bars.at(PREPARED, PREPARATIONS[number])
