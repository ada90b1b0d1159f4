"""The documents of the store: pydantic models with a schema version, one collection each."""

from stores.documents.base import BuilderMeta, Document, composition_fields, utc_now
from stores.documents.campaign import CampaignDocument
from stores.documents.candidate import CandidateDocument
from stores.documents.event import EventDocument
from stores.documents.label import LabelDocument, content_id
from stores.documents.manifest import ManifestDocument, ManifestEntry
from stores.documents.model import ModelDocument, ModelKind, PromotionDocument
from stores.documents.relaxation import RelaxationDocument
from stores.documents.structure import StructureDocument
from stores.documents.validation import ValidationDocument

DOCUMENTS: tuple[type[Document], ...] = (
    StructureDocument,
    CandidateDocument,
    RelaxationDocument,
    ValidationDocument,
    LabelDocument,
    ModelDocument,
    PromotionDocument,
    ManifestDocument,
    CampaignDocument,
    EventDocument,
)

__all__ = [
    "DOCUMENTS",
    "BuilderMeta",
    "CampaignDocument",
    "CandidateDocument",
    "Document",
    "EventDocument",
    "LabelDocument",
    "ManifestDocument",
    "ManifestEntry",
    "ModelDocument",
    "ModelKind",
    "PromotionDocument",
    "RelaxationDocument",
    "StructureDocument",
    "ValidationDocument",
    "composition_fields",
    "content_id",
    "utc_now",
]
