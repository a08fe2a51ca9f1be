"""Settings: file, then environment; whatever is wrong is named, and no secret is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tracker.composition.terms import configured_watches
from tracker.config import load_settings
from tracker.errors import ConfigError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TRACKER_")]:
        monkeypatch.delenv(name)


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tracker.toml"
    path.write_text(text)
    return path


def test_nothing_needs_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    settings = load_settings()
    assert settings.data_dir.is_relative_to(tmp_path)
    assert settings.database_url == f"sqlite:///{settings.data_dir}/tracker.db"
    assert settings.network.allow_private is False


def test_the_environment_wins_over_the_file_key_by_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config(tmp_path, "[network]\nmax_redirects = 3\nread_timeout_s = 5\n")
    monkeypatch.setenv("TRACKER_CONFIG", str(path))
    monkeypatch.setenv("TRACKER_NETWORK__MAX_REDIRECTS", "4")
    monkeypatch.setenv("TRACKER_DATA_DIR", "relative/place")
    settings = load_settings()
    assert (settings.network.max_redirects, settings.network.read_timeout_s) == (4, 5)
    assert settings.data_dir == Path.cwd() / "relative/place"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("nonsense = 1", "'nonsense'"),
        ("[network]\nallow_privat = true", "'network.allow_privat'"),
        ("[jobs]\nworkers = 0", "jobs.workers"),
        ("[jobs]\nworkers = 'many'", "jobs.workers"),
        ("[collect]\ndepth = 11", "collect.depth"),
        ("[[watches]]\nintervals = 3", "watches.0"),
        ("network = 3", "network"),
        ('[network]\nconnect_to = {"a b" = "127.0.0.1"}', "network.connect_to"),
        ('[network]\nconnect_to = ["a"]', "network.connect_to"),
        ("not toml [", "TOML"),
        pytest.param("a = " + "9" * 5_000, "TOML", id="digits without end"),
        pytest.param("a = " + "[" * 100_000, "nested too deeply", id="brackets without end"),
    ],
)
def test_what_is_wrong_is_named(text: str, named: str, tmp_path: Path) -> None:
    path = config(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    assert named in str(caught.value)
    assert str(path) in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        load_settings(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot read"):
        load_settings(tmp_path)
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="TOML"):
        load_settings(tmp_path / "binary")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRACKER_NETWROK__ALLOW_PRIVATE", "true"),
        ("TRACKER_NETWORK__ALLOW_PRIVAT", "true"),
        ("TRACKER_JOBS__WORKERS", "none"),
        ("TRACKER_WATCHES", "{broken"),
        pytest.param("TRACKER_WATCHES", "[" * 100_000, id="brackets without end"),
    ],
)
def test_a_wrong_variable_is_blamed_on_the_environment(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match="environment"):
        load_settings(config(tmp_path, "[jobs]\nworkers = 1\n"))


def test_a_secret_is_in_no_message_and_no_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "postgresql+psycopg://user:hunter2@db/archive"
    monkeypatch.setenv("TRACKER_DATABASE__URL", url)
    settings = load_settings()
    assert settings.database_url == url
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()
    monkeypatch.setenv("TRACKER_DATABASE", '{"url": "x", "urll": "hunter2"}')
    with pytest.raises(ConfigError) as caught:
        load_settings(config(tmp_path, "[database]\nurl = ['hunter2']\n"))
    assert "hunter2" not in str(caught.value)


def test_watches_take_the_general_terms_where_they_state_none(tmp_path: Path) -> None:
    text = (
        "[collect]\ndepth = 4\nbudget = 7\n"
        '[[watches]]\ntarget = "https://a.test/feed"\n'
        '[[watches]]\ntarget = "https://b.test/feed"\ndepth = 0\nbudget = 1\ninterval_s = 5\n'
    )
    one, other = configured_watches(load_settings(config(tmp_path, text)))
    assert (one.interval_s, one.depth, one.budget, one.from_config) == (900, 4, 7, True)
    assert (other.interval_s, other.depth, other.budget) == (5, 0, 1)


def test_a_watch_with_a_password_in_it_is_refused_and_not_quoted(tmp_path: Path) -> None:
    path = config(tmp_path, '[[watches]]\ntarget = "https://name:canary@news.test/feed"\n')
    with pytest.raises(ConfigError, match="user name or password") as caught:
        load_settings(path)
    assert "canary" not in str(caught.value)


def test_manners_have_bounds(tmp_path: Path) -> None:
    for line in ("pause_per_host_s = -1", "connections_per_host = 0", 'obey_robots = "perhaps"'):
        with pytest.raises(ConfigError, match=line.split()[0]):
            load_settings(config(tmp_path, f"[network]\n{line}\n"))
