"""Task documents of Quantum ESPRESSO and the parsers that fill them."""
