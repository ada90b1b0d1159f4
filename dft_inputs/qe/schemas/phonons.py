"""Document of phonons at Gamma."""

from __future__ import annotations

from pydantic import BaseModel, Field


class GammaPhononDoc(BaseModel):
    """Phonons at Gamma by density-functional perturbation theory."""

    formula: str
    frequencies: list[float] = Field(description="1/cm, imaginary ones negative, ascending")
    unstable: bool = Field(description="Whether a mode other than a translation is imaginary")
    dir_name: str
