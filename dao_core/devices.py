"""The devices on which tensors can live on this machine."""

from __future__ import annotations

import torch


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
