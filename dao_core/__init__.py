"""The DAO method: crystals as tensors, DAO-G, DAO-P, relaxation, search, evaluation, training."""
