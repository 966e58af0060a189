"""What all tests share: plugins. A server starts only when a test asks for it."""

pytest_plugins = (
    "tests.integration.servers",
    "tests.faults.proofs",
    "tests.faults.plugin",
    "tests.faults.installing",
    "tests.faults.disks",
)
