"""What a campaign finds out about its best structures beyond their energies, where asked to."""
