"""A command, an option of the config or a module layer that no document mentions fails here."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from tracker.cli.main import app
from tracker.config import Settings, load_settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Return every command line the program knows, groups spelt out."""
    return list(_spelt_out(typer.main.get_command(app), ""))


def _spelt_out(command: Any, name: str) -> Iterator[str]:
    """Typer's own classes of commands are private to it, hence the duck typing."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name
        return
    for word, below in inner.items():
        yield from _spelt_out(below, f"{name} {word}".strip())


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_readme(command: str) -> None:
    assert f"tracker {command}" in README


@pytest.mark.parametrize("command", commands())
def test_every_command_says_what_it_does(command: str) -> None:
    found: Any = typer.main.get_command(app)
    for name in command.split():
        found = found.commands[name]
    assert found.help


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def test_the_example_config_holds_exactly_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRACKER_DATA_DIR", raising=False)
    example = ROOT / "config.example.toml"
    assert load_settings(example) == load_settings()
    values = tomllib.loads(example.read_text(encoding="utf-8"))
    for name, field in Settings.model_fields.items():
        section: Any = field.annotation
        if name in {"data_dir", "watches"}:
            continue
        assert set(values[name]) == set(section.model_fields), name


def test_every_form_of_document_has_its_schema_and_no_other_has_one() -> None:
    code = (path for top in ("tracker", "storage", "jobs") for path in (ROOT / top).rglob("*.py"))
    text = "\n".join(path.read_text(encoding="utf-8") for path in code)
    named = set(re.findall(r"""["'](tracker/[a-z-]+/\d+)["']""", text))
    assert len(named) > 20
    titles = {}
    for path in (ROOT / "docs" / "schemas").glob("*.json"):
        schema = json.loads(path.read_text(encoding="utf-8"))
        titles[schema["title"]] = path.stem
        marks = (schema["properties"].get(key, {}).get("const") for key in ("schema", "format"))
        assert schema["title"] in marks, path.name
    assert titles == {name: name.split("/")[1] for name in named}


def test_every_run_time_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    text = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8").lower()
    for requirement in project["dependencies"] + project["optional-dependencies"]["dev"]:
        name = re.split(r"[\[>=<]", requirement)[0]
        assert name.lower() in text, name


def test_the_lock_pins_with_hashes_and_names_no_index() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = re.findall(r"^[a-z0-9][^\s=]*==\S+ \\$", lock, re.MULTILINE)
    assert len(pins) > 50
    assert lock.count("--hash=sha256:") >= len(pins)
    assert "://" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock
