"""What all tests share: plugins. A server starts only when a test asks for it."""

from hypothesis import HealthCheck, settings

pytest_plugins = (
    "tests.plain",
    "tests.integration.servers",
    "tests.faults.proofs",
    "tests.faults.plugin",
    "tests.faults.installing",
    "tests.faults.disks",
)

# How long an example takes, or making one, tells of the machine's other work and not of the code.
# The examples are the same in each run: who changes nothing breaks nothing. Row 8 of `make faults`
# has new ones each time, with their seed.
settings.register_profile(
    "any machine",
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("any machine")
