"""Document of the electronic interpretation of a crystal by Quantum ESPRESSO."""

from __future__ import annotations

from pydantic import Field

from dft_inputs.electrons.document import ElectronicInterpretation
from dft_inputs.qe.schemas.task import PwTaskDoc


class ElectronsDoc(ElectronicInterpretation):
    """The interpretation and the static run that it rests on; nothing in it is missing."""

    task: PwTaskDoc = Field(description="The static run")
