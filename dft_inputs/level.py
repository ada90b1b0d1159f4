"""The level of theory: everything that changes an energy, its fingerprint and its name."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import BaseModel, ConfigDict, Field

from dao_core.hashing import content_hash


class LevelOfTheory(BaseModel):
    """Everything that changes an energy.

    Two energies may stand in one hull only when their levels agree on every setting and on the
    checksum of the pseudopotential of every element that they share; :meth:`fingerprint` is the
    hash of exactly that.
    """

    model_config = ConfigDict(frozen=True)

    code: str = Field(description="quantum-espresso or vasp")
    version: str = Field(description="Version of the program, without its patch suffix")
    functional: str = Field(description="Exchange-correlation functional, lower case")
    protocol: str = Field(description="Protocol name")
    pseudo_family: str = Field(description="Name of the pseudopotential family")
    pseudo_md5: dict[str, str] = Field(description="md5 (or POTCAR symbol) by element")
    settings: dict[str, float | int | str | bool | None] = Field(
        description="Cutoffs (Ry or eV), k-point distance, smearing, spin rule, thresholds"
    )
    hubbard_u: dict[str, float] = Field(default_factory=dict, description="U in eV by element")

    def fingerprint(self, elements: Collection[str] | None = None) -> str:
        """Hash of the level, restricted to some elements.

        Args:
            elements: Element symbols; None for all that the level knows.

        Returns:
            Twelve hexadecimal digits.
        """
        content = self.model_dump(mode="json")
        if elements is not None:
            for table in ("pseudo_md5", "hubbard_u"):
                content[table] = {e: v for e, v in content[table].items() if e in elements}
        return content_hash(content, 12)

    @property
    def name(self) -> str:
        """Readable name with the fingerprint, for example ``qe-pbe-dojo-fast@1a2b3c4d5e6f``.

        Of relaxations under pressure it says so: ``... at 200 GPa``.
        """
        prefix = {"quantum-espresso": "qe"}.get(self.code, self.code)
        parts = (prefix, self.functional, self.pseudo_family, self.protocol)
        pressure = self.settings.get("pressure")
        under = f" at {pressure:g} GPa" if pressure else ""
        return "-".join(parts) + f"@{self.fingerprint()}{under}"
