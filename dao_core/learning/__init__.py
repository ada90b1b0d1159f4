"""What labels of a chemical system teach: corrected energies, and what to label next."""
