"""Each handler on outputs that hold its failure; the real runs are in test_run_real."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from dft_inputs.qe.handlers import (
    BandsHandler,
    BfgsHandler,
    CellFactorHandler,
    DiagonalizationHandler,
    FinalScfHandler,
    ScfHandler,
    StepsHandler,
    UnrecoverableHandler,
    WalltimeHandler,
)
from dft_inputs.qe.handlers.base import PwHandler
from dft_inputs.qe.pw_input import PwInput
from dft_inputs.qe.run import default_handlers

NOT_CONVERGED = "     convergence NOT achieved after 100 iterations: stopping\n"
ERROR = """ %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%
     Error in routine {routine} (1):
     {message}
 %%%%%%%%%%%%%%%%%%%%%%%%%%%%%%
"""

CASES: list[tuple[type[PwHandler], str]] = [
    (ScfHandler, NOT_CONVERGED),
    (FinalScfHandler, "End final coordinates\n" + NOT_CONVERGED),
    (StepsHandler, "     The maximum number of steps has been reached.\n"),
    (StepsHandler, "     Maximum number of iterations reached, stopping\n"),
    (WalltimeHandler, "     Maximum CPU time exceeded\n"),
    (
        BfgsHandler,
        "     history already reset at previous step: stopping\nEnd final coordinates\n",
    ),
    (
        BfgsHandler,
        ERROR.format(routine="bfgs", message="dE0s is positive which should never happen"),
    ),
    (
        DiagonalizationHandler,
        ERROR.format(routine="cdiaghg", message="problems computing cholesky"),
    ),
    (
        DiagonalizationHandler,
        ERROR.format(routine="c_bands", message="too many bands are not converged"),
    ),
    (
        CellFactorHandler,
        ERROR.format(
            routine="scale_h",
            message="Not enough space allocated for radial FFT: "
            "try restarting with a larger cell_factor",
        ),
    ),
    (UnrecoverableHandler, ERROR.format(routine="readpp", message="file Nope.upf not found")),
    (UnrecoverableHandler, ERROR.format(routine="check_atoms", message="atoms overlap")),
]


@pytest.fixture
def run(recorded_72: Path) -> Path:
    """A recorded relaxation without its ending, to which a failure is added."""
    path = recorded_72 / "pw.out"
    text = path.read_text()
    path.write_text(text[: text.index("Begin final coordinates")])
    return recorded_72


def fail(run: Path, text: str) -> None:
    with (run / "pw.out").open("a") as output:
        output.write(text)


@pytest.mark.parametrize(("handler", "text"), CASES)
def test_each_failure_has_exactly_one_handler(
    run: Path, handler: type[PwHandler], text: str
) -> None:
    fail(run, text)
    responsible = [type(h) for h in default_handlers() if h.check(str(run))]
    assert responsible == [handler]


def test_a_good_run_has_none(recorded_72: Path) -> None:
    assert [h for h in default_handlers() if h.check(str(recorded_72))] == []


def test_scf_ladder_mixes_less_then_locally_then_allows_more_steps(run: Path) -> None:
    fail(run, NOT_CONVERGED)
    handler = ScfHandler()
    changes = []
    for _ in range(3):
        changes.append(handler.correct(str(run))["actions"][0]["set"])
        handler.n_applied_corrections += 1
    assert changes[0] == {"mixing_beta": 0.32}
    assert changes[1] == {"mixing_mode": "local-TF"}
    assert changes[2]["electron_maxstep"] == 200
    assert PwInput.from_directory(run).get("electrons", "mixing_mode") == "local-TF"


def test_diagonalisation_ladder_ends(run: Path) -> None:
    fail(run, ERROR.format(routine="c_bands", message="too many bands are not converged"))
    handler = DiagonalizationHandler()
    tried = [handler.correct(str(run))["actions"] for _ in range(3)]
    names = [actions and actions[0]["set"]["diagonalization"] for actions in tried]
    assert names == ["cg", "paro", None]


def test_bfgs_ladder_and_record(run: Path) -> None:
    fail(run, "bfgs failed\n")
    handler = BfgsHandler()
    first = handler.correct(str(run))
    assert first["actions"][0]["set"]["trust_radius_ini"] == pytest.approx(0.05)
    assert {"geometry": "last"} in first["actions"]
    handler.n_applied_corrections = 1
    second = handler.correct(str(run))
    damped = PwInput.from_directory(run)
    assert damped.get("ions", "ion_dynamics") == "damp"
    assert damped.get("cell", "cell_dynamics") == "damp-w"
    assert second["actions"] is not None
    assert handler.correct(str(run))["actions"] is None


def test_only_a_crystal_of_few_symmetries_is_rattled(run: Path) -> None:
    fail(run, "bfgs failed\n")
    symmetric = BfgsHandler().correct(str(run))["actions"]
    assert not any("rattled" in str(action) for action in symmetric)
    pw_input = PwInput.from_directory(run)
    matrix = pw_input.structure.lattice.matrix @ np.array(
        [[1, 0.03, 0], [0.01, 1.02, 0.05], [0, 0.02, 0.97]]
    )
    pw_input.set_geometry(matrix, [[0, 0, 0], [0.21, 0.27, 0.24]])
    pw_input.write_file(run / "pw.in")
    (run / "pw.out").write_text("bfgs failed\n")
    before = pw_input.structure.cart_coords
    actions = BfgsHandler().correct(str(run))["actions"]
    moved = PwInput.from_directory(run).structure.cart_coords - before
    assert any("rattled" in str(action) for action in actions)
    assert np.linalg.norm(moved, axis=1) == pytest.approx([0.01, 0.01], rel=1e-3)


def test_next_attempt_starts_at_the_last_geometry_and_the_old_files_are_kept(run: Path) -> None:
    start = PwInput.from_directory(run).structure.volume
    fail(run, "     The maximum number of steps has been reached.\n")
    correction = StepsHandler().correct(str(run))
    assert {"geometry": "last"} in correction["actions"]
    assert PwInput.from_directory(run).structure.volume != pytest.approx(start, rel=1e-3)
    with tarfile.open(run / "error.1.tar.gz") as archive:
        assert {Path(name).name for name in archive.getnames()} >= {"pw.in", "pw.out"}


def test_cell_factor_is_doubled_and_the_cell_is_as_at_the_start(run: Path) -> None:
    start = PwInput.from_directory(run).structure
    fail(run, next(text for handler, text in CASES if handler is CellFactorHandler))
    CellFactorHandler().correct(str(run))
    pw_input = PwInput.from_directory(run)
    assert pw_input.get("cell", "cell_factor") == 4.0
    assert pw_input.structure.volume == pytest.approx(start.volume)


def test_only_the_final_scf_is_run_again(run: Path) -> None:
    fail(run, "End final coordinates\n" + NOT_CONVERGED)
    FinalScfHandler().correct(str(run))
    assert PwInput.from_directory(run).get("control", "calculation") == "scf"


def test_nothing_is_tried_against_a_refused_input(run: Path) -> None:
    fail(run, ERROR.format(routine="readpp", message="file Nope.upf not found"))
    before = (run / "pw.in").read_text()
    assert UnrecoverableHandler().correct(str(run))["actions"] is None
    assert (run / "pw.in").read_text() == before


def test_occupied_highest_band_asks_for_more_bands(recorded_72: Path) -> None:
    xml = recorded_72 / "out" / "pwscf.xml"
    text = xml.read_text()
    head, tail = text.rsplit("<occupations size=", 1)
    opening, rest = tail.split(">", 1)
    values, closing = rest.split("</occupations>", 1)
    numbers = values.split()
    numbers[-1] = "0.02"
    xml.write_text(f"{head}<occupations size={opening}>{' '.join(numbers)}</occupations>{closing}")
    handler = BandsHandler()
    assert handler.check(str(recorded_72))
    actions = handler.correct(str(recorded_72))["actions"]
    assert actions == [
        {"namelist": "system", "set": {"nbnd": len(numbers) + 4}},
        {"geometry": "last"},  # a relaxation; a static goes on from its density
    ]
