"""The search: what is wanted, known and to be done next; ``dao.search(...)`` runs one."""

from dao_core.callable_package import call_as

call_as(__name__, "dao_core.notebook.searching:search")
