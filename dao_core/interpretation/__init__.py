"""What crystals mean beyond their energies: each kind of interpretation by a potential."""
