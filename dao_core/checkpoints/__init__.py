"""Model files: safetensors beside a JSON card; foreign checkpoints come in through the importer."""
