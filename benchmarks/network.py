"""What our changes to the published network bring: validation loss at equal CPU time.

    DAO_SHARED=... python benchmarks/network.py [--seconds 150] [--quick] [--json]

Three networks of one width and depth learn flow matching from the same crystals, each for the same
CPU seconds of one thread (AdamW, cosine over that time), and are judged on the same noise of
held-out formulas:

* published: edge LayerNorm, gated residuals, time beside the elements (its exact factorised form);
* fused: no edge LayerNorm (so that attention is fused), adaptive conditioning on time and lattice;
* fused + distances: and a bias from minimum-image distances, which is what `mini` and `base` are.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from printing import show
from torch import Tensor, nn

from dao_core.crysformer.config import CrysformerConfig
from dao_core.crysformer.published.config import PublishedConfig
from dao_core.crysformer.published.network import PublishedCrysformer
from dao_core.crystal.batch import CrystalBatch
from dao_core.generator.flow_matching import flow_matching_loss
from dao_core.generator.velocity import VelocityNetwork
from dao_core.training.generator import stretch_statistics
from dao_core.training.records import Crystal, read_crystals
from dao_core.training.size_batches import SizeBatchSampler, collate

WIDTH, LAYERS, HEADS, FREQUENCIES = 128, 4, 8, 16
ATOMS_PER_BATCH, MAX_ATOMS = 1024, 20
LEARNING_RATE, WARM_UP = 1e-3, 30
VALIDATION_CRYSTALS, VALIDATION_DRAWS = 400, 4


@dataclass(frozen=True)
class Row:
    """One line of the table; losses as in the training, of coordinates and lattice."""

    network: str
    parameters: int
    cpu_seconds: float
    steps: int
    samples: int
    validation_coordinates: float
    validation_lattice: float


class PublishedBackbone(nn.Module):
    """The published network where :class:`VelocityNetwork` expects ours."""

    def __init__(self, config: PublishedConfig) -> None:
        super().__init__()
        self.network = PublishedCrysformer(config)

    def forward(
        self,
        atomic_numbers: Tensor,
        frac_coords: Tensor,
        lattice: Tensor,
        _lattice_features: Tensor,
        mask: Tensor,
        t: Tensor,
    ) -> Tensor:
        """Atom features ``[B, N, H]``; time runs from 1000 (noise) to 0, as in its diffusion."""
        nodes, _ = self.network.encode(atomic_numbers, frac_coords, lattice, mask, 1000 * (1 - t))
        return nodes * mask[..., None]


def networks() -> Iterator[tuple[str, VelocityNetwork]]:
    """The three, each with weights from the same seed."""
    config = CrysformerConfig(WIDTH, LAYERS, HEADS, FREQUENCIES)
    torch.manual_seed(0)
    published = VelocityNetwork(config)
    published.backbone = PublishedBackbone(
        PublishedConfig(WIDTH, LAYERS, HEADS, FREQUENCIES + 1, time_features=WIDTH)
    )
    yield "published", published
    torch.manual_seed(0)
    fused = VelocityNetwork(config)
    for block in fused.backbone.blocks:
        nn.init.zeros_(block.distance_bias.weight)
        block.distance_bias.requires_grad_(requires_grad=False)
    yield "fused", fused
    torch.manual_seed(0)
    yield "fused + distances", VelocityNetwork(config)


def train(network: VelocityNetwork, crystals: Sequence[Crystal], budget: float) -> tuple[int, int]:
    """Learn for ``budget`` CPU seconds; steps and samples."""
    mean, std = stretch_statistics(crystals)
    network.stretch_mean.copy_(mean)
    network.stretch_std.copy_(std)
    trained = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=LEARNING_RATE)
    random = torch.Generator().manual_seed(0)
    sampler = SizeBatchSampler([len(c.atomic_numbers) for c in crystals], ATOMS_PER_BATCH, seed=0)
    begun, steps, samples, epoch = time.process_time(), 0, 0, 0
    while True:
        sampler.set_epoch(epoch)
        epoch += 1
        for rows in sampler:
            share = (time.process_time() - begun) / budget
            if share >= 1:
                return steps, samples
            rate = min(1.0, (steps + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * share))
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * rate
            loss = flow_matching_loss(network, collate([crystals[row] for row in rows]), random)
            optimizer.zero_grad()
            loss.total.backward()
            nn.utils.clip_grad_norm_(trained, 0.5)
            optimizer.step()
            steps, samples = steps + 1, samples + len(rows)


@torch.no_grad()
def judge(network: VelocityNetwork, batches: Sequence[CrystalBatch]) -> tuple[float, float]:
    """Mean losses over some draws of noise, the same for every network."""
    coordinates = lattice = 0.0
    for draw in range(VALIDATION_DRAWS):
        random = torch.Generator().manual_seed(draw)
        for batch in batches:
            loss = flow_matching_loss(network, batch, random)
            coordinates += float(loss.coordinates) * len(batch)
            lattice += float(loss.lattice) * len(batch)
    count = VALIDATION_DRAWS * sum(len(batch) for batch in batches)
    return coordinates / count, lattice / count


def measure(folder: Path, budget: float) -> list[Row]:
    """Train and judge all three."""
    crystals = read_crystals([folder / "train" / "mp20_val.json.gz"], MAX_ATOMS).crystals
    held = read_crystals([folder / "validation" / "public_val.json.gz"], MAX_ATOMS).crystals
    held = held[:VALIDATION_CRYSTALS]
    sampler = SizeBatchSampler([len(c.atomic_numbers) for c in held], ATOMS_PER_BATCH, seed=0)
    batches = [collate([held[row] for row in rows]) for rows in sampler]
    rows = []
    for name, network in networks():
        steps, samples = train(network.train(), crystals, budget)
        losses = judge(network.eval(), batches)
        count = sum(p.numel() for p in network.parameters() if p.requires_grad)
        rows.append(Row(name, count, budget, steps, samples, *losses))
    return rows


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=150.0, help="of the CPU, each network")
    parser.add_argument("--quick", action="store_true", help="five seconds each")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    if "DAO_SHARED" not in os.environ:
        raise SystemExit("DAO_SHARED does not name the folder of development data")
    torch.set_num_threads(1)
    folder = Path(os.environ["DAO_SHARED"]) / "data"
    rows = measure(folder, 5.0 if arguments.quick else arguments.seconds)
    note = f"{LAYERS} layers of width {WIDTH}; trained on mp20_val, judged on public_val."
    listed = [asdict(row) for row in rows]
    show({"benchmark": "network", "note": note, "rows": listed}, as_json=arguments.json)


if __name__ == "__main__":
    main()
