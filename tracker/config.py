"""Settings: defaults, then the TOML file, then ``TRACKER_`` variables; unknown keys are refused.

Nothing needs a file. Every default stands in ``config.example.toml`` as well, and a test compares
the two.
"""

from __future__ import annotations

import os
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from tracker.errors import ConfigError, without_user_names

CONFIG_VARIABLE = "TRACKER_CONFIG"
ENV_PREFIX = "TRACKER_"

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$")]
Host = Annotated[str, Field(pattern=r"^https?://[^/?#@\s]+$")]
WebAddress = Annotated[str, Field(pattern=r"^https?://[^/?#@\s]+(?:/[^@\s]*)?$")]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(_Section):
    """Where rows are kept; empty means SQLite under the data directory."""

    url: SecretStr = SecretStr("")


class NetworkSettings(_Section):
    """What may be connected to, and how long and how much an answer may be.

    ``connect_to`` reaches hosts elsewhere than DNS says (``{"www.example.org": "10.0.0.5:8443"}``),
    ``ca_file`` adds authorities to trust; both are noted with every answer. ``pause_per_host_s``
    and ``connections_per_host`` are kept by all processes of an archive together. ``obey_robots``
    asks a site's robots.txt before a plain page of it; what it said is noted with the answer.
    """

    allow_private: bool = False
    allowed_networks: tuple[str, ...] = ()
    connect_to: dict[HostName, str] = {}
    ca_file: str = ""
    user_agent: str = "video-provenance-tracker/0.1 (archiving for verification)"
    connect_timeout_s: Seconds = 10
    read_timeout_s: Seconds = 20
    page_timeout_s: Seconds = 60
    media_timeout_s: Seconds = 900
    max_page_bytes: Count = 16 * 1024**2
    max_media_bytes: Count = 4 * 1024**3
    max_redirects: Count = 10
    pause_per_host_s: Annotated[float, Field(ge=0, le=3600)] = 0.5
    connections_per_host: Annotated[int, Field(ge=1, le=64)] = 2
    obey_robots: bool = True


class CollectSettings(_Section):
    """How far links are followed and how many posts one target or poll may bring in."""

    depth: Annotated[int, Field(ge=0, le=10)] = 2
    budget: Count = 200


class MediaSettings(_Section):
    """What a file may cost before it is refused."""

    max_duration_s: Seconds = 6 * 3600
    max_pixels: Count = 8192 * 4320
    decode_timeout_s: Seconds = 3600
    decode_memory_mb: Count = 4096


class JobSettings(_Section):
    """How often each stage looks for work, how many processes share it, and what it may take.

    ``lease_s``: a daemon that was not heard of for so long is replaced by one that stands by.
    ``item_limit_s``: an item that takes longer, beyond what its download and its decoder are
    allowed, is given up and the daemon begins anew; ``upkeep_limit_s`` is that of a whole round of
    anchoring, re-hashing, retention or audit.
    """

    workers: Count = Field(default=2)
    poll_check_s: Seconds = 30
    stage_pause_s: Seconds = 5
    recheck_s: Seconds = 3600
    audit_s: Seconds = 24 * 3600
    anchor_s: Seconds = 3600
    fixity_s: Seconds = 3600
    retention_s: Seconds = 3600
    lease_s: Annotated[float, Field(ge=1, le=50)] = 30
    item_limit_s: Seconds = 1800
    upkeep_limit_s: Seconds = 12 * 3600


class FixitySettings(_Section):
    """How soon everything kept is read again, and how much of it at a time."""

    days: Annotated[float, Field(gt=0, le=3650)] = 30
    slice_mb: Count = 4096


class RetentionSettings(_Section):
    """What may be deleted by rule; holds win over every rule.

    ``originals_days`` after its last capture an original may go; 0: never.
    """

    originals_days: Annotated[float, Field(ge=0, le=36500)] = 0


class LogSettings(_Section):
    """What is logged to standard error, and in which form."""

    level: Literal["debug", "info", "warning", "error"] = "warning"
    format: Literal["text", "json"] = "text"


