"""Pictures of a report in a real browser, at the widths and in the colours of its readers.

    python docs/screenshots.py campaigns/Mg-O-1a2b3c4d --out docs/pictures --width 1280

Writes ``report-WIDTH-light.png`` and ``report-WIDTH-dark.png`` for each width; needs Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from flows.report.page import write_report
from flows.report.summary import read_summary

NAMES = ("chromium", "chromium-browser", "google-chrome")
WIDTHS = (390, 1280, 1920)
HEIGHTS = {390: 844, 1280: 800, 1920: 1080}
SCHEMES = {"light": 1, "dark": 0}
"""Colours that the system prefers, with Chromium's number for them."""
PATIENCE_MS = 20_000
"""Virtual milliseconds for figures to be drawn."""


def pictures(page: Path, out: Path, widths: list[int]) -> list[Path]:
    """Take the first screen of a page.

    Args:
        page: An HTML file.
        out: Folder for the pictures; made if missing.
        widths: In CSS pixels.
    """
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    if browser is None:
        sys.exit("no Chromium on this machine")
    out.mkdir(parents=True, exist_ok=True)
    return [
        _picture(browser, page, out / f"report-{width}-{scheme}.png", width, scheme)
        for width in widths
        for scheme in SCHEMES
    ]


def _picture(browser: str, page: Path, file: Path, width: int, scheme: str) -> Path:
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                f"--user-data-dir={profile}", f"--window-size={width},{HEIGHTS.get(width, 900)}",
                f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
                f"--virtual-time-budget={PATIENCE_MS}", f"--screenshot={file}", page.as_uri(),
            ],
            check=True, capture_output=True,
        )  # fmt: skip
    return file


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("campaign", type=Path, help="folder of a campaign")
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    parser.add_argument("--width", type=int, action="append")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # Written anew, so that the pictures are of the page as it is now.
        report = write_report(read_summary(options.campaign), Path(folder))
        for picture in pictures(report, options.out, options.width or list(WIDTHS)):
            print(picture)
