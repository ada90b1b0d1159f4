"""Keeping a store sound: check, backup, restore, migrate."""

from stores.maintenance.backup import back_up, restore
from stores.maintenance.check import Fault, check
from stores.maintenance.migration import MigrationReport, migrate, outdated

__all__ = ["Fault", "MigrationReport", "back_up", "check", "migrate", "outdated", "restore"]
