"""The report of a campaign: one HTML file that opens without network and asks for none."""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from dao_core.drafts import draft_of
from dao_core.hull import ON_HULL
from flows.report.answer import answer_of, type_name
from flows.report.checks import cautions, shown_flags
from flows.report.doubts import novelty
from flows.report.electrons_plot import electron_figures
from flows.report.energy_volume import energy_volume_figures
from flows.report.enthalpy_plot import enthalpy_figures
from flows.report.figure import MARKS, Figure, origin_kind
from flows.report.file_names import CIF_FOLDER, REPORT_FILE, cif_name
from flows.report.hull_diagram import hull_diagram
from flows.report.hull_plot import stability_figure
from flows.report.markup import formula_markup, space_group_markup
from flows.report.polymorphs import ranked_polymorphs
from flows.report.powder import RADIATION, as_csv_link, powder_pattern
from flows.report.rounds_plot import rounds_figure
from flows.report.structure_view import structure_view
from flows.report.summary import CampaignSummary
from flows.report.verify_next import verify_next

RENEWED_AFTER = 15  # seconds after which the page of a campaign under way loads itself again
ROWS_SHOWN = 300  # of the ranking; the rest is in the Parquet file
MARKS_DRAWN = 1000  # structures in the figures, best first: a browser must stay quick
ANSWER_ROWS = 6  # of each composition on the first screen
GALLERY = 12  # structures drawn at once
VIEWS = 100  # structures that can be drawn from the table; the size of the page is mostly theirs
ELECTRONS = 4  # structures whose electrons are drawn
VOLUMES_SHOWN = 6  # energy-volume figures before the fold


def write_report(summary: CampaignSummary, folder: Path, *, live: str | None = None) -> Path:
    """Write the report of a campaign.

    Args:
        summary: The campaign.
        folder: Where to write ``report.html``; made if missing. CIFs that lie there already
            (:func:`flows.report.export.export_structures`) are linked from the table.
        live: What the campaign goes on with; the page loads itself again until it has ended.

    Returns:
        The file. It holds its own styles, scripts, figures and structures.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / REPORT_FILE
    with draft_of(file) as draft:
        draft.write_text(_render(summary, folder, live), encoding="utf-8")
    return file


def _render(summary: CampaignSummary, folder: Path, live: str | None) -> str:
    scripts = [get_plotlyjs(), template_text("structure.js"), template_text("report.js")]
    drawn = summary.model_copy(update={"ranking": summary.ranking[:MARKS_DRAWN]})
    diagram = hull_diagram(drawn)
    rows = summary.ranking[:ROWS_SHOWN]
    names = {row.rank: f"{CIF_FOLDER}/{cif_name(row)}" for row in rows}
    return (
        page_environment()
        .get_template("report.html")
        .render(
            summary=summary,
            live=live,
            renewed_after=RENEWED_AFTER,
            rows=rows,
            answer=answer_of(summary),
            answer_rows=ANSWER_ROWS,
            patterns={row.rank: powder_pattern(row) for row in rows[:GALLERY]},
            radiation=RADIATION,
            gallery=rows[:GALLERY],
            cifs={rank: name for rank, name in names.items() if (folder / name).is_file()},
            views={row.rank: structure_view(row) for row in rows[:VIEWS]},
            cautions=cautions(summary, diagram),
            on_hull=ON_HULL,
            rounds_figure=rounds_figure(summary.history),
            stability=stability_figure(drawn, diagram),
            marks_drawn=MARKS_DRAWN,
            volumes=energy_volume_figures(drawn),
            volumes_shown=VOLUMES_SHOWN,
            pictures=[*enthalpy_figures(summary.interpretations), *_electrons(summary)],
            polymorphs=ranked_polymorphs(summary),
            suggestions=verify_next(summary),
            facts=_facts(summary),
            origins=sorted({origin_kind(row.origin) for row in rows}),
            marks=MARKS,
            style=template_text("report.css"),
            scripts=scripts,
            script_hashes=[_hash_source(script) for script in scripts],
        )
    )


def _electrons(summary: CampaignSummary) -> list[Figure]:
    """Pictures of the electronic interpretations."""
    formulas = {row.rank: row.formula for row in summary.ranking}
    found = [one for one in summary.interpretations if one.kind == "electrons"]
    return [f for one in found[:ELECTRONS] for f in electron_figures(one, formulas[one.rank])]


def _facts(summary: CampaignSummary) -> list[tuple[str, str]]:
    """The headline numbers."""
    above = [row.energy_above_hull for row in summary.ranking if row.energy_above_hull is not None]
    on_hull = f"{sum(e <= ON_HULL for e in above):,}" if above or not summary.ranking else "unknown"
    return [
        (f"{summary.funnel[0].entered:,}" if summary.funnel else "0", "candidates"),
        (f"{len(summary.ranking):,}", "structures ranked"),
        (on_hull, "on the hull"),
        (f"{sum(row.novel for row in summary.ranking):,}", "new to the store"),
        (duration((summary.finished - summary.started).total_seconds()), "wall time"),
    ]


def duration(seconds: float) -> str:
    """A time in the units that people read: ``4.2 s``, ``5 min 12 s``, ``3 h 07 min``."""
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def page_environment() -> Environment:
    """The templates of all pages, with the filters that they use."""
    environment = Environment(
        loader=PackageLoader("flows.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "formula": formula_markup,
        "space_group": space_group_markup,
        "duration": duration,
        "plot_json": _plot_json,
        "shown_flags": shown_flags,
        "novelty": novelty,
        "type_name": type_name,
        "csv_link": as_csv_link,
    }
    return environment


def _plot_json(figure: Figure) -> dict[str, Any]:
    """A figure as plain JSON values; the template escapes them for a script element."""
    return dict(json.loads(figure.plot.to_json()))


def template_text(name: str) -> str:
    """The text of a template, style sheet or script."""
    return files("flows.report").joinpath("templates", name).read_text(encoding="utf-8")


def _hash_source(script: str) -> str:
    """The source expression by which the page's policy allows exactly this script."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
