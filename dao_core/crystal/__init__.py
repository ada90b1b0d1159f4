"""Crystals: the padded tensor batch, conversion, identity, symmetry, validity, file reading."""

import logging
import os

# Failed attempts at one tolerance are expected everywhere, and answered by another or a reason.
os.environ.setdefault("SPGLIB_WARNING", "OFF")
logging.getLogger("moyo").setLevel(logging.ERROR)
