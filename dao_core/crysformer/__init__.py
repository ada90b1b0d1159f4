"""Crysformer: the transformer over all atom pairs of a crystal that DAO-G and DAO-P share."""
