"""Relax many crystals together, each on its own path."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence

from pymatgen.core import Lattice, Structure
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch, unusable_reason
from dao_core.errors import InputError
from dao_core.potentials.base import Potential
from dao_core.potentials.scale import Mp2020Potential, mp2020_correction
from dao_core.relax.active import enter, reduce_sheared_cells
from dao_core.relax.constraints import Constraint, constrained_start
from dao_core.relax.guards import (
    below_all_crystals,
    below_second,
    fell,
    too_close,
    volume_ran_away,
)
from dao_core.relax.halving import Halving
from dao_core.relax.result import RANKED_STOPS, Relaxation, StopReason, corrected
from dao_core.relax.settings import RelaxSettings
from dao_core.relax.step import MAX_REJECTIONS, advance
from dao_core.relax.trial import TrialPoint, evaluate_trial
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA

OnFinish = Callable[[int, Relaxation], None]


def relax(
    structures: Sequence[Structure],
    potential: Potential,
    settings: RelaxSettings | None = None,
    on_finish: OnFinish | None = None,
    best: Mapping[str, float] | None = None,
    second: Potential | None = None,
) -> list[Relaxation]:
    """Relax atoms and cells to the nearest minimum of energy (or enthalpy).

    A crystal's path depends on the crystal alone: curvature, step and acceptance are its own; only
    when it is stopped may depend on the others. Bad
    input, a potential that refuses a crystal or a cell that explodes end that crystal with a stop
    reason and leave the others as they are. Finished crystals make room for waiting ones at once.

    Args:
        structures: ordered crystals, in any cell.
        potential: what to relax with.
        settings: criteria and conditions; default :class:`RelaxSettings`.
        on_finish: called with (position in ``structures``, result) when a crystal is done, for
            streaming results to a store.
        best: the lowest known enthalpy of each reduced formula, eV/atom (may be empty); where it is
            given, crystals without hope of coming near it or near each other are stopped early,
            see :class:`dao_core.relax.halving.Halving`.
        second: another potential, of a scale of energies that lies no higher: an end far below what
            it says of it is a hole of ``potential``, and no minimum.

    Returns:
        One result per structure, in the order given.

    Raises:
        InputError: the potential cannot be used for relaxation at all.
    """
    if isinstance(potential, Mp2020Potential):
        return _relax_raw(structures, potential, settings, on_finish, best, second)
    run = _Run(structures, potential, settings or RelaxSettings(), on_finish, best, second)
    while run.admit():
        run.advance()
    return [run.results[index] for index in range(len(structures))]


def _relax_raw(
    structures: Sequence[Structure],
    potential: Mp2020Potential,
    settings: RelaxSettings | None,
    on_finish: OnFinish | None,
    best: Mapping[str, float] | None,
    second: Potential | None,
) -> list[Relaxation]:
    """Relax on raw energies, which are smooth, and put the ends onto the scale of the hull."""
    shifts = {
        structure.composition.reduced_formula: mp2020_correction(structure).energy_per_atom
        for structure in structures
        if not unusable_reason(structure)
    }
    raw_best = best and {formula: e - shifts.get(formula, 0.0) for formula, e in best.items()}

    def finish(index: int, end: Relaxation) -> None:
        if on_finish is not None:
            on_finish(index, corrected(end, structures[index], potential.level))

    ends = relax(structures, potential.raw, settings, finish, raw_best, second)
    return [
        corrected(end, start, potential.level) for end, start in zip(ends, structures, strict=True)
    ]


class _Run:
    """One call of :func:`relax`: who waits, who is active, who is done."""

    def __init__(
        self,
        structures: Sequence[Structure],
        potential: Potential,
        settings: RelaxSettings,
        on_finish: OnFinish | None,
        best: Mapping[str, float] | None,
        second: Potential | None,
    ) -> None:
        self.second = second
        self.structures = structures
        self.potential = potential
        self.settings = settings
        self.on_finish = on_finish
        self.halving = None if best is None else Halving(structures, best)
        self.pressure = settings.pressure / EV_PER_CUBIC_ANGSTROM_IN_GPA
        # Crystals of like size share a batch, which wastes least padding; the largest go first.
        self.waiting = deque(sorted(range(len(structures)), key=lambda i: -len(structures[i])))
        self.active = enter({})
        self.constraints: dict[int, Constraint] = {}
        self.results: dict[int, Relaxation] = {}

    def admit(self) -> bool:
        """Fill the batch from those who wait; whether anything is active then."""
        newcomers: dict[int, Structure] = {}
        width = self.active.atomic_numbers.shape[1]
        while self.waiting:
            width = max(width, len(self.structures[self.waiting[0]]))
            count = len(self.active) + len(newcomers) + 1
            if count > 1 and count * width > self.settings.batch_atoms:
                break
            index = self.waiting.popleft()
            try:
                newcomers[index] = self._start(index)
            except InputError as error:
                self._finish(index, self._unusable(index, str(error)))
        self.active = self.active.joined_by(enter(newcomers))
        return len(self.active) > 0

    def advance(self) -> None:
        """One evaluation of every active crystal; those that end leave the batch."""
        self._leave(self._guarded())
        if len(self.active) == 0:
            return
        trial = evaluate_trial(self.active, self.potential, self.pressure, self.constraints)
        holes = self._holes(trial)
        trial = trial.refusing(list(holes))
        advance(self.active, trial, self.settings.max_step)
        self._leave(self._doubted({**self._ended(trial), **holes}), trial.errors)
        self.active = reduce_sheared_cells(self.active)

    def _start(self, index: int) -> Structure:
        structure = self.structures[index]
        reason = unusable_reason(structure)
        if reason:
            raise InputError(reason)
        structure, constraint = constrained_start(structure, self.settings)
        if constraint is not None:
            self.constraints[index] = constraint
        return structure

    def _guarded(self) -> dict[int, StopReason]:
        batch = self.active.crystals(self.active.trial)
        close = too_close(batch, self.potential.domain.min_distance).tolist()
        gone = volume_ran_away(batch.volume, self.active.initial_volume).tolist()
        reasons: dict[int, StopReason] = {}
        for row in range(len(self.active)):
            if gone[row]:
                reasons[row] = "volume_guard"
            elif close[row]:
                reasons[row] = "distance_guard"
        return reasons

    def _holes(self, trial: TrialPoint) -> dict[int, StopReason]:
        """Trials whose energy is none of a crystal; they are never accepted."""
        active = self.active
        expected = -active.slope * active.step_length
        lowest = self.potential.domain.lowest_energy
        below = below_all_crystals(trial.energy, active.natoms, lowest).tolist()
        jumped = fell(active.enthalpy - trial.enthalpy, expected, active.natoms).tolist()
        reasons: dict[int, StopReason] = {
            row: "energy_jump" for row, yes in enumerate(jumped) if yes
        }
        return reasons | {row: "energy_floor" for row, yes in enumerate(below) if yes}

    def _doubted(self, reasons: dict[int, StopReason]) -> dict[int, StopReason]:
        """The same reasons, but for minima that a second potential knows to be holes."""
        rows = [row for row, reason in reasons.items() if reason in RANKED_STOPS]
        if self.second is None or not rows:
            return reasons
        ends = self.active.crystals(self.active.position).select(rows).to_structures()
        energies = self.active.energy[rows].tolist()
        holes = below_second(ends, energies, self.second)
        return reasons | {
            row: "energy_floor" for row, hole in zip(rows, holes, strict=True) if hole
        }

    def _ended(self, trial: TrialPoint) -> dict[int, StopReason]:
        active, settings = self.active, self.settings
        converged = (active.max_force <= settings.fmax) & (active.max_stress <= settings.smax)
        reasons: dict[int, StopReason] = {}
        hopeless = self.halving.hopeless(active) if self.halving else []
        for row in range(len(active)):
            if row in trial.errors:
                reasons[row] = "failed"
            elif not trial.finite[row]:
                reasons[row] = "not_finite"
            elif converged[row]:
                reasons[row] = "converged"
            elif row in hopeless:
                reasons[row] = "hopeless"
            elif active.rejections[row] >= MAX_REJECTIONS:
                reasons[row] = "stalled"
            elif active.steps[row] >= settings.max_steps:
                reasons[row] = "max_steps"
        return reasons

    def _leave(
        self, reasons: Mapping[int, StopReason], errors: Mapping[int, str] | None = None
    ) -> None:
        """Turn the rows that ended into results and take them out of the batch."""
        if not reasons:
            return
        ends = self.active.crystals(self.active.position)
        indices = self.active.index.tolist()
        for row, reason in reasons.items():
            error = errors.get(row) if errors else None
            self._finish(indices[row], self._conclude(row, ends, reason, error))
        self.active = self.active.select([r for r in range(len(indices)) if r not in reasons])

    def _conclude(
        self, row: int, ends: CrystalBatch, reason: StopReason, error: str | None
    ) -> Relaxation:
        active = self.active
        start = self.structures[int(active.index[row])]
        n = len(start)
        coords = ends.frac_coords[row, :n].numpy()
        end = Structure(
            Lattice(ends.lattice[row].numpy()), start.species, coords, to_unit_cell=True
        )
        return Relaxation(
            structure=end,
            energy_per_atom_before=_known(active.first_energy[row] / n),
            energy_per_atom=_known(active.energy[row] / n),
            energy_std=_known(active.energy_std[row]),
            steps=int(active.steps[row]),
            stop_reason=reason,
            max_force=_known(active.max_force[row]),
            max_stress=_known(active.max_stress[row]),
            volume=end.volume,
            pressure=self.settings.pressure,
            level=self.potential.level,
            outside_domain=self.potential.domain.objection(start, self.settings.pressure),
            error=error,
        )

    def _unusable(self, index: int, error: str) -> Relaxation:
        structure = self.structures[index]
        return Relaxation(
            structure=structure,
            energy_per_atom_before=None,
            energy_per_atom=None,
            energy_std=None,
            steps=0,
            stop_reason="unusable",
            max_force=None,
            max_stress=None,
            volume=structure.volume,
            pressure=self.settings.pressure,
            level=self.potential.level,
            error=error,
        )

    def _finish(self, index: int, relaxation: Relaxation) -> None:
        self.results[index] = relaxation
        self.constraints.pop(index, None)
        if self.on_finish is not None:
            self.on_finish(index, relaxation)


def _known(value: Tensor) -> float | None:
    return float(value) if value.isfinite() else None