class MastodonSettings(_Section):
    """Hosts that are known to speak Mastodon's interface: their hashtags can be watched too."""

    servers: tuple[str, ...] = ("mastodon.social",)


class TelegramSettings(_Section):
    """Where the public pages of Telegram's channels are asked for."""

    host: Host = "https://t.me"


class BlueskySettings(_Section):
    """Which public AppView is asked, and where accounts' identity documents are kept."""

    appview: Host = "https://public.api.bsky.app"
    plc_directory: Host = "https://plc.directory"


class XSettings(_Section):
    """Access to X's API, which is billed by the post; without a token yt-dlp reads its posts.

    ``monthly_reads`` are posts and account look-ups in a calendar month (UTC), posts that others
    refer to included.
    """

    bearer_token: SecretStr = SecretStr("")
    bearer_token_file: str = ""
    api_url: Host = "https://api.x.com"
    monthly_reads: Annotated[int, Field(ge=0)] = 10_000
    full_archive: bool = False

    def token(self) -> str:
        """Return the token, from the file where one is named; empty when there is none.

        Raises ``ConfigError``, which never quotes it.
        """
        text = self.bearer_token.get_secret_value()
        if not text and self.bearer_token_file:
            path = Path(self.bearer_token_file).expanduser()
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as exc:
                raise ConfigError(f"x.bearer_token_file: cannot read {path}") from exc
        token = text.strip()
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ConfigError("x.bearer_token: not a token: it has spaces or line breaks in it")
        return token


Searched = Annotated[str, Field(pattern=r"^(?:bluesky|mastodon|x|youtube|https?://[^/?#@\s]+)$")]


class DiscoverySettings(_Section):
    """Searches for earlier uploads of clips that have only lately been seen.

    ``platforms`` are ``bluesky``, ``mastodon`` (hashtags on all of ``mastodon.servers``), the
    address of one of these servers, ``x`` and ``youtube``; without any, nothing is searched.
    """

    platforms: tuple[Searched, ...] = ()
    recent_days: Annotated[float, Field(gt=0, le=3650)] = 14
    every_hours: Annotated[float, Field(ge=1, le=24 * 365)] = 24
    searches_per_day: Annotated[int, Field(ge=0)] = 50
    posts_per_search: Annotated[int, Field(ge=1, le=500)] = 50
    fetch_without_preview: bool = False


class ServeSettings(_Section):
    """Where `tracker serve` listens; ``names`` are host names it answers under besides its own."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8321
    names: tuple[str, ...] = ()


class MonitorSettings(_Section):
    """What the daemon shows of itself on this machine, and from when on it is unwell.

    ``port``: where `/metrics` and `/health` are served on 127.0.0.1; 0: nowhere.
    """

    port: Annotated[int, Field(ge=0, le=65535)] = 0
    min_free_mb: Annotated[int, Field(ge=0)] = 1024
    late_polls: Annotated[float, Field(ge=1)] = 3


class YtDlpSettings(_Section):
    """What yt-dlp gets: cookies of a session (Netscape format), and how it names itself.

    Without ``identify_everywhere`` the sites that yt-dlp was made for get what it sends by itself.
    """

    cookie_file: str = ""
    identify_everywhere: bool = False


class AuthoritySettings(_Section):
    """A timestamp authority (RFC 3161), and the certificates its answers are checked against."""

    url: WebAddress
    ca_file: str = ""


class TimestampSettings(_Section):
    """Who outside is asked to vouch for the ledger's time; without anyone, nobody does."""

    authorities: tuple[AuthoritySettings, ...] = ()
    calendars: tuple[WebAddress, ...] = ()


class C2paSettings(_Section):
    """Whose word is taken for who signed Content Credentials: certificates (PEM), if any."""

    trust_anchors_file: str = ""


