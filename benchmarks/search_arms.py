"""The ways of searching that the search benchmark compares: each is run once, and read off."""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from known_phases import KNOWN
from pymatgen.core import Structure

from dao_core.progress import Listener
from flows.campaign.local import run_campaign
from flows.campaign.request import CampaignRequest
from stores import open_store
from stores.documents import (
    CampaignDocument,
    CandidateDocument,
    EventDocument,
    RelaxationDocument,
)

ARMS: dict[str, tuple[str, ...] | None] = {
    "dao": None,
    "template": ("template",),
    "dao-g": ("dao-g",),
    "random": ("random",),
}
"""Sources of each arm; None for the default ones."""
CRYSPY = "cryspy"
AS_DRAWN = "random, as drawn"
"""The arm ``random`` read in the order of its draws: nothing is screened, nothing chosen."""
CANDIDATES_PER_RELAXATION = 4


@dataclass(frozen=True)
class End:
    """One relaxed candidate.

    Attributes:
        formula: reduced formula.
        structure: relaxed.
        energy_per_atom: eV/atom.
        relaxations: how many were done when its batch was.
        seconds: of search until then.
    """

    formula: str
    structure: Structure
    energy_per_atom: float
    relaxations: int
    seconds: float


@dataclass(frozen=True)
class Arm:
    """What one way of searching brought, and what it cost."""

    ends: list[End]
    relaxations: int
    seconds: float
    cpu_seconds: float


class Quiet(Listener):
    """Nobody listens."""

    def begin(self, stage: str, total: int) -> None:
        """A stage starts."""

    def advance(self, stage: str, done: int) -> None:
        """Items are done."""

    def tell(self, news: str) -> None:
        """Something is there."""


def run_arm(system: str, arm: str, options: argparse.Namespace) -> Arm:
    """Run what is missing of an arm, and read off what came when."""
    folder = options.out / system / arm
    done = folder / "cpu_seconds.json"
    if not done.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        before = cpu_seconds()
        if arm == CRYSPY:
            _run_cryspy(system, folder, options)
        else:
            request = _request(system, arm, folder, options)
            run_campaign(request, folder / "files", Quiet())
        done.write_text(json.dumps(round(cpu_seconds() - before, 1)), encoding="utf-8")
    spent = json.loads(done.read_text(encoding="utf-8"))
    return (_read_cryspy if arm == CRYSPY else _read_campaign)(folder, spent)


def _request(system: str, arm: str, folder: Path, options: argparse.Namespace) -> CampaignRequest:
    sources = ARMS[arm]
    chosen = {} if sources is None else {"sources": sources}
    return CampaignRequest(
        targets=(system,),
        candidates=options.relax * (1 if arm == "random" else CANDIDATES_PER_RELAXATION),
        relax=options.relax,
        potential=options.potential,
        seed=options.seed,
        force=True,
        refine="none",
        store=f"sqlite:///{folder.absolute() / 'store.db'}",
        out=str(folder / "files"),
        **chosen,
    )


def formula_for_cryspy(system: str) -> str | None:
    """The formula that CrySPY is told: the first compound known of a system, or the target."""
    known = next((formula for formula, _ in KNOWN.get(system, ())), None)
    return known or (None if "-" in system else system)


def _run_cryspy(system: str, folder: Path, options: argparse.Namespace) -> None:
    formula = formula_for_cryspy(system)
    shutil.rmtree(folder / "z", ignore_errors=True)  # CrySPY would go on with half of a generation
    command = [
        options.cryspy, str(Path(__file__).with_name("cryspy_search.py")), str(formula),
        "--relax", str(options.relax), "--potential", options.potential, "--out", str(folder / "z"),
    ]  # fmt: skip
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise SystemExit(f"{system}, {CRYSPY}: {finished.stderr.strip()[-2000:]}")
    (folder / "rows.json").write_text(finished.stdout, encoding="utf-8")


def cpu_seconds() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


