"""Any ASE calculator as a potential: crystals one by one, in a bounded number of processes."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import multiprocessing
import os
import threading
import weakref
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache

import numpy as np
import torch
from ase import Atoms
from ase.calculators.calculator import BaseCalculator, PropertyNotImplementedError
from torch import Tensor

from dao_core.crystal.batch import CrystalBatch
from dao_core.errors import InputError, MissingError
from dao_core.fork_server import fork_server
from dao_core.potentials.base import Domain, Evaluation, assemble
from dao_core.potentials.catalogue import NamedPotential

_Numbers = tuple[float, np.ndarray, np.ndarray]


class ASEPotential:
    """An ASE calculator, made by ``package.module:factory`` in every worker process.

    Args:
        target: importable ``package.module:factory``; the factory takes no argument and returns a
            calculator with energy, forces and stress.
        workers: number of processes; default, one per core but never more than eight.
        named: the potential of the catalogue whose calculator it is, if it is one.

    Raises:
        MissingError: the module is not installed.
        InputError: ``target`` is malformed or names nothing that can be called.
    """

    def __init__(
        self, target: str, workers: int | None = None, named: NamedPotential | None = None
    ) -> None:
        resolve_factory(target)
        self.level = f"ase:{target}{_version_suffix(_top(target))}"
        self.domain = Domain()
        if named is not None:
            self.level = f"{named.name}{_version_suffix(named.package)}"
            self.domain = Domain(max_pressure=named.max_pressure, bulk_only=named.bulk_only)
        self._target = target
        self._named = named
        self._workers = workers or min(os.cpu_count() or 1, 8)
        self._pool: ProcessPoolExecutor | None = None
        self._made: Future[None] | None = None

    def evaluate(self, batch: CrystalBatch) -> Evaluation:
        """Energies (eV per cell), forces (eV/angstrom) and stresses (eV/angstrom^3).

        Raises:
            MissingError: the weights of a named potential cannot be loaded.
        InputError: the factory fails, or its calculator does not compute one of energy, forces
                and stress.
        """
        crystals = dict(enumerate(_to_atoms(batch)))
        futures = self._submit(crystals)
        self._check_factory()
        rows: dict[int, tuple[Tensor, Tensor, Tensor]] = {}
        errors: dict[int, str] = {}
        for row, future in futures.items():
            failure = future.exception()
            if isinstance(failure, BrokenProcessPool):
                # One crystal took its process, and with it the pool, down: only a process of its
                # own tells which one.
                future = self._evaluate_alone(crystals[row])  # noqa: PLW2901
                failure = future.exception()
            if isinstance(failure, PropertyNotImplementedError):
                raise InputError(
                    f"the calculator {self._target} lacks a property that relaxation needs: "
                    f"{failure}; choose one with energy, forces and stress"
                ) from failure
            if failure is not None:
                errors[row] = f"{type(failure).__name__}: {failure}"
            else:
                rows[row] = _as_tensors(future.result())
        return assemble(batch, rows, errors)

    def close(self) -> None:
        """End the worker processes; the next evaluation starts new ones."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _submit(self, crystals: Mapping[int, Atoms]) -> dict[int, Future[_Numbers]]:
        if self._pool is None:
            self._pool = _start_pool(self._workers)
            self._made = self._pool.submit(_make_calculator, self._target)
            weakref.finalize(self, self._pool.shutdown, wait=False)
        submit = self._pool.submit
        return {row: submit(_calculate, self._target, atoms) for row, atoms in crystals.items()}

    def _check_factory(self) -> None:
        """Tell a factory that fails from crystals that its calculator cannot do."""
        failure = self._made.exception() if self._made is not None else None
        if failure is not None and not isinstance(failure, BrokenProcessPool):
            self.close()
            reason = f"({type(failure).__name__}: {failure})"
            if self._named is not None:
                raise MissingError(
                    f"potential {self._named.name!r}: its weights ({self._named.weights}) cannot "
                    f"be loaded {reason}; load them once where there is a network"
                ) from failure
            raise InputError(
                f"potential 'ase:{self._target}': the factory fails in a worker process {reason}"
            ) from failure

    def _evaluate_alone(self, atoms: Atoms) -> Future[_Numbers]:
        self.close()
        with _start_pool(workers=1) as pool:
            return pool.submit(_calculate, self._target, atoms)


def resolve_factory(target: str) -> Callable[[], BaseCalculator]:
    """The callable that ``package.module:factory`` names.

    Raises:
        MissingError: the module cannot be imported.
        InputError: ``target`` is malformed or names nothing that can be called.
    """
    module_name, _, factory_name = target.partition(":")
    if not module_name or not factory_name:
        raise InputError(
            f"potential 'ase:{target}': write ase:package.module:factory, for example "
            "ase:ase.calculators.emt:EMT"
        )
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise MissingError(
            f"potential 'ase:{target}': cannot import {module_name} ({error}); install the "
            "package that provides it"
        ) from error
    factory = getattr(module, factory_name, None)
    if not callable(factory):
        raise InputError(f"potential 'ase:{target}': {module_name} has no callable {factory_name}")
    return factory


def _top(target: str) -> str:
    return target.partition(":")[0].partition(".")[0]


def _version_suffix(module: str) -> str:
    """The version of the distribution that a module comes with."""
    names = importlib.metadata.packages_distributions().get(module)
    return f"@{importlib.metadata.version(names[0])}" if names else ""


def _start_pool(workers: int) -> ProcessPoolExecutor:
    # The server has the imports done, so that a new worker costs no more than its calculator.
    return ProcessPoolExecutor(
        max_workers=workers,
        mp_context=fork_server(__name__),
        initializer=_start_worker,
    )


def _start_worker() -> None:
    torch.set_num_threads(1)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


@lru_cache(maxsize=1)
def _calculator(target: str) -> BaseCalculator:
    """The calculator of this worker process, kept between crystals."""
    return resolve_factory(target)()


def _make_calculator(target: str) -> None:
    _calculator(target)


def _leave_with_parent() -> None:
    """End this worker when the process that wants its numbers is gone, be it by SIGKILL."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _calculate(target: str, atoms: Atoms) -> _Numbers:
    atoms.calc = calculator = _calculator(target)
    with contextlib.ExitStack() as if_refused:
        # a refused crystal that comes again must not find the calculator half prepared for it
        if_refused.callback(getattr(calculator, "reset", lambda: None))
        numbers = (
            float(atoms.get_potential_energy()),
            np.asarray(atoms.get_forces()),
            np.asarray(atoms.get_stress(voigt=False)),
        )
        if_refused.pop_all()
    return numbers


def _to_atoms(batch: CrystalBatch) -> list[Atoms]:
    lattice = batch.lattice.detach().double().cpu().numpy()
    frac_coords = batch.frac_coords.detach().double().cpu().numpy()
    numbers = batch.atomic_numbers.cpu().numpy()
    return [
        Atoms(numbers[row, :n], cell=lattice[row], scaled_positions=frac_coords[row, :n], pbc=True)
        for row, n in enumerate(batch.natoms.tolist())
    ]


def _as_tensors(numbers: _Numbers) -> tuple[Tensor, Tensor, Tensor]:
    energy, forces, stress = numbers
    return torch.tensor(energy), torch.as_tensor(forces), torch.as_tensor(stress)
