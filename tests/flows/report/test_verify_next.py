"""What a report proposes to verify: flags answered, cheapest first; interpretations shown."""

from __future__ import annotations

from pathlib import Path

from flows.interpretation.gathering import interpretations_of
from flows.report.page import write_report
from flows.report.polymorphs import ranked_polymorphs
from flows.report.summary import CampaignSummary, DftCheck, Interpretation
from flows.report.verify_next import verify_next
from stores import open_store
from stores.documents import InterpretationDocument

PHONONS = {
    "unstable": True,
    "minimum_frequency": -4.0,
    "zero_point_energy": 0.05,
    "free_energy": -5.9,
    "temperature": 300.0,
    "energy_per_atom": -5.8,
    "soft_mode_energy_per_atom": -5.85,
    "soft_mode_candidate_id": "c-fallen",
}


def with_first(summary: CampaignSummary, **changes: object) -> CampaignSummary:
    first, *others = summary.ranking
    return summary.model_copy(update={"ranking": (first.model_copy(update=changes), *others)})


def test_each_flag_has_its_check_and_the_cheapest_is_first(binary: CampaignSummary) -> None:
    flagged = with_first(binary, flags=("outside the domain: not made for O",), converged=False)
    found = verify_next(flagged)
    hours = [one.core_hours for one in found]
    assert hours == sorted(hours)
    of_first = {one.what: one for one in found if one.rank == 1}
    assert "not made for O" in of_first["Relax with another potential"].why
    assert of_first["Relax with another potential"].command.endswith("--potential dao-p")
    pressed = flagged.model_copy(update={"request": {**flagged.request, "pressure": 50.0}})
    (compress,) = [one for one in verify_next(pressed) if one.what == "Compress it by DFT"]
    assert "--to 50" in compress.command
    assert of_first["Relax further"].command.startswith("dao relax cif")
    assert "meV/atom above the hull" in of_first["Relax by DFT"].why
    assert {one.rank for one in found} <= {1, 2, 3, 4, 5}


def test_what_is_known_is_not_asked_again(binary: CampaignSummary) -> None:
    row = binary.ranking[0]
    done = DftCheck(state="done", energy_above_hull=(row.energy_above_hull or 0) + 0.2)
    checked = with_first(binary, dft=done)
    phonons = Interpretation(
        interpretation_id="i-1", kind="phonons", rank=1, level="chgnet", finding="f", result=PHONONS
    )
    checked = checked.model_copy(update={"interpretations": (phonons,)})
    asked = {one.what for one in verify_next(checked) if one.rank == 1}
    assert asked == {
        "Check at a finer protocol",
        "See whether what its soft mode leads to is a minimum",
        "Interpret its electrons",
    }


def test_what_a_potential_was_not_made_for_is_repeated_by_dft(binary: CampaignSummary) -> None:
    outside = Interpretation(
        interpretation_id="i-2", kind="phonons", rank=1, level="chgnet", finding="f",
        result={**PHONONS, "unstable": False}, flags=("200 GPa, made for at most 80 GPa",),
    )  # fmt: skip
    found = verify_next(binary.model_copy(update={"interpretations": (outside,)}))
    pressed = binary.model_copy(update={"request": {**binary.request, "pressure": 50.0}})
    commands = [one.command for one in verify_next(pressed) if one.what == "Find its phonons"]
    assert commands
    assert all(command.endswith("--pressure 50") for command in commands)
    (repeat,) = [one for one in found if one.what == "Repeat its phonons by DFT"]
    assert "200 GPa" in repeat.why
    assert repeat.command.startswith(f"dao phonons {binary.ranking[0].candidate_id} --potential")
    assert found[-1].core_hours >= repeat.core_hours


def test_the_report_ranks_polymorphs_at_temperature_and_draws_pressure(
    binary: CampaignSummary, tmp_path: Path
) -> None:
    first, second, *_ = (row for row in binary.ranking if row.formula == "MgO")
    points = [{"pressure": p, "enthalpy_per_atom": p / 10} for p in (0.0, 10.0)]
    crossing = {"below": "B1", "above": "B2", "pressure": 5.0, "pressure_std": None}
    pressure = {
        "formula": "MgO", "note": None, "transitions": [crossing],
        "polymorphs": [{"file": name, "points": points} for name in ("B1", "B2")],
    }  # fmt: skip
    stiff = {**PHONONS, "unstable": False, "energy_per_atom": -6.0, "free_energy": -5.7}
    found = tuple(
        Interpretation(
            interpretation_id=f"i-{kind}-{rank}", kind=kind, rank=rank, level="chgnet",
            finding="f", result=result,
        )
        for kind, rank, result in (
            ("phonons", first.rank, stiff), ("phonons", second.rank, PHONONS),
            ("pressure", first.rank, pressure), ("pressure", second.rank, pressure),
        )
    )  # fmt: skip
    summary = binary.model_copy(update={"interpretations": found})
    ((temperature, level, rows),) = ranked_polymorphs(summary)
    assert (temperature, level) == (300.0, "chgnet")
    assert [(row["name"], row["rank_at_rest"]) for row in rows] == [
        (str(second.rank), 2), (str(first.rank), 1),
    ]  # fmt: skip
    page = write_report(summary, tmp_path).read_text()
    assert "Polymorphs at 300 K" in page
    assert page.count('id="figure-pressure-') == 1, "one figure for polymorphs compressed together"


def test_a_report_has_it_after_what_was_found_and_shows_what_the_store_knows(
    binary: CampaignSummary, tmp_path: Path
) -> None:
    row = binary.ranking[0]
    with open_store("memory://") as store:
        document = InterpretationDocument.of(
            row.relaxed(), kind="phonons", level="chgnet-0.3.0", settings={}, name="<b>",
            candidate_id=row.candidate_id, result=PHONONS, flags=["<i>unstable</i>"],
        )  # fmt: skip
        store.put(document)
        found = interpretations_of(binary.ranking, store)
    assert [(one.rank, one.kind) for one in found] == [(1, "phonons")]
    assert "along its soft mode -0.0500 eV/atom" in found[0].finding
    page = write_report(binary.model_copy(update={"interpretations": found}), tmp_path).read_text()
    places = [page.index(f'id="{part}"') for part in ("interpretations", "next", "funnel")]
    assert places == sorted(places)
    assert document.interpretation_id in page
    assert "&lt;i&gt;unstable" in page
