"""Makers of Quantum ESPRESSO jobs and flows."""
