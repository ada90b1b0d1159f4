"""Counts per chemical system."""

from __future__ import annotations

from stores.builders import DedupBuilder, HullBuilder, StatisticsBuilder
from stores.documents import CandidateDocument, StatisticsDocument, composition_fields


def test_counts_follow_the_documents(store, rocksalt, element, put_label) -> None:
    put_label(store, element("Mg"), -1.0)
    put_label(store, element("O"), -1.0)
    put_label(store, rocksalt(4.2), -3.0)
    put_label(store, rocksalt(4.25), -2.9)
    fields = composition_fields(rocksalt())
    store.put(CandidateDocument(candidate_id="1", origin="random", **fields))
    store.put(CandidateDocument(candidate_id="2", origin="random", rejection="too_close", **fields))
    for builder in (HullBuilder, DedupBuilder, StatisticsBuilder):
        builder(store).build()
    found = store.get(StatisticsDocument, "Mg-O")
    assert (found.structures, found.groups) == (2, 1)
    assert found.candidates == {"random": 2}
    assert found.rejected == {"too_close": 1}
    assert found.labels == {"test": 2}
    assert found.stable == {"test": 1}


def test_only_systems_with_news_are_counted(store, rocksalt, put_label) -> None:
    put_label(store, rocksalt(4.2), -3.0)
    StatisticsBuilder(store).build()
    put_label(store, rocksalt(4.8, ("Ca", "O")), -3.0)
    report = StatisticsBuilder(store).build()
    assert report.written.inserted == 1
    assert report.taken_in == 2
