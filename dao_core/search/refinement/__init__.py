"""Refinement: the best minima of a search relaxed on by a dearer potential, and ranked by it.

A cheap potential finds minima and is robust from any start; a universal one judges them better, but
has holes where it never learned. So the first one searches, and the second one only ever starts
from a minimum of the first.
"""

from dao_core.search.refinement.refine import refine, start_of
from dao_core.search.refinement.shortlist import Place, shortlist

__all__ = ["Place", "refine", "shortlist", "start_of"]
