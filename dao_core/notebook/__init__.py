"""What one types in a notebook: searches, landscapes, and single steps on crystals."""