@dataclass(frozen=True)
class _Cost:
    """What the relaxation of one candidate cost, and when.

    Attributes:
        found: the relaxation.
        relaxations: how many were done when its batch was.
        seconds: of search until then.
        own: its part of the seconds of its proposal and of its batch.
        drawn: place among all draws of the campaign: round, then number within its share.
    """

    found: RelaxationDocument
    relaxations: int
    seconds: float
    own: float
    drawn: tuple[int, int, str]


def _read_campaign(folder: Path, cpu_seconds: float) -> Arm:
    """Relaxations and times from the store of a campaign."""
    costs = _costs(folder)
    ends = [end for cost in costs if (end := _end(cost.found, cost.relaxations, cost.seconds))]
    seconds = max((cost.seconds for cost in costs), default=0.0)
    return Arm(ends, len(costs), seconds, cpu_seconds)


def as_drawn(folder: Path, arm: Arm) -> Arm:
    """A campaign as if its candidates had been relaxed as they were drawn, each for its own price.

    For a campaign that relaxed all its candidates: without screening, and without the choice of who
    is relaxed first.
    """
    ends, seconds = [], 0.0
    costs = sorted(_costs(folder), key=lambda cost: cost.drawn)
    for number, cost in enumerate(costs, start=1):
        seconds += cost.own
        if (end := _end(cost.found, number, seconds)) is not None:
            ends.append(end)
    return Arm(ends, len(costs), seconds, arm.cpu_seconds)


def _costs(folder: Path) -> list[_Cost]:
    with open_store(f"sqlite:///{folder.absolute() / 'store.db'}") as store:
        (campaign,) = store.find(CampaignDocument)
        every = list(store.find(RelaxationDocument, {"level": campaign.level}))
        candidates = {c.candidate_id: c for c in store.find(CandidateDocument)}
        events = sorted(store.find(EventDocument, {"kind": "batch"}), key=lambda e: e.happened)
    planned = [e for e in events if "shares" in e.detail["outcome"]]
    proposed = {
        key: (sum(plan.happened <= event.happened for plan in planned), event)
        for event in events
        for key in event.detail["outcome"].get("candidate_ids", ())
    }
    relaxations = [r for r in every if r.candidate_id in proposed]  # references are not
    # A batch is recorded when it is complete; what it brought was written just before.
    batch = {r.relaxation_id: next(e for e in events if e.happened >= r.last_updated)
             for r in relaxations}  # fmt: skip
    size = Counter(event.event_id for event in batch.values())
    costs = []
    for found in relaxations:
        relaxed, candidate = batch[found.relaxation_id], candidates[str(found.candidate_id)]
        round_, proposal = proposed[candidate.candidate_id]
        of_proposal = proposal.detail["seconds"] / len(proposal.detail["outcome"]["candidate_ids"])
        costs.append(
            _Cost(
                found,
                relaxations=sum(e.happened <= relaxed.happened for e in batch.values()),
                seconds=sum(e.detail["seconds"] for e in events if e.happened <= relaxed.happened),
                own=of_proposal + relaxed.detail["seconds"] / size[relaxed.event_id],
                drawn=(round_, int(candidate.provenance["index"]), proposal.event_id),
            )
        )
    return costs


def _end(found: RelaxationDocument, relaxations: int, seconds: float) -> End | None:
    """A relaxation that may be ranked, or None."""
    structure, energy = found.to_pymatgen(), found.energy_per_atom
    if structure is None or energy is None or found.stop_reason == "hopeless":
        return None
    return End(found.formula, structure, energy, relaxations, seconds)


def _read_cryspy(folder: Path, cpu_seconds: float) -> Arm:
    found = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    ends = []
    for row in found["rows"]:
        structure = Structure.from_dict(row["structure"])
        if row["energy_per_atom"] is not None:
            formula = structure.composition.reduced_formula
            costs = (row["relaxations"], row["seconds"])
            ends.append(End(formula, structure, row["energy_per_atom"], *costs))
    return Arm(ends, len(found["rows"]), found["seconds"], cpu_seconds)
