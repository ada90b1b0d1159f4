"""Keeping a store sound: check, backup, restore, migrate."""

from stores.maintenance.backup import Backup, back_up
from stores.maintenance.check import Fault, check
from stores.maintenance.migration import MigrationReport, migrate, outdated
from stores.maintenance.restoring import restore

__all__ = [
    "Backup",
    "Fault",
    "MigrationReport",
    "back_up",
    "check",
    "migrate",
    "outdated",
    "restore",
]
