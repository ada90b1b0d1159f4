"""A picture of the terminal with the answer of a finished campaign.

    python docs/terminal_picture.py campaigns/Mg-O-1a2b3c4d --out docs/pictures/terminal.svg

Shows what ``dao campaign`` prints first, at the 80 columns of a plain terminal.
"""

from __future__ import annotations

import argparse
import io
import re
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from flows.cli.answer import AnswerTable
from flows.report.answer import answer_of
from flows.report.summary import CampaignSummary, read_summary

COLUMNS = 80
FETCHED_FONT = re.compile(r"@font-face \{[^}]*\}\s*")
"""rich names a font that lies elsewhere; a page of this project asks for nothing from there."""


def terminal_picture(summary: CampaignSummary, file: Path) -> None:
    """Draw the answer of a campaign as its terminal shows it.

    Args:
        summary: Of the campaign.
        file: An SVG; its folder is made if missing.
    """
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False
    )
    console.print(f"$ dao campaign {summary.system}\n", style="bold")
    console.print(AnswerTable(summary, answer_of(summary)))
    # The id is spelled, so that the same answer is the same file.
    drawn = console.export_svg(title="dao", theme=MONOKAI, unique_id="dao")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(FETCHED_FONT.sub("", drawn), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("campaign", type=Path, help="folder of a campaign")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/terminal.svg"))
    options = parser.parse_args()
    terminal_picture(read_summary(options.campaign), options.out)
    print(options.out)
