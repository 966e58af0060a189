"""The settings that the cases are evaluated with, and how they name series."""

from schemas.alerting import DropOf, LimitsOf, Rules

RULES = Rules(
    baseline_seconds=1800,
    keep_seconds=0,  # so that each case shows when its cause is over
    drop_of={'shy "one"': DropOf(share=0.5)},
    queue_of={"vip.gold": LimitsOf(service_level=0.9)},
)


def labels(**given: str) -> str:
    return ", ".join(f'{name}="{value}"' for name, value in given.items())
