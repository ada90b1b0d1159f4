"""The model registry: every checkpoint by hash, and which one serves."""

from stores.registry.promotion import history, promote, rollback, serving
from stores.registry.registration import fetch_checkpoint, find_model, list_models, register_model

__all__ = [
    "fetch_checkpoint",
    "find_model",
    "history",
    "list_models",
    "promote",
    "register_model",
    "rollback",
    "serving",
]
