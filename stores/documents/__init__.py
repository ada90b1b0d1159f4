"""The documents of the store: pydantic models with a schema version, one collection each."""

from stores.documents.base import (
    BuilderMeta,
    Document,
    composition_fields,
    composition_of,
    utc_now,
)
from stores.documents.campaign import CampaignDocument
from stores.documents.candidate import CandidateDocument
from stores.documents.duplicate import DuplicateDocument
from stores.documents.event import EventDocument
from stores.documents.ingest import IngestDocument
from stores.documents.interpretation import (
    InterpretationDocument,
    InterpretationKind,
    interpretation_id,
)
from stores.documents.label import TARGET_PRESSURE, LabelDocument
from stores.documents.manifest import ManifestDocument, ManifestEntry
from stores.documents.mark import MarkDocument
from stores.documents.model import ModelDocument, ModelKind, PromotionDocument
from stores.documents.relaxation import RelaxationDocument
from stores.documents.statistics import StatisticsDocument
from stores.documents.structure import StructureDocument
from stores.documents.thermo import HullDocument, ThermoDocument, hull_id
from stores.documents.training import ExampleDocument, TestSetDocument
from stores.documents.validation import ValidationDocument

DOCUMENTS: tuple[type[Document], ...] = (
    StructureDocument,
    CandidateDocument,
    RelaxationDocument,
    ValidationDocument,
    InterpretationDocument,
    LabelDocument,
    ModelDocument,
    PromotionDocument,
    ManifestDocument,
    CampaignDocument,
    EventDocument,
    DuplicateDocument,
    ThermoDocument,
    HullDocument,
    ExampleDocument,
    TestSetDocument,
    IngestDocument,
    StatisticsDocument,
    MarkDocument,
)

__all__ = [
    "DOCUMENTS",
    "TARGET_PRESSURE",
    "BuilderMeta",
    "CampaignDocument",
    "CandidateDocument",
    "Document",
    "DuplicateDocument",
    "EventDocument",
    "ExampleDocument",
    "HullDocument",
    "IngestDocument",
    "InterpretationDocument",
    "InterpretationKind",
    "LabelDocument",
    "ManifestDocument",
    "ManifestEntry",
    "MarkDocument",
    "ModelDocument",
    "ModelKind",
    "PromotionDocument",
    "RelaxationDocument",
    "StatisticsDocument",
    "StructureDocument",
    "TestSetDocument",
    "ThermoDocument",
    "ValidationDocument",
    "composition_fields",
    "composition_of",
    "hull_id",
    "interpretation_id",
    "utc_now",
]
