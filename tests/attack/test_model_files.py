"""Model files whose cards are no objects, one broken file among others, archives that swell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save

from dao_core.checkpoints.format import read_card
from dao_core.checkpoints.importer import import_released
from dao_core.checkpoints.torch_archive import read_torch_archive
from dao_core.crysformer.published.model_file import load_published
from dao_core.errors import CheckpointError
from dao_core.generator.model_file import load_flow_model
from dao_core.predictor.checkpoint import load_energy_model
from dao_core.predictor.guidance import load_guidance
from dao_core.predictor.property_model import load_property_model
from flows.cli.app import main

NO_CARDS = ("[]", '"dao-p"', "5", "null", "true", "{}", '{"kind": 5}', '{"kind": null}',
            "[" * 100_000, '{"kind": ' + "9" * 5000 + "}", "{")  # fmt: skip
LOADERS = {
    "dao-g-flow": load_flow_model,
    "dao-p": load_energy_model,
    "dao-p-guidance": load_guidance,
    "property": load_property_model,
    "published": load_published,
}
WRONG: tuple[dict[str, Any], ...] = (
    {}, {"config": 5}, {"config": []}, {"config": "huge"}, {"config": {"width": 10**12}},
    {"config": "tiny", "members": 10**12, "max_atoms": "many"},
    {"config": {"width": 10**9, "layers": 10**9, "heads": 1, "frequencies": 1,
                "time_features": 4}, "role": "generator"},
)  # fmt: skip


def model(path: Path, card: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(save({"x": torch.zeros(1)}, metadata={"card": card}))
    return path


@pytest.mark.parametrize("card", NO_CARDS)
def test_a_card_that_is_no_object(card: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError):
        read_card(model(tmp_path / "m.safetensors", card))


@pytest.mark.parametrize("name", LOADERS)
@pytest.mark.parametrize("entries", WRONG)
def test_a_card_that_says_too_much_or_too_little(
    name: str, entries: dict[str, Any], tmp_path: Path
) -> None:
    module = sys.modules[LOADERS[name].__module__]
    card = json.dumps({"kind": module.KIND, **entries})  # type: ignore[attr-defined] # all have it
    with pytest.raises(CheckpointError):
        LOADERS[name](model(tmp_path / "m.safetensors", card))


def test_one_broken_file_in_the_folder_of_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAO_HOME", str(tmp_path))
    names = ["[red]sound[/blue]", "list", "cut"]
    model(tmp_path / "models" / f"{names[0]}.safetensors".replace("/", "\N{FRACTION SLASH}"),
          '{"kind": "[bold]x[/]"}')  # fmt: skip
    model(tmp_path / "models" / "list.safetensors", "[]")
    (tmp_path / "models" / "cut.safetensors").write_bytes(b"\x10")
    assert main(["models", "list", "--json"]) == 4
    found = json.loads(capsys.readouterr().out)
    assert {"dao-p", "dao-g"} < {one["name"] for one in found["models"]}
    assert any(one["kind"] == "[bold]x[/]" for one in found["models"])
    assert sorted(Path(one["file"]).stem for one in found["failures"]) == ["cut", "list"]
    assert main(["models", "list"]) == 4  # names with markup are shown as they are
    assert "[red]sound[" in capsys.readouterr().out


@pytest.mark.parametrize("shape", [(10**6, 10**6), (5,)])
def test_an_archive_with_tensors_of_stride_0(shape: tuple[int, ...], tmp_path: Path) -> None:
    torch.save({"x": torch.zeros(1).expand(shape)}, tmp_path / "m.ckpt")
    with pytest.raises(CheckpointError, match="repeat their numbers"):
        read_torch_archive(tmp_path / "m.ckpt")


def test_tied_weights_are_no_such_tensors(tmp_path: Path) -> None:
    tied = torch.ones(3, 2)
    torch.save({"a": tied, "b": tied, "c": tied.T}, tmp_path / "m.ckpt")
    assert [x.sum() for x in read_torch_archive(tmp_path / "m.ckpt").values()] == [6.0, 6.0, 6.0]


def test_memory_follows_the_size_of_the_file(tmp_path: Path) -> None:
    """Tensors that share a storage of a megabyte, a thousand times: a gigabyte."""
    shared = torch.zeros(250_000)
    torch.save(
        {f"x{number}": shared[: 250_000 - number] for number in range(1000)}, tmp_path / "m.ckpt"
    )
    code = (
        "import re, resource, sys; from pathlib import Path\n"
        "from dao_core.checkpoints.torch_archive import read_torch_archive\n"
        "from dao_core.errors import CheckpointError\n"
        "status = Path('/proc/self/status').read_text()\n"
        "used = 1024 * int(re.search(r'VmData:\\s+(\\d+)', status)[1])\n"  # torch alone
        "resource.setrlimit(resource.RLIMIT_DATA, 2 * (used + 2**28,))\n"
        "try: read_torch_archive(Path(sys.argv[1]))\n"
        "except CheckpointError as error: print(error)"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "m.ckpt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "repeat their numbers" in done.stdout, done.stderr


def test_blocks_that_are_numbered_to_the_sky(tmp_path: Path) -> None:
    kv = "block_0.attention.fn.edges_to_kv.weight"
    names = ("coord_out.weight", "atom_latent_emb.weight", kv, "block_9999.x")
    torch.save({name: torch.ones(2, 16) for name in names}, tmp_path / "m.ckpt")
    with pytest.raises(CheckpointError, match="blocks are not numbered"):
        import_released(tmp_path / "m.ckpt", tmp_path)
