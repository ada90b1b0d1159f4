"""One reader for each format of crystals; :mod:`dao_core.crystal.reading` chooses among them."""
