"""Pseudopotential families: install, check, list, choose."""

from dft_inputs.pseudos.family import PseudoFamily, Pseudopotential, catalogue_names
from dft_inputs.pseudos.install import (
    DEFAULT_FAMILY,
    FamilyCheck,
    Installation,
    check_families,
    install_family,
    list_families,
    load_family,
    pseudos_root,
)

__all__ = [
    "DEFAULT_FAMILY",
    "FamilyCheck",
    "Installation",
    "PseudoFamily",
    "Pseudopotential",
    "catalogue_names",
    "check_families",
    "install_family",
    "list_families",
    "load_family",
    "pseudos_root",
]
