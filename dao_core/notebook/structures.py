"""Single steps on crystals: generate, relax, predict."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from pymatgen.core import Structure

from dao_core.formula import parse_formula
from dao_core.generator.generate import load_generator
from dao_core.potentials import load_potential
from dao_core.predicted import predicted
from dao_core.relax.relax import relax as relax_all
from dao_core.relax.result import Relaxation
from dao_core.relax.settings import RelaxSettings


def generate(
    formula: str, n: int = 1, *, model: str = "dao-g", seed: int = 0, force: bool = False
) -> list[Structure]:
    """Generate crystals of a composition by DAO-G.

    Args:
        formula: All atoms of the cell: ``Cr6Os2``.
        n: Number of crystals.
        model: Name of a shipped model, or a model file.
        seed: Of all randomness; the same seed gives the same crystals.
        force: Allow more atoms than the model was trained on.

    Returns:
        The crystals as generated, not relaxed.

    Raises:
        InputError: The formula is not one.
        DomainError: The cell is larger than those of the training, and ``force`` is not set.
        MissingError: There is no such model.
    """
    cell = parse_formula(formula)
    made = load_generator(model).generate([cell], n, seed=seed, beyond_domain=force)
    return [crystal.structure for crystal in made]


def relax(
    structures: Structure | Sequence[Structure],
    *,
    potential: str = "dao-p",
    pressure: float = 0.0,
    settings: RelaxSettings | None = None,
) -> list[Relaxation]:
    """Relax crystals, atoms and cells, each on its own path.

    Args:
        structures: One crystal, or several.
        potential: Name of the potential.
        pressure: GPa.
        settings: Criteria; they bring their own pressure.

    Returns:
        One result for each crystal, in order: ``structure``, ``energy_per_atom`` (eV/atom),
        ``stop_reason``; one that cannot be relaxed says why in ``error``.

    Raises:
        InputError: The potential is not known.
        MissingError: The potential is not on this machine.
    """
    given = [structures] if isinstance(structures, Structure) else list(structures)
    return relax_all(given, load_potential(potential), settings or RelaxSettings(pressure=pressure))


def predict(
    structures: Structure | Sequence[Structure], *, potential: str = "dao-p"
) -> pd.DataFrame:
    """Energies, largest forces and pressures of crystals as they stand.

    Args:
        structures: One crystal, or several.
        potential: Name of the potential.

    Returns:
        One row for each crystal, in order; with the columns of
        :func:`dao_core.predicted.predicted`.

    Raises:
        InputError: The potential is not known.
        MissingError: The potential is not on this machine.
    """
    given = [structures] if isinstance(structures, Structure) else list(structures)
    return pd.DataFrame(predicted(given, load_potential(potential)))
