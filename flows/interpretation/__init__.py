"""What proposed crystals mean: each interpretation of files or of the store, kept in the store."""
