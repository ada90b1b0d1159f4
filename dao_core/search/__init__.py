"""Search: from a chemical system to compositions, candidates, hulls and landscapes."""
