"""The published Crysformer, number for number, without its per-edge matrix products."""
