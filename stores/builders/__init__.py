"""Builders (maggma): what follows from the documents, kept up to date at the cost of the news."""

from stores.builders.base import BuildReport, StoreBuilder
from stores.builders.dedup import DedupBuilder
from stores.builders.examples import ClassBounds, ExampleBuilder
from stores.builders.hull import HullBuilder
from stores.builders.statistics import StatisticsBuilder
from stores.builders.training_set import LeakageAudit, build_training_set, register_test_set

__all__ = [
    "BuildReport",
    "ClassBounds",
    "DedupBuilder",
    "ExampleBuilder",
    "HullBuilder",
    "LeakageAudit",
    "StatisticsBuilder",
    "StoreBuilder",
    "build_training_set",
    "register_test_set",
]
