"""DFT protocols, makers, handlers and parsers for Quantum ESPRESSO and VASP."""
