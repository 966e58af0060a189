"""Everything an operator may set: one field, one RINGSIDE_* variable, one line of help."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    model_validator,
)

from agents.errors import SettingsError
from agents.exposure import Risk, complaint, risks
from schemas.customers import Tokeniser, keys
from schemas.topics import CALLS, REPS

PREFIX = "RINGSIDE_"


def _is_address(value: str) -> str:
    for address in value.split(","):
        host, _, port = address.strip().rpartition(":")
        if not host or not port.isdecimal():
            message = "should be host:port, several of them separated by commas"
            raise ValueError(message)
    return value


def _is_postgres(value: SecretStr) -> SecretStr:
    if urlsplit(value.get_secret_value()).scheme not in {"postgresql", "postgres"}:
        message = "should look like postgresql://user:password@host:5432/database"
        raise ValueError(message)
    return value


def _are_keys(value: SecretStr) -> SecretStr:
    keys(value.get_secret_value())
    return value


Addresses = Annotated[str, AfterValidator(_is_address)]
DatabaseUrl = Annotated[SecretStr, AfterValidator(_is_postgres)]
CustomerKey = Annotated[SecretStr, AfterValidator(_are_keys)]
Risks = Annotated[frozenset[Risk], BeforeValidator(risks)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Settings(BaseModel):
    """Everything an operator may set. Secrets may be given as the path of a file, too."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True
    )

    app_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)] = "ringside"
    """Name of this installation: its consumer group and changelog topics begin with it."""

    kafka_bootstrap: Addresses = "127.0.0.1:9092"
    """Where Kafka listens: `host:port`, several separated by commas."""
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How to connect to Kafka: `PLAINTEXT`, `SSL`, `SASL_PLAINTEXT` or `SASL_SSL`."""
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    """With SASL: `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`."""
    kafka_username: str | None = None
    """With SASL: the user."""
    kafka_password: SecretStr | None = None
    """With SASL: the password."""
    kafka_ca_file: FilePath | None = None
    """With TLS: PEM file of the authorities to trust, if not the system's."""
    kafka_certificate_file: FilePath | None = None
    """With mutual TLS: PEM file of this client's certificate."""
    kafka_key_file: FilePath | None = None
    """With mutual TLS: PEM file of this client's key, not encrypted."""

    kafka_transactions: bool = True
    """Write checkpoints as transactions. `false` only for the stand-in broker without them."""

    partitions: Annotated[int, Field(ge=1, le=1024)] = 4
    """Partitions of each source topic: the most workers that can share the load. Fixed."""
    replication_factor: Annotated[int, Field(ge=1, le=9)] = 1
    """Copies that Kafka keeps of each topic. 3 in production."""

    database_url: DatabaseUrl | None = None
    """PostgreSQL for the worker (role `ringside_writer`). Empty: nothing is written to it."""
    database_admin_url: DatabaseUrl | None = None
    """PostgreSQL for `ringside db migrate` (a role that may create roles and schemas)."""

    customer_key: CustomerKey | None = None
    """Key of the customers' tokens, 16 bytes or more. To rotate it, add a line `v2:...` below."""
    country_code: Annotated[str, Field(pattern=r"^[0-9]{0,3}$")] = ""
    """Digits put before national numbers, e.g. `84`. Empty: they are kept as dialled."""

    lateness_seconds: Annotated[float, Field(ge=0, le=30 * 86_400)] = 3600
    """How much older than its partition's newest event a call or rep state may be and count."""
    crm_lateness_seconds: Annotated[float, Field(ge=0, le=30 * 86_400)] = 86_400
    """The same for meetings, deals and activities, which people log at the end of their day."""
    idle_seconds: Positive = 60
    """After so long without an event, a partition's time advances with the clock."""
    checkpoint_seconds: Positive = 1.0
    """How often state and offsets are committed together."""
    snapshot_seconds: Positive = 5.0
    """How often changes go to PostgreSQL."""
    baseline_seconds: Positive = 21_600
    """How often one worker learns from PostgreSQL what is expected of each team."""
    keep_panes_days: Annotated[int, Field(ge=60)] | None = None
    """How long `ringside db prune` keeps quarters, corrections, PBX counters. Empty: for ever."""
    keep_entities_days: Annotated[int, Field(ge=60)] | None = None
    """The same for calls, meetings, activities, customers and (a year at least) ended deals."""
    keep_alerts_days: Annotated[int, Field(ge=1)] | None = None
    """The same for alerts that are over, with their marks."""
    keep_dead_letters_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """How long Kafka keeps refused messages; `ringside topics apply --alter` changes it."""
    batch_records: Annotated[int, Field(ge=1, le=100_000)] = 500
    """Records folded in one go; heartbeats and scrapes are served in between."""

    metrics_host: str = "127.0.0.1"
    """Address on which a worker serves `/metrics`, `/live` and `/ready`."""
    metrics_port: Annotated[int, Field(ge=0, le=65_535)] = 9464
    """Its port; 0 takes any free one."""
    metrics_username: Annotated[str, Field(pattern=r"^[^:]+$")] = "prometheus"
    """Who may read `/metrics`, if there is a password."""
    metrics_password: SecretStr | None = None
    """Password of `/metrics` (basic authentication). `/live` and `/ready` need none."""
    metrics_certificate_file: FilePath | None = None
    """With TLS: PEM file of the certificate that the page shows."""
    metrics_key_file: FilePath | None = None
    """With TLS: PEM file of its key, not encrypted."""
    metrics_client_ca_file: FilePath | None = None
    """With mutual TLS: PEM file of the authorities whose clients may read the page."""

    data_dir: Path = Path(".ringside")
    """Folder of the worker and of the embedded stack for what they keep on disk."""
    max_dirty_rows: Annotated[int, Field(ge=1000)] = 200_000
    """How many changed rows may wait for PostgreSQL before consumption pauses."""
    stall_seconds: Positive = 60
    """After so long without progress although there is work, `/live` fails."""

    log_format: Literal["auto", "console", "json"] = "auto"
    """`console`, `json`, or `auto`: console on a terminal, else JSON."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """`DEBUG`, `INFO`, `WARNING` or `ERROR`."""
    allow_plaintext: Risks = frozenset()
    """What may reach other machines unencrypted or unverified: `kafka`, `database`, `metrics`."""

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Self:
        """Read RINGSIDE_* from *env*; what is empty counts as not set.

        Raises:
            SettingsError: names each wrong variable, its value (never a secret's), what was
                expected; unknown variables too.
        """
        given = {name: text for name, text in env.items() if name.startswith(PREFIX) and text}
        _refuse_unknown(cls, given)
        values: dict[str, Any] = {}
        for field in cls.model_fields:
            text = _text(field, given, secret=field in secrets(cls))
            if text is not None:
                values[field] = text
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            lines = [_sentence(cls, detail, values) for detail in error.errors()]
            raise SettingsError("\n".join(lines)) from None

    @model_validator(mode="after")
    def _what_belongs_together_is_there(self) -> Self:
        if self.kafka_security_protocol.startswith("SASL"):
            for field in ("kafka_sasl_mechanism", "kafka_username", "kafka_password"):
                if getattr(self, field) is None:
                    message = (
                        f"{variable(field)} is missing; "
                        f"RINGSIDE_KAFKA_SECURITY_PROTOCOL={self.kafka_security_protocol} needs it"
                    )
                    raise ValueError(message)
        _both_or_neither(self, "kafka_certificate_file", "kafka_key_file")
        _both_or_neither(self, "metrics_certificate_file", "metrics_key_file")
        if self.metrics_client_ca_file is not None and self.metrics_key_file is None:
            message = "RINGSIDE_METRICS_CLIENT_CA_FILE needs RINGSIDE_METRICS_CERTIFICATE_FILE"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _plain_text_stays_at_home(self) -> Self:
        if found := complaint(self):
            raise ValueError(found)
        return self

    def lateness_of(self, topic: str) -> float:
        """Return the allowed lateness of a source topic's events, in seconds."""
        spoken = topic in {CALLS.name, REPS.name}
        return self.lateness_seconds if spoken else self.crm_lateness_seconds

    def tokeniser(self) -> Tokeniser:
        """Return what replaces customers' numbers.

        Raises:
            SettingsError: RINGSIDE_CUSTOMER_KEY is not set.
        """
        older = keys(self.required("customer_key"))
        newest = max(older)
        key = older.pop(newest)
        return Tokeniser(key, country_code=self.country_code, version=newest, older=older)

    def required(self, field: str) -> str:
        """Return the text of an optional setting (secrets uncovered) that this command needs.

        Raises:
            SettingsError: it is not set.
        """
        value = getattr(self, field)
        if value is None:
            name = variable(field)
            files = f" (or {name}_FILE)" if field in secrets(type(self)) else ""
            raise SettingsError(f"{name}{files} is not set, and this command needs it")
        return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def variable(field: str) -> str:
    """Return the name of the environment variable of a field."""
    return PREFIX + field.upper()


def secrets(model: type[BaseModel]) -> frozenset[str]:
    """Return the fields that are secrets, which may be given as a file and are never shown."""
    return frozenset(
        name for name, field in model.model_fields.items() if "SecretStr" in str(field.annotation)
    )


def _both_or_neither(settings: BaseModel, one: str, other: str) -> None:
    if (getattr(settings, one) is None) != (getattr(settings, other) is None):
        message = f"{variable(one)} and {variable(other)} belong together; set both or neither"
        raise ValueError(message)


def _refuse_unknown(model: type[BaseModel], given: Mapping[str, str]) -> None:
    known = {variable(field) for field in model.model_fields}
    known |= {f"{variable(field)}_FILE" for field in secrets(model)}
    lines = []
    for name in sorted(set(given) - known):
        close = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f"did you mean {close[0]}?" if close else "`ringside settings` lists what there is"
        lines.append(f"{name} is not a setting; {hint}")
    if lines:
        raise SettingsError("\n".join(lines))


def _text(field: str, given: Mapping[str, str], *, secret: bool) -> str | None:
    """Return the text given for *field*, from its variable or, for a secret, from its file."""
    name = variable(field)
    file_name = f"{name}_FILE"
    if not secret or file_name not in given:
        return given.get(name)
    if name in given:
        raise SettingsError(f"{name} and {file_name} are both set; keep one of them")
    try:
        return Path(given[file_name]).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "is not text"
        raise SettingsError(f"{file_name}={given[file_name]!r} cannot be read: {why}") from None


def _sentence(model: type[BaseModel], detail: Any, values: Mapping[str, str]) -> str:  # noqa: ANN401 - pydantic's ErrorDetails
    """Return one line for one of pydantic's errors: the variable, its value, what was expected."""
    expected = str(detail["msg"]).removeprefix("Value error, ").replace("Input should", "should")
    expected = expected.replace("String should", "should")
    if not detail["loc"]:
        return expected
    field = str(detail["loc"][0])
    if field in secrets(model):
        return f"{variable(field)} (not shown) {expected}"
    return f"{variable(field)}={values[field]!r} {expected}"
