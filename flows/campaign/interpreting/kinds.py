"""Each kind of interpretation on the best of a ranking: what the store has is not made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from dao_core import progress
from dao_core.crystal.asked import Crystal
from dao_core.crystal.symmetry import TIGHT_SYMPREC, standard_primitive
from dao_core.errors import DaoError
from dao_core.interpretation.defects import DefectSettings, interpret_defects
from dao_core.interpretation.finding import Finding
from dao_core.interpretation.networks import interpret_network
from dao_core.interpretation.phonons import PhononSettings, interpret_phonons
from dao_core.interpretation.pressure import against
from dao_core.interpretation.settings import Defects, Network, Phonons, Pressure, Surface
from dao_core.interpretation.surfaces import SurfaceSettings, interpret_surface
from dao_core.search.conditions import level_at
from dao_core.search.result import Failure
from flows.campaign.interpreting.settings import Electrons
from flows.campaign.running import Campaign
from flows.interpretation.each import look_at
from flows.interpretation.electrons import interpret_electrons
from flows.interpretation.pressure import compress_and_keep
from flows.report.summary import RankedStructure
from flows.validation.memory import StoreMemory, calculation_key
from stores import DaoStore
from stores.documents import InterpretationDocument, InterpretationKind, interpretation_id
from stores.errors import StoreError

Ranking = Sequence[RankedStructure]


def network(campaign: Campaign, ranking: Ranking, settings: Network) -> list[Failure]:
    """The network of one element in the best structures that hold it."""
    symbol = settings.symbol
    holding = [row for row in ranking if symbol in row.relaxed().composition][: settings.best]

    look = partial(interpret_network, symbol=symbol)
    return _each(campaign, "network", holding, campaign.level, {"symbol": symbol}, look)


def phonons(campaign: Campaign, ranking: Ranking, settings: Phonons) -> list[Failure]:
    """Phonons at the pressure of the campaign; soft modes lead to candidates of the next one."""
    potential = campaign.potential_named(settings.potential)
    wanted = PhononSettings(settings.temperature, campaign.request.pressure)
    out = campaign.folder / "phonons"
    look = partial(
        interpret_phonons, potential=potential, settings=wanted, memory=campaign.memory, out=out
    )
    level = level_at(potential.level, wanted.pressure)
    return _each(campaign, "phonons", ranking[: settings.best], level, asdict(wanted), look)


def surface(campaign: Campaign, ranking: Ranking, settings: Surface) -> list[Failure]:
    """Energies of one surface."""
    potential = campaign.potential_named(settings.potential)
    wanted = SurfaceSettings(settings.miller, settings.thickness)
    out = campaign.folder / "surfaces"
    look = partial(interpret_surface, potential=potential, settings=wanted, out=out)
    best = ranking[: settings.best]
    return _each(campaign, "surface", best, potential.level, asdict(wanted), look)


def defects(campaign: Campaign, ranking: Ranking, settings: Defects) -> list[Failure]:
    """Point defects."""
    potential = campaign.potential_named(settings.potential)
    wanted = DefectSettings(settings.length, settings.interstitial, settings.mu)
    energies = dict(settings.mu)
    out = campaign.folder / "defects"
    look = partial(
        interpret_defects, potential=potential, settings=wanted, energies=energies, out=out
    )
    best = ranking[: settings.best]
    return _each(campaign, "defects", best, potential.level, asdict(wanted), look)


def pressure(campaign: Campaign, ranking: Ranking, settings: Pressure) -> list[Failure]:
    """Enthalpies of the polymorphs of each composition among the best."""
    potential = campaign.potential_named(settings.potential)
    formulas = list(dict.fromkeys(row.formula for row in ranking[: settings.best]))
    progress.begin("pressure", len(formulas))
    failures = []
    for formula in formulas:
        rows = [row for row in ranking if row.formula == formula][: settings.polymorphs]
        polymorphs = [_crystal(row) for row in rows]
        wanted = against(polymorphs, settings.pressures)
        if _missing(polymorphs, "pressure", potential.level, wanted, campaign.store):
            try:
                made = compress_and_keep(
                    polymorphs, potential, settings.pressures, campaign.store,
                    campaign.folder / "pressure",
                )  # fmt: skip
                failures += _failures("pressure", made.failures)
            except StoreError:
                raise
            except DaoError as error:
                failures.append(Failure(item=formula, stage="pressure", reason=str(error)))
        progress.advance("pressure")
    return failures


def electrons(campaign: Campaign, ranking: Ranking, settings: Electrons) -> list[Failure]:
    """Electrons, of what DFT relaxed where it did, within core-hours of their own."""
    crystals = [_as_dft_left_it(row, campaign.store) for row in ranking[: settings.best]]
    account = f"{campaign.campaign_id}-electrons"
    out = campaign.folder / "electrons"
    _, failures = interpret_electrons(crystals, settings, account, campaign.store, out)
    return _failures("electrons", failures)


KINDS: dict[str, Callable[[Campaign, Ranking, Any], list[Failure]]] = {
    "network": network,
    "phonons": phonons,
    "pressure": pressure,
    "surface": surface,
    "defects": defects,
    "electrons": electrons,
}


def _each(
    campaign: Campaign,
    kind: InterpretationKind,
    rows: Ranking,
    level: str,
    settings: Mapping[str, Any],
    look: Callable[[Crystal], Finding],
) -> list[Failure]:
    """Look at the structures whose interpretation the store lacks."""
    crystals = _missing([_crystal(row) for row in rows], kind, level, settings, campaign.store)
    _, failures = look_at(crystals, kind, level, campaign.store, look)
    return _failures(kind, failures)


def _missing(
    crystals: Sequence[Crystal],
    kind: InterpretationKind,
    level: str,
    settings: Mapping[str, Any],
    store: DaoStore,
) -> list[Crystal]:
    ids = {interpretation_id(one.structure, kind, level, settings): one for one in crystals}
    wanted = {"interpretation_id": {"$in": list(ids)}}
    known = {one.interpretation_id for one in store.find(InterpretationDocument, wanted)}
    return [crystal for identity, crystal in ids.items() if identity not in known]


def _failures(kind: str, lost: Sequence[Mapping[str, str]]) -> list[Failure]:
    return [Failure(item=one["file"], stage=kind, reason=one["reason"]) for one in lost]


def _crystal(row: RankedStructure) -> Crystal:
    """The primitive cell of a ranked structure, symmetrised as for DFT."""
    primitive = standard_primitive(row.symmetrised(), TIGHT_SYMPREC)
    return Crystal(row.candidate_id, primitive, row.candidate_id)


def _as_dft_left_it(row: RankedStructure, store: DaoStore) -> Crystal:
    if row.dft is not None and row.dft.validation_id is not None:
        for result in StoreMemory(store).results([calculation_key(row.dft.validation_id)]):
            return Crystal(row.candidate_id, result.structure, row.candidate_id)
    return _crystal(row)
