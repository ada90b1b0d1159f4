"""VASP through atomate2's makers, under the protocol names that Quantum ESPRESSO has."""
