"""Input sets of pw.x: from a crystal and a protocol to the files of one run."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from pymatgen.core import Structure
from pymatgen.io.core import InputGenerator, InputSet

from dao_core.errors import InputError
from dao_core.units import KBAR_PER_GPA
from dft_inputs.hubbard import FIRST_VERSION_WITH_CARD, card_lines, hubbard_u, namelist_entries
from dft_inputs.kpoints import mesh_from_distance
from dft_inputs.level import LevelOfTheory
from dft_inputs.protocols import Protocol, get_protocol
from dft_inputs.pseudos import DEFAULT_FAMILY, PseudoFamily, load_family
from dft_inputs.qe import files
from dft_inputs.qe.atomic_types import AtomicTypes
from dft_inputs.qe.program import pw_command, pw_version
from dft_inputs.qe.pw_input import PwInput, cell_card, positions_card

Calculation = Literal["scf", "nscf", "bands", "relax", "vc-relax"]
Occupations = Literal["smearing", "gaussian", "fixed", "tetrahedra"]
_SMEARINGS = {"smearing": "cold", "gaussian": "gaussian"}
NSTEP = 100


class PwInputSet(InputSet):
    """Files of one pw.x run, and the level of theory that they are at."""

    def __init__(self, pw_input: PwInput, level: LevelOfTheory) -> None:
        super().__init__(inputs={files.INPUT: str(pw_input)})
        self.pw_input = pw_input
        self.level = level


@dataclass
class PwInputGenerator(InputGenerator):
    """Makes input sets of pw.x.

    Attributes:
        calculation: What pw.x does.
        protocol: Protocol, or its name.
        pseudo_family: Name of an installed pseudopotential family.
        chemical_system: Elements whose cutoffs are taken; empty for those of the crystal. Energies
            of one hull need the cutoffs of all its elements.
        occupations: ``smearing`` is cold smearing, for metals; ``fixed`` is for insulators;
            ``gaussian`` smears a crystal of which neither is known: cold smearing has no unique
            Fermi level in a gap, and the scf of an insulator may jump between two of them.
        occupations_rule: How the occupations were come by; it belongs to the level, so that the
            occupations of a metal and of an insulator in one hull may differ by a rule.
        spin: Whether open shells start from high spin.
        hubbard: Whether the table of Hubbard U values is applied.
        pressure: Target pressure of a cell relaxation, GPa.
        user_settings: Settings that win over all others, ``{namelist: {name: value}}``.
        least_mesh: Mesh that is not gone below; a repeated relaxation keeps that of the one before,
            lest a volume at the jump between two meshes never settles.
        least_bands: Bands that an earlier run of the crystal turned out to need, for a smeared one;
            0 for those that pw.x takes.
        kpoints: k-points ``[n, 3]`` in reciprocal fractional coordinates, instead of a mesh.
        gamma_trick: Whether a self-consistent run of which Gamma is the whole mesh has real
            wavefunctions, for the same energy at less cost; ph.x does not read them.
    """

    calculation: Calculation = "scf"
    protocol: str | Protocol = "balanced"
    pseudo_family: str = DEFAULT_FAMILY
    chemical_system: tuple[str, ...] = ()
    occupations: Occupations = "smearing"
    occupations_rule: Literal["given", "first scf"] = "given"
    spin: bool = True
    hubbard: bool = False
    pressure: float = 0.0
    user_settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    least_mesh: tuple[int, int, int] = (1, 1, 1)
    least_bands: int = 0
    kpoints: list[list[float]] | None = None
    gamma_trick: bool = True

    def get_input_set(
        self,
        structure: Structure,
        pw: str | None = None,
        *,
        version: tuple[int, ...] | None = None,
    ) -> PwInputSet:
        """Input set for a crystal.

        Args:
            structure: Crystal, ordered.
            pw: Command that runs pw.x; its version decides the syntax. None for the default.
            version: The version, where pw.x is not to be asked.

        Returns:
            The input set.

        Raises:
            InputError: If the crystal has partial occupancies or the protocol is unknown.
            MissingPseudopotentialError: If the family lacks an element.
            MissingProgramError: If pw.x is not on this machine.
        """
        if not structure.is_ordered:
            raise InputError(
                f"{structure.formula} has partial occupancies. Order it first: pw.x computes "
                "whole atoms only."
            )
        version = version or pw_version(pw or pw_command())
        family = load_family(self.pseudo_family)
        types = AtomicTypes(structure, family, spin=self.spin)
        elements = {element.symbol for element in structure.composition.elements}
        level = self.level(elements, family, version)
        pw_input = PwInput(namelists=self._namelists(structure, types, level))
        pw_input.cards = self._cards(structure, types, version)
        if level.hubbard_u and version < FIRST_VERSION_WITH_CARD:
            pw_input.update({"system": namelist_entries(types.species, hubbard_u(types.elements))})
        pw_input.update(self.user_settings)
        return PwInputSet(pw_input, level)

    def level(
        self, elements: Collection[str], family: PseudoFamily, version: tuple[int, ...]
    ) -> LevelOfTheory:
        """Level of theory of the energies that this generator's inputs give.

        Args:
            elements: Elements that the level is for: those of a crystal, or of a whole hull.
            family: Pseudopotential family.
            version: Version of pw.x.

        Returns:
            The level, restricted to these elements.
        """
        protocol = get_protocol(self.protocol)
        system = set(elements) | set(self.chemical_system)
        family.require(system)
        ecutwfc, ecutrho = family.cutoffs(system, protocol.cutoff_hint)
        values = hubbard_u(elements) if self.hubbard else {}
        rule = self.occupations if self.occupations_rule == "given" else "by first scf"
        changed = {
            f"{namelist}.{name}": value
            for namelist, settings in sorted(self.user_settings.items())
            for name, value in sorted(settings.items())
            if name not in _WITHOUT_EFFECT_ON_ENERGY
        }
        return LevelOfTheory(
            code="quantum-espresso",
            version=".".join(str(part) for part in version[:2]),
            functional=family.functional,
            protocol=protocol.name,
            pseudo_family=family.name,
            pseudo_md5={e: p.md5 for e, p in family.require(elements).items()},
            settings={
                "ecutwfc": ecutwfc,
                "ecutrho": ecutrho,
                "kpoint_distance": protocol.kpoint_distance,
                "occupations": rule,
                "smearing": "cold",
                "degauss": protocol.degauss,
                "conv_thr_per_atom": protocol.conv_thr_per_atom,
                "forc_conv_thr": protocol.forc_conv_thr,
                "press_conv_thr": protocol.press_conv_thr,
                "spin": self.spin,
                "pressure": self.pressure,
                **changed,
            },
            hubbard_u={element: u for element, (_, u) in values.items()},
        )

    def _namelists(
        self, structure: Structure, types: AtomicTypes, level: LevelOfTheory
    ) -> dict[str, dict[str, Any]]:
        protocol = get_protocol(self.protocol)
        natoms = len(structure)
        control = {
            "calculation": self.calculation,
            "prefix": files.PREFIX,
            "outdir": f"./{files.OUTDIR}",
            "pseudo_dir": str(types.family.folder.resolve()),
            "tprnfor": True,
            "tstress": True,
            "disk_io": "low",
        }
        system = {
            "ibrav": 0,
            "nat": natoms,
            "ntyp": len(types.species),
            "ecutwfc": level.settings["ecutwfc"],
            "ecutrho": level.settings["ecutrho"],
            "occupations": self.occupations,
            **types.magnetisation,
        }
        if self.occupations in _SMEARINGS:
            smearing = _SMEARINGS[self.occupations]
            system |= {"occupations": "smearing", "smearing": smearing, "degauss": protocol.degauss}
            if self.least_bands:
                system["nbnd"] = self.least_bands
        elif self.calculation in ("scf", "nscf", "bands"):
            # An insulator's gap needs bands above the filled ones.
            system["nbnd"] = math.ceil(types.n_electrons / 2 * 1.2) + 1
        electrons = {"conv_thr": protocol.conv_thr_per_atom * natoms, "mixing_beta": 0.4}
        namelists = {"control": control, "system": system, "electrons": electrons}
        if self.calculation in ("relax", "vc-relax"):
            control |= {
                "nstep": NSTEP,
                "forc_conv_thr": protocol.forc_conv_thr,
                "etot_conv_thr": protocol.etot_conv_thr_per_atom * natoms,
            }
        if self.calculation == "vc-relax":
            namelists["cell"] = {
                "press_conv_thr": protocol.press_conv_thr,
                "press": self.pressure * KBAR_PER_GPA,
            }
        return namelists

    def _cards(
        self, structure: Structure, types: AtomicTypes, version: tuple[int, ...]
    ) -> dict[str, list[str]]:
        cards = {
            "ATOMIC_SPECIES": types.card(),
            "CELL_PARAMETERS": cell_card(structure.lattice.matrix),
            "ATOMIC_POSITIONS": positions_card(types.labels, structure.frac_coords),
            "K_POINTS": self._kpoints_card(structure),
        }
        if self.hubbard and version >= FIRST_VERSION_WITH_CARD and hubbard_u(types.elements):
            cards["HUBBARD"] = card_lines(types.species, hubbard_u(types.elements))
        return cards

    def _kpoints_card(self, structure: Structure) -> list[str]:
        if self.kpoints is not None:
            rows = [f"{a:.10f} {b:.10f} {c:.10f} 1.0" for a, b, c in np.array(self.kpoints)]
            return ["K_POINTS crystal", str(len(rows)), *rows]
        mesh = self.mesh(structure)
        if self.gamma_trick and mesh == (1, 1, 1) and self.calculation not in ("nscf", "bands"):
            return ["K_POINTS gamma"]
        return ["K_POINTS automatic", " ".join(str(n) for n in (*mesh, 0, 0, 0))]

    def mesh(self, structure: Structure) -> tuple[int, int, int]:
        """Mesh of k-points for a crystal.

        Args:
            structure: Crystal.

        Returns:
            Number of points along each reciprocal lattice vector.
        """
        distance = get_protocol(self.protocol).kpoint_distance
        wanted = mesh_from_distance(structure, distance)
        a, b, c = (max(pair) for pair in zip(wanted, self.least_mesh, strict=True))
        return a, b, c


_WITHOUT_EFFECT_ON_ENERGY = frozenset(
    {
        "max_seconds",
        "nstep",
        "disk_io",
        "electron_maxstep",
        "mixing_beta",
        "mixing_mode",
        "mixing_ndim",
        "diagonalization",
        "startingpot",
        "startingwfc",
        "restart_mode",
        "verbosity",
        "trust_radius_ini",
        "cell_factor",
    }
)
