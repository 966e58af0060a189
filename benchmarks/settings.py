"""The settings of a benchmark's installation: the defaults, on its own broker."""

from pydantic import SecretStr

from agents.settings import Settings

CUSTOMER_KEY = "benchmarks make no secrets"
PARTITIONS = 4


def settings_for(bootstrap: str, app_id: str) -> Settings:
    """Return the defaults, under a name of their own so that a round starts from nothing."""
    return Settings(
        app_id=app_id,
        kafka_bootstrap=bootstrap,
        customer_key=SecretStr(CUSTOMER_KEY),
        partitions=PARTITIONS,
        metrics_port=0,
    )
