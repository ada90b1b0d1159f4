"""Requests of flows are forms on Prefect's pages: what a setting means stands beside it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


def describe(schema: dict[str, Any], model: type[BaseModel]) -> None:
    """Give each property of a schema its line of the ``Attributes`` in the model's docstring.

    Pydantic would put the whole docstring, run together, above the form.

    Args:
        schema: JSON schema of the model; it is changed.
        model: A model with a docstring in Google style.
    """
    # Prefect needs it too, to read the docstrings of flows.
    from griffe import Docstring, DocstringSectionKind, parse_google  # noqa: PLC0415

    for described in reversed(model.__mro__):  # settings that are inherited are told by the parent
        for section in parse_google(Docstring(described.__doc__ or ""), warnings=False):
            if section.kind is DocstringSectionKind.text:
                schema["description"] = section.value
            elif section.kind is DocstringSectionKind.attributes:
                for attribute in section.value:
                    if attribute.name in schema["properties"]:
                        schema["properties"][attribute.name]["description"] = attribute.description


FORM = ConfigDict(extra="forbid", frozen=True, json_schema_extra=describe)
"""Configuration of every request of a flow."""
