"""The devices on which tensors can live on this machine."""

from __future__ import annotations

import torch

from dao_core.environment import DEVICE
from dao_core.errors import InputError


def default_device() -> str:
    """Where models compute: ``DAO_DEVICE`` if it is set, else the first GPU of CUDA, else the CPU.

    Apple's MPS is not chosen by itself, because it has no double precision.

    Raises:
        InputError: ``DAO_DEVICE`` names no device of this machine.
    """
    name = DEVICE.value
    if not name:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        known = ", ".join(available_devices())
        raise InputError(
            f"{DEVICE.name} is {name!r}, which torch cannot use here; there are: {known}"
        ) from error
    return name


def working_with() -> str:
    """Where models compute and on how many cores, and how to say otherwise."""
    cores = torch.get_num_threads()
    which = f"{cores} {'core' if cores == 1 else 'cores'} (OMP_NUM_THREADS says otherwise)"
    return f"computing on {default_device()} with {which}"


def available_devices() -> list[str]:
    """Names that torch takes as a device, the CPU first, each GPU with its model in brackets."""
    devices = [f"cpu ({torch.get_num_threads()} threads)"]
    devices += [
        f"cuda:{index} ({torch.cuda.get_device_name(index)})"
        for index in range(torch.cuda.device_count())
    ]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return devices


def full_precision(tensor: torch.Tensor) -> torch.autocast:
    """A context in which autocast leaves the geometry of crystals alone.

    Squared distances are differences of large numbers, of which bf16 keeps three digits.

    Args:
        tensor: one of those concerned; its device counts.
    """
    return torch.autocast(tensor.device.type, enabled=False)
