"""The edges: Faust, Kafka, Postgres, Prometheus, the CLI. Imports everything but dashboards."""