class WatchSettings(_Section):
    """A standing order; ``tracker watch add`` records the same."""

    target: str
    interval_s: Count = 900
    depth: Annotated[int, Field(ge=0, le=10)] | None = None
    budget: Count | None = None
    paused: bool = False
    back_to: AwareDatetime | date | None = None

    @field_validator("target")
    @classmethod
    def _without_password(cls, target: str) -> str:
        if without_user_names(target) != target:
            raise ValueError("an address with a user name or password in it is not accepted")
        return target

    @property
    def back_to_at(self) -> datetime | None:
        """The instant to go back to: of a day, its beginning in UTC."""
        if self.back_to is None or isinstance(self.back_to, datetime):
            return self.back_to
        return datetime(self.back_to.year, self.back_to.month, self.back_to.day, tzinfo=UTC)


class Settings(BaseSettings):
    """All settings of one run."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,  # a secret in the wrong place must not reach the message
    )

    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("video-provenance-tracker")
    )
    database: DatabaseSettings = DatabaseSettings()
    network: NetworkSettings = NetworkSettings()
    collect: CollectSettings = CollectSettings()
    media: MediaSettings = MediaSettings()
    jobs: JobSettings = JobSettings()
    log: LogSettings = LogSettings()
    bluesky: BlueskySettings = BlueskySettings()
    mastodon: MastodonSettings = MastodonSettings()
    telegram: TelegramSettings = TelegramSettings()
    x: XSettings = XSettings()
    ytdlp: YtDlpSettings = YtDlpSettings()
    discovery: DiscoverySettings = DiscoverySettings()
    timestamps: TimestampSettings = TimestampSettings()
    c2pa: C2paSettings = C2paSettings()
    fixity: FixitySettings = FixitySettings()
    retention: RetentionSettings = RetentionSettings()
    serve: ServeSettings = ServeSettings()
    monitor: MonitorSettings = MonitorSettings()
    watches: tuple[WatchSettings, ...] = ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, whose values come in as init arguments."""
        del settings_cls, dotenv_settings, file_secret_settings
        return env_settings, init_settings

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL: the configured one, or SQLite under the data directory."""
        configured = self.database.url.get_secret_value()
        return configured or f"sqlite:///{self.data_dir / 'tracker.db'}"


def load_settings(path: Path | None = None) -> Settings:
    """Return the settings from ``path`` (or ``TRACKER_CONFIG``) and the environment.

    Raises ``ConfigError`` naming the file or variable and the key that is wrong.
    """
    chosen = path or _path_from_environment()
    values = _read_toml(chosen) if chosen else {}
    _refuse_unknown_variables()
    try:
        settings = Settings.model_validate(values)
    except ValidationError as exc:
        raise ConfigError(_first_problem(exc, chosen)) from exc
    except ValueError as exc:  # a variable that is not the JSON its section needs
        raise ConfigError(f"environment: {exc}") from exc
    except RecursionError as exc:
        raise ConfigError("environment: a variable is nested too deeply to be read") from exc
    return settings.model_copy(update={"data_dir": settings.data_dir.expanduser().absolute()})


def _path_from_environment() -> Path | None:
    text = os.environ.get(CONFIG_VARIABLE, "")
    return Path(text) if text else None


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ConfigError(f"cannot read config {path}: {exc.strerror}") from exc
    except ValueError as exc:  # of the syntax, the characters, or a number of thousands of digits
        raise ConfigError(f"config {path} is not valid TOML: {exc}") from exc
    except RecursionError as exc:
        raise ConfigError(f"config {path} is nested too deeply to be read") from exc


def _refuse_unknown_variables() -> None:
    """A misspelt variable would otherwise be ignored in silence."""
    known = {name.upper() for name in Settings.model_fields}
    for variable in os.environ:
        if not variable.startswith(ENV_PREFIX) or variable == CONFIG_VARIABLE:
            continue
        section = variable.removeprefix(ENV_PREFIX).split("__")[0]
        if section.upper() not in known:
            raise ConfigError(f"environment: {variable} is no setting of this program")


def _first_problem(exc: ValidationError, path: Path | None) -> str:
    problem = exc.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in problem["loc"])
    where = f"config {path} or environment" if path else "environment"
    if problem["type"] == "extra_forbidden":
        return f"{where}: unknown key {key!r}"
    return f"{where}: {key}: {problem['msg']}"
