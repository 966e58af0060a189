"""The embedded stack: Kafka, PostgreSQL, Prometheus, Alertmanager and Grafana as local processes.

The same starters serve `ringside demo` and the integration tests; the configuration files are the
ones that `docker-compose.yml` mounts. Everything listens on 127.0.0.1 and ends with its parent.
"""
