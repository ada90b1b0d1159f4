"""Names of the files of a campaign, for those who point at them without writing them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.report.summary import RankedStructure

REPORT_FILE = "report.html"
CIF_FOLDER = "cif"


def cif_name(row: RankedStructure) -> str:
    """File name of a ranked structure: rank, formula and candidate id, safe on any file system."""
    formula, candidate_id = (
        re.sub(r"[^A-Za-z0-9-]+", "-", part).strip("-") for part in (row.formula, row.candidate_id)
    )
    return f"{row.rank:04d}_{formula[:40]}_{candidate_id[:80]}.cif"
