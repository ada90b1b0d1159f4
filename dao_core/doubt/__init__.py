"""Doubt: which orders a level cannot settle, and what to say of a ranking before it is trusted."""

from dao_core.doubt.cautions import cautions
from dao_core.doubt.order import gap_std, order_std, ties
from dao_core.doubt.polymorph import Polymorph

__all__ = ["Polymorph", "cautions", "gap_std", "order_std", "ties"]
