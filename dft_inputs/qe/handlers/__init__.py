"""Handlers that let custodian correct a failed run of pw.x."""

from dft_inputs.qe.handlers.electronic import BandsHandler, DiagonalizationHandler, ScfHandler
from dft_inputs.qe.handlers.fatal import UnrecoverableHandler
from dft_inputs.qe.handlers.ionic import (
    BfgsHandler,
    CellFactorHandler,
    FinalScfHandler,
    StepsHandler,
    WalltimeHandler,
)

__all__ = [
    "BandsHandler",
    "BfgsHandler",
    "CellFactorHandler",
    "DiagonalizationHandler",
    "FinalScfHandler",
    "ScfHandler",
    "StepsHandler",
    "UnrecoverableHandler",
    "WalltimeHandler",
]
