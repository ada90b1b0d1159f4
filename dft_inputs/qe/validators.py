"""The custodian validator of pw.x: a run counts only when its outputs are whole and agree."""

from __future__ import annotations

from pathlib import Path

from custodian.custodian import Validator

from dao_core.errors import CalculationError
from dft_inputs.qe import files
from dft_inputs.qe.schemas.failure import diagnose
from dft_inputs.qe.schemas.pw_xml import read_pw_xml


class PwValidator(Validator):
    """Fails a run whose standard output or XML file is absent, cut off or reports a failure."""

    def check(self, directory: str = "./") -> bool:
        """Whether the run must not count."""
        if diagnose(Path(directory)) is not None:
            return True
        try:
            read_pw_xml(files.xml_path(Path(directory)))
        except CalculationError:
            return True
        return False
