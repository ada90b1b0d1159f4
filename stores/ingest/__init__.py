"""Taking in structures and labels from databases, files and calculations."""

from stores.ingest.entry import Entry, Source
from stores.ingest.ingestion import IngestReport, ingest
from stores.ingest.opening import SOURCES, open_source

__all__ = ["SOURCES", "Entry", "IngestReport", "Source", "ingest", "open_source"]
