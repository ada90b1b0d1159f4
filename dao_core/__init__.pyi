# The types of the face; see __init__.py, which loads it when it is used.

from dao_core.notebook.landscape import Landscape as Landscape
from dao_core.notebook.potential import load_potential as load_potential
from dao_core.notebook.searching import search as search
from dao_core.notebook.structures import generate as generate
from dao_core.notebook.structures import predict as predict
from dao_core.notebook.structures import relax as relax
