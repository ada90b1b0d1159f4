"""The store as the memory of DFT checks: what it knows is not computed, what is new is kept."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pymatgen.core import Composition, Structure

from dao_core import progress
from dao_core.crystal.identity import structure_id
from dao_core.errors import InputError
from dao_core.hashing import file_hash
from dao_core.hull import PhaseEntry
from dao_core.relax.result import enthalpy_per_atom
from dao_core.units import EV_PER_CUBIC_ANGSTROM_IN_GPA
from dft_inputs.corrections import Correction
from dft_inputs.running.folder import CalculationResult
from dft_inputs.running.validation import Validation
from stores import DaoStore
from stores.documents import (
    TARGET_PRESSURE,
    LabelDocument,
    StructureDocument,
    ValidationDocument,
    utc_now,
)
from stores.errors import StoreCorruptError

logger = logging.getLogger(__name__)

SOURCE = "validation"
"""Source of the labels that DFT checks give."""
TASK = "task.json"
INPUT, OUTPUT = "pw.in", "pw.out"
WAITING = "budget"
"""Reason of a check that goes on when more core-hours are granted."""


def validation_id(key: str) -> str:
    """Id of the document of a calculation: one crystal, one level and one workflow."""
    return f"v-{key}"


def calculation_key(identity: str) -> str:
    """The key of the calculation behind the id of its document."""
    return identity.removeprefix("v-")


@dataclass
class StoreMemory:
    """Reads and writes the checks of one run of checks.

    Attributes:
        store: Where documents live.
        candidates: Candidate id by name of the crystal, where it came from one.
        campaign_id: Campaign that asked, if one did.
        approved_by: Who approved it.
    """

    store: DaoStore
    candidates: Mapping[str, str | None] = field(default_factory=dict)
    campaign_id: str | None = None
    approved_by: str | None = None

    def results(self, keys: Sequence[str]) -> Iterator[CalculationResult]:
        """Results of calculations that the store knows, whichever machine made them."""
        wanted = {"validation_id": {"$in": [validation_id(k) for k in keys]}, "state": "done"}
        for document in self.store.find(ValidationDocument, wanted):
            try:
                task = json.loads(self.store.blobs.get(document.blobs[TASK]))
            except (InputError, StoreCorruptError) as error:  # it is computed again, as if unknown
                logger.warning("%s: %s", document.validation_id, error)
                continue
            yield CalculationResult.model_validate({**document.detail["result"], "task": task})

    def hull_points(
        self, level: str, elements: Sequence[str], pressure: float
    ) -> dict[str, PhaseEntry]:
        """Enthalpies of a chemical system at a level and pressure, by the id of their label."""
        labels = self.store.find(LabelDocument, {"source": SOURCE, "level": level})
        return {
            label.label_id: PhaseEntry(Composition(label.formula), enthalpy, level)
            for label in labels
            if (enthalpy := _enthalpy(label, pressure)) is not None
            and set(label.elements) <= set(elements)
        }

    def keeping(self, stage: str) -> Callable[[Validation], None]:
        """Begin a stage; what it returns keeps each check that ends and tells of the progress.

        Competing phases are kept too, but only the crystals asked for count.

        Args:
            stage: Name of the stage.
        """
        progress.begin(stage, len(self.candidates))

        def ended(validation: Validation) -> None:
            self.keep(validation)
            progress.advance(stage, int(validation.name in self.candidates))

        return ended

    def keep(self, validation: Validation) -> None:
        """Write what became of a crystal: its check and, when it ended well, its label.

        What was refused before it could be asked for is not kept: it has no calculation.
        """
        if validation.key is None or validation.structure is None:
            return
        checked = StructureDocument.from_structure(validation.structure)
        identity = validation_id(validation.key)
        known = self.store.get(ValidationDocument, identity)
        if validation.result is None:
            document = self._document(validation, checked.structure_id)
            self.store.put([checked, document] if known is None else [document])
            return
        label = label_of(validation, validation.result)
        relaxed = StructureDocument.from_structure(validation.result.structure)
        if known is None or known.state != "done":
            known = self._document(validation, checked.structure_id)
            known = known.model_copy(
                update=self._outcome(validation, validation.result, label.label_id)
            )
        elif known.candidate_id is None:  # it was computed first as a phase of the hull
            candidate = self.candidates.get(validation.name)
            known = known.model_copy(update={"candidate_id": candidate})
        # The check is written last: where it says done, its label is there.
        self.store.put([checked, relaxed, label])
        self.store.put(known)

    def _document(self, validation: Validation, checked: str) -> ValidationDocument:
        """The document of a check that has no result."""
        waits = validation.reason == WAITING
        return ValidationDocument(
            validation_id=validation_id(validation.key or ""),
            structure_id=checked,
            candidate_id=self.candidates.get(validation.name),
            campaign_id=self.campaign_id,
            protocol=(validation.level or "").partition("@")[0],
            protocol_fingerprint=validation.fingerprint or "",
            level=validation.calculation_level or "",
            state="waiting" if waits else "failed",
            reason=validation.reason,
            approved_by=self.approved_by,
            finished=None if waits else utc_now(),
            corrections=_as_data(validation.corrections),
            detail={"message": validation.message, "core_hours": validation.core_hours},
        )

    def _outcome(
        self, validation: Validation, result: CalculationResult, label_id: str
    ) -> dict[str, Any]:
        """What a finished calculation adds to its document."""
        folder = Path(result.dir_name)
        task = json.dumps(result.task).encode()
        return {
            "state": "done",
            "reason": None,
            "finished": utc_now(),
            "label_id": label_id,
            "input_hash": _hash_of(folder / INPUT),
            "output_hash": _hash_of(folder / OUTPUT),
            "corrections": _as_data(result.corrections),
            "blobs": {TASK: self.store.blobs.put(task)},
            "detail": {
                "result": result.model_dump(mode="json", exclude={"task"}),
                "core_hours": validation.core_hours,
            },
        }


def _enthalpy(label: LabelDocument, pressure: float) -> float | None:
    """E + pV of a label, eV/atom, at a pressure in GPa; None without an energy."""
    if not pressure:
        return label.energy_per_atom
    crystal = Structure.from_dict(label.structure)
    return enthalpy_per_atom(label.energy_per_atom, crystal.volume / len(crystal), pressure)


def label_of(validation: Validation, result: CalculationResult) -> LabelDocument:
    """The label of a finished calculation, at the level of the hull that it was made for."""
    stress = None
    if result.stress is not None:
        stress = (np.array(result.stress) / EV_PER_CUBIC_ANGSTROM_IN_GPA).tolist()
    return LabelDocument.of(
        result.structure,
        level=validation.level or result.level,
        source=SOURCE,
        source_id=validation_id(result.key),
        validation_id=validation_id(result.key),
        protocol_fingerprint=result.fingerprint,
        energy_per_atom=result.energy_per_atom,
        forces=result.forces,
        stress=stress,
        band_gap=result.band_gap,
        properties={
            name: value
            for name, value in {
                "total_magnetization": result.total_magnetization,
                "pressure_gpa": result.pressure,
                TARGET_PRESSURE: validation.pressure or None,
            }.items()
            if value is not None
        },
    )


def _as_data(corrections: Sequence[Correction]) -> list[dict[str, Any]]:
    return [correction.model_dump(mode="json") for correction in corrections]


def checked_structure_id(validation: Validation) -> str | None:
    """Id of the crystal that a check ended with, or None."""
    return None if validation.result is None else structure_id(validation.result.structure)


def _hash_of(file: Path) -> str | None:
    return file_hash(file) if file.is_file() else None
