"""The file of settings for alerts: `rules` (schemas.alerting) and `delivery`."""

from pathlib import Path
from typing import Annotated

import msgspec
import yaml
from msgspec import Meta

from agents import yamlfile
from agents.errors import InputError
from schemas.alerting import Part, Pending, Rules

Address = Annotated[str, Meta(pattern="^[^@\\s]+@[^@\\s]+$")]
Url = Annotated[str, Meta(pattern="^https?://[^\\s]+$")]


class Slack(Part, frozen=True, kw_only=True):
    """A channel of Slack, by an incoming webhook; its URL is a secret, so it stands in a file."""

    channel: str
    url_file: str


class Webhook(Part, frozen=True, kw_only=True):
    """Any other program; `token_file` holds what goes into `Authorization: Bearer`."""

    url: Url
    token_file: str | None = None


class Receiver(Part, frozen=True, kw_only=True):
    """Who is told, and by which ways."""

    email: tuple[Address, ...] = ()
    slack: tuple[Slack, ...] = ()
    webhook: tuple[Webhook, ...] = ()


class Mail(Part, frozen=True, kw_only=True):
    """The server that e-mail goes through, `host:port`, always with TLS unless it is said."""

    server: str
    sender: Address
    username: str | None = None
    password_file: str | None = None
    require_tls: bool = True


_HISTORY = Webhook(
    url="http://alerts:9475/alerts",
    token_file="/run/secrets/alerts_token",  # noqa: S106 - the name of a file
)


class Delivery(Part, frozen=True, kw_only=True):
    """Who is told of what."""

    history: Webhook = _HISTORY
    """Where every alert goes to be kept: `ringside alerts receive`."""
    heartbeat: Webhook | None = None
    """A service elsewhere (a dead man's switch) that calls somebody when it is no longer told."""
    heartbeat_seconds: Annotated[float, Meta(ge=1, le=3600)] = 60
    """How often it is told."""
    mail: Mail | None = None
    receivers: dict[str, Receiver] = msgspec.field(default_factory=dict)
    critical: tuple[str, ...] = ()
    """Names of receivers who are told of what is critical, at any hour."""
    warning: tuple[str, ...] = ()
    """Names of receivers who are told of the rest, within the working hours of the site."""
    teams: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    """By team: who else is told of what concerns it."""
    group_wait_seconds: Pending = 30
    """For what has the same cause to be told at once, and for a cause to inhibit its effects."""
    group_interval_seconds: Pending = 300
    repeat_seconds: Annotated[float, Meta(ge=60)] = 4 * 3600
    """Told again if it still fires after so long."""


class AlertSettings(Part, frozen=True, kw_only=True):
    """The whole file. Everything may be left out."""

    rules: Rules = Rules()
    delivery: Delivery = Delivery()


def read(file: Path) -> AlertSettings:
    """Return the settings in a YAML file.

    Raises:
        InputError: it cannot be read, or is not valid; says where.
    """
    tree = yamlfile.load(yamlfile.read_text(file), yaml.SafeLoader, name=str(file))
    try:
        settings = msgspec.convert(tree or {}, AlertSettings)
    except msgspec.ValidationError as error:
        raise InputError(f"{file}: {error}") from None
    _require_receivers(file, settings.delivery)
    return settings


def _require_receivers(file: Path, delivery: Delivery) -> None:
    ours = sorted({"history", "heartbeat", "nobody"} & set(delivery.receivers))
    if ours:
        raise InputError(f"{file}: delivery.receivers: {', '.join(ours)} is a name of ours")
    named = {*delivery.critical, *delivery.warning}
    named |= {name for names in delivery.teams.values() for name in names}
    unknown = sorted(named - set(delivery.receivers))
    if unknown:
        known = ", ".join(sorted(delivery.receivers)) or "none"
        raise InputError(
            f"{file}: unknown receiver {', '.join(unknown)}; delivery.receivers has {known}"
        )
    by_mail = sorted(name for name, each in delivery.receivers.items() if each.email)
    if by_mail and delivery.mail is None:
        raise InputError(
            f"{file}: {', '.join(by_mail)} should get e-mail, and delivery.mail, which says "
            "through which server, is missing"
        )
