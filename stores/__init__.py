"""The memory: documents, store backends, builders, registry, export (maggma)."""
