"""A campaign as a YAML file beneath the command line."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from dao_core.errors import InputError
from dao_core.settings_file import validated
from flows.campaign.request import CampaignRequest

WORDS = {"targets": "; name a chemical system such as Mg-O or formulas"}


def build_request(
    given: Mapping[str, Any], config: CommentedMap | None = None, file: Path | None = None
) -> CampaignRequest:
    """Validate a campaign from the command line and, beneath it, a configuration file.

    Args:
        given: What the command line gave; it wins over the file. None means not given.
        config: Settings of the file, from :func:`dao_core.settings_file.read_settings`.
        file: The file, for the text of errors.

    Raises:
        InputError: Names every mistake; those of the file with their line.
    """
    chosen = {name: value for name, value in given.items() if value is not None}
    if config is not None and "targets" in config and "targets" in chosen:
        raise InputError(
            f"a system is given on the command line and in {file} (`targets`); give it once"
        )
    asked = None if config is None else config.get("interpret")
    if isinstance(asked, CommentedMap):
        _refuse_empty(asked, file)
    return validated(CampaignRequest, given, config, file, words=WORDS)


def _refuse_empty(asked: CommentedMap, file: Path | None) -> None:
    """A kind of interpretation with nothing behind it would be passed over without a word."""
    for kind, settings in asked.items():
        if settings is None:
            raise InputError(
                f"{file}, line {asked.lc.key(kind)[0] + 1}: interpret.{kind}: is empty; write a "
                "number of structures, or settings such as best: 3"
            )
