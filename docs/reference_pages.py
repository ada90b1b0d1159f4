"""A hook of MkDocs: reference pages from the code, and the pages that lie beside ``docs/``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pydantic import BaseModel
from typer.main import get_command

from flows.campaign.request import CampaignRequest
from flows.cli.app import app
from stores.documents import DOCUMENTS

ROOT = Path(__file__).parent.parent
BESIDE = ("BENCHMARKS.md", "CHANGELOG.md", "CONTRIBUTING.md")
TUTORIALS = [
    ROOT / "docs" / "tutorials" / f"{name}.py"
    for name in ("binary_oxide", "polymorphs", "retraining_round")
]
ROLE = re.compile(r":(?:func|class|data|mod):")
"""Marks of Sphinx, which docstrings may hold."""
OUTWARDS = re.compile(r"\[([^\]]+)\]\((?:\.\./)*([\w/.-]+)\)")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is written by nobody, and the pages of the project's root."""
    pages = {
        "reference/command-line.md": command_line(),
        "reference/campaign-settings.md": campaign_settings(),
        "reference/documents.md": documents(),
        **{f"tutorials/{file.stem.replace('_', '-')}.md": tutorial(file) for file in TUTORIALS},
        **{name: (ROOT / name).read_text() for name in BESIDE},
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, *, page: Any, files: Files, **_: Any) -> str:
    """Let links point to pages of the site; those to other files of the project become words."""
    folder = (ROOT / "docs" / page.file.src_uri).parent
    if page.file.src_uri in BESIDE:
        folder = ROOT

    def link(match: re.Match[str]) -> str:
        words, target = match[1], match[0][len(match[1]) + 3 : -1]
        path = (folder / target).resolve()
        if not path.exists():
            return match[0]  # a generated page, or a mistake that the strict build reports
        inside = path.relative_to(ROOT).as_posix().removeprefix("docs/")
        if files.get_file_from_path(inside) is None:
            return f"{words} (`{path.relative_to(ROOT).as_posix()}`)"
        depth = page.file.src_uri.count("/")
        return f"[{words}]({'../' * depth}{inside})"

    return OUTWARDS.sub(link, markdown)


def tutorial(file: Path) -> str:
    """A script with what it is for, its picture, and its text."""
    text = file.read_text()
    about = ast.get_docstring(ast.parse(text)) or ""
    title, _, rest = about.partition("\n\n")
    usage, _, words = rest.strip().partition("\n\n")
    picture = file.with_suffix(".png")
    parts = [
        f"# {title.rstrip('.')}",
        paragraphs(words),
        f"```bash\n{usage.strip()}\n```",
        f"![What it draws]({picture.name})" if picture.is_file() else "",
        f"```python\n{text}```",
    ]
    return "\n\n".join(filter(None, parts))


def command_line() -> str:
    """Every command with its arguments and options."""
    codes = (
        "Made from the code. Exit codes: 0 done, 2 wrong input, 3 something is missing on this "
        "machine, 4 finished with failures, 130 interrupted (Ctrl-C), 143 ended by SIGTERM."
    )
    parts = ["# Command line", codes]
    for name, command in commands(get_command(app), "dao"):
        rows = [
            (parameter_name(parameter), (getattr(parameter, "help", None) or "").strip())
            for parameter in command.params
        ]
        parts += [f"## {name}", paragraphs(command.help or ""), table(("", ""), rows)]
    return "\n\n".join(parts) + "\n"


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    """The commands of a group with their full names, in the order of ``--help``."""
    if not hasattr(command, "commands"):
        yield name, command
        return
    for word, below in command.commands.items():
        yield from commands(below, f"{name} {word}")


def parameter_name(parameter: Any) -> str:
    """An option with all its spellings, or the word that stands for an argument."""
    if parameter.param_type_name == "argument":
        return parameter.metavar or parameter.name.upper()
    spellings = ", ".join(f"`{word}`" for word in [*parameter.opts, *parameter.secondary_opts])
    return f"{spellings} {parameter.metavar or ''}".strip()


def campaign_settings() -> str:
    """The settings of a campaign, for ``dao campaign --config FILE``."""
    return (
        "# Campaign settings\n\nWhat a YAML file for `dao campaign --config FILE` and a run of the "
        "deployment `campaign` may hold.\n\n" + fields(CampaignRequest) + "\n"
    )


def documents() -> str:
    """One section per collection of the store."""
    parts = ["# Documents of the store", "Made from the code; `dao store query --in COLLECTION`."]
    for kind in DOCUMENTS:
        head = (
            f"Key: `{kind.key}`. Schema {kind.schema_current}. Indexed: "
            f"{', '.join(f'`{field}`' for field in kind.indexed) or 'the key alone'}."
        )
        first = (kind.__doc__ or "").split("\n\n")[0]
        parts += [f"## {kind.collection}", paragraphs(first), head, fields(kind)]
    return "\n\n".join(parts) + "\n"


def fields(model: type[BaseModel]) -> str:
    """A table of the fields of a model with what its docstrings say of them."""
    described: dict[str, str] = {}
    for kind in reversed(model.__mro__):
        described |= attributes(kind.__doc__ or "")
    rows = []
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else f"`{field.get_default()!r}`"
        if field.default_factory is not None:
            default = "made"
        rows.append((f"`{name}`", default, described.get(name, field.description or "")))
    return table(("field", "default", "what it is"), rows)


def attributes(docstring: str) -> dict[str, str]:
    """The entries of the section ``Attributes`` of a docstring."""
    _, _, section = docstring.partition("Attributes:\n")
    found = re.findall(r"^ {8}(\w+): (.*(?:\n {12}.*)*)", section, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table; bars inside its cells are escaped."""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(ROLE.sub("", cell).replace("|", "\\|") for cell in line) + " |"
        for line in lines
    )


def paragraphs(text: str) -> str:
    """Text of a docstring as Markdown, its indentation taken away."""
    lines = [line.strip() for line in ROLE.sub("", text).replace("``", "`").strip().splitlines()]
    return "\n".join(lines)
