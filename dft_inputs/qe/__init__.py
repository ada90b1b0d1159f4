"""Quantum ESPRESSO in atomate2's idiom: inputs, makers, custodian handlers, task documents."""
