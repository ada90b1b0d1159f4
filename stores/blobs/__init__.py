"""The blob store: trajectories, charge densities and other big outputs, by hash."""

from stores.blobs.base import BlobStore, MemoryBlobs
from stores.blobs.folder import FolderBlobs

__all__ = ["BlobStore", "FolderBlobs", "MemoryBlobs"]
