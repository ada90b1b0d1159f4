"""Tensors out of a ``torch.save`` archive without running anything that it says.

A pickle is a program: it names functions and has them called. The reader here knows three of them
(rebuild a tensor, rebuild a parameter, an ordered dictionary), which it performs itself; what
belongs to training frameworks (hyper-parameters, optimiser states) becomes an inert placeholder;
every other name ends the reading. No name is ever imported.
"""

from __future__ import annotations

import math
import pickle
import struct
import zipfile
import zlib
from collections import OrderedDict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from dao_core.errors import CheckpointError, MissingError

_PICKLE_LIMIT = 64 * 2**20
"""Bytes of the largest table of contents that is read; those of real checkpoints have < 1 MiB."""

COPIES = 4
"""How much larger than the file its tensors may be; some share a storage, such as tied weights."""

_DTYPES = {
    "FloatStorage": torch.float32,
    "DoubleStorage": torch.float64,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "ShortStorage": torch.int16,
    "CharStorage": torch.int8,
    "ByteStorage": torch.uint8,
    "BoolStorage": torch.bool,
}
_IGNORED_PACKAGES = frozenset(
    {"omegaconf", "hydra", "pytorch_lightning", "lightning", "lightning_fabric", "torchmetrics"}
    | {"dao", "diffcsp", "typing", "numpy", "pathlib", "enum", "argparse"}
)
"""Packages whose objects training frameworks put beside the weights; none is imported."""
_IGNORED_NAMES = frozenset(
    {"copyreg._reconstructor", "builtins.object", "collections.defaultdict", "collections.Counter"}
    | {"torch.device", "torch.Size", "torch.nn.modules.container.ParameterDict"}
    | {f"builtins.{name}" for name in ("dict", "list", "set", "tuple", "int", "float", "str")}
)
_PICKLE_ERRORS = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
    RuntimeError,
)
"""What a damaged pickle makes the reader raise."""


class Ignored:
    """Stands for an object that was not built; it takes whatever the pickle does to it."""

    def __init__(self, *_arguments: object) -> None: ...

    def __setstate__(self, _state: object) -> None: ...

    def __setitem__(self, _key: object, _value: object) -> None: ...

    def append(self, _item: object) -> None:
        """Take a list item."""

    def extend(self, _items: object) -> None:
        """Take list items."""

    def add(self, _item: object) -> None:
        """Take a set item."""


def read_torch_archive(path: Path) -> Any:
    """The object that ``torch.save`` wrote, with :class:`Ignored` for what is no plain data.

    Plain data are containers, numbers, strings and tensors.

    Raises:
        MissingError: there is no such file.
        CheckpointError: it is not a zip archive of ``torch.save``, is damaged, or names a
            function that is not plain data.
    """
    if not path.is_file():
        raise MissingError(f"there is no file {path}; give the path of a released checkpoint")
    try:
        with zipfile.ZipFile(path) as archive:
            return _ArchiveReader(path, archive).read()
    except CheckpointError:
        raise
    except (zipfile.BadZipFile, OSError, struct.error, zlib.error, *_PICKLE_ERRORS) as error:
        raise CheckpointError(
            f"{path} is not a complete torch.save archive ({error}); download it again"
        ) from error


class _ArchiveReader:
    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.path, self.archive = path, archive
        self.storages: dict[str, Tensor] = {}
        self.copied = 0
        contents = [name for name in archive.namelist() if name.endswith("/data.pkl")]
        if len(contents) != 1:
            raise CheckpointError(f"{path} is a zip file but not one that torch.save wrote")
        self.contents, self.root = contents[0], contents[0].removesuffix("data.pkl")

    def read(self) -> Any:
        """Read the table of contents, and the tensors it speaks of."""
        order = f"{self.root}byteorder"
        if order in self.archive.namelist() and self.archive.read(order) != b"little":
            raise CheckpointError(f"{self.path} holds big-endian tensors; save it again on x86")
        if self.archive.getinfo(self.contents).file_size > _PICKLE_LIMIT:
            raise CheckpointError(f"{self.path}: its table of contents is implausibly large")
        try:
            with self.archive.open(self.contents) as stream:
                return _TensorUnpickler(stream, self).load()
        except _PICKLE_ERRORS as error:
            if isinstance(error, CheckpointError):
                raise
            raise CheckpointError(
                f"{self.path} is damaged: {error!r}; download it again"
            ) from error

    def storage(self, dtype: torch.dtype, key: str, count: int) -> Tensor:
        """The flat tensor stored under ``data/<key>``."""
        if key not in self.storages:
            info = self.archive.getinfo(f"{self.root}data/{key}")
            if info.compress_type != zipfile.ZIP_STORED or info.file_size != count * dtype.itemsize:
                raise CheckpointError(f"{self.path}: storage {key} has not the size it should have")
            content = bytearray(self.archive.read(info))
            empty = torch.empty(0, dtype=dtype)
            self.storages[key] = torch.frombuffer(content, dtype=dtype) if content else empty
        return self.storages[key]

    def tensor(
        self, storage: Tensor, offset: int, shape: tuple[int, ...], stride: tuple[int, ...],
        *_rest: object,
    ) -> Tensor:  # fmt: skip
        """A copy of the part of a storage that a tensor is; memory follows the size of the file."""
        if min((offset, *shape, *stride), default=0) < 0 or len(shape) != len(stride):
            raise ValueError(f"a tensor has the layout {offset}, {shape}, {stride}")
        last = offset + sum((n - 1) * step for n, step in zip(shape, stride, strict=True))
        size = math.prod(shape)
        if size and last >= storage.numel():
            raise ValueError(f"a tensor of shape {tuple(shape)} reaches beyond its storage")
        # With a stride of 0 one number fills any shape, and tensors may share a storage.
        self.copied += size * storage.element_size()
        if size > storage.numel() or self.copied > COPIES * self.path.stat().st_size:
            raise ValueError(f"tensors up to one of shape {tuple(shape)} repeat their numbers")
        return torch.as_strided(storage, tuple(shape), tuple(stride), offset).clone()


class _TensorUnpickler(pickle.Unpickler):
    def __init__(self, stream: Any, reader: _ArchiveReader) -> None:
        super().__init__(stream)
        self.reader = reader

    def find_class(self, module: str, name: str) -> Any:
        """What ``module.name`` stands for; never an import."""
        full = f"{module}.{name}"
        if full == "torch._utils._rebuild_tensor_v2":
            return self.reader.tensor
        if full == "torch._utils._rebuild_parameter":
            return _rebuild_parameter
        if full == "collections.OrderedDict":
            return OrderedDict
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if full in _IGNORED_NAMES or module.partition(".")[0] in _IGNORED_PACKAGES:
            return type("Ignored", (Ignored,), {"name": full})
        raise CheckpointError(
            f"{self.reader.path} asks for {full}, which no plain checkpoint needs; "
            "it was not run and the file is refused"
        )

    def persistent_load(self, pid: Any) -> Tensor:
        """A storage: ``("storage", type, key, device, number of elements)``."""
        kind, dtype, key, _device, count = pid
        if kind != "storage" or not isinstance(dtype, torch.dtype):
            raise CheckpointError(f"{self.reader.path}: unknown kind of storage {pid!r}")
        return self.reader.storage(dtype, str(key), int(count))


def _rebuild_parameter(data: Tensor, *_rest: object) -> Tensor:
    return data
