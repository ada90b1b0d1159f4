"""Training of DAO-G and DAO-P: data, batches, Lightning modules, settings."""
