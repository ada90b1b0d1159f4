"""DAO-P: energies, forces and stresses of crystals, and the energy that guides generation."""

from dao_core.predictor.calculator import DaoCalculator
from dao_core.predictor.potential import PredictorPotential, load_predictor

__all__ = ["DaoCalculator", "PredictorPotential", "load_predictor"]
