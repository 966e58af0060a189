#!/bin/sh
# Install what tests and demo use beyond Python. Idempotent. Anything that stays missing is named
# by the tests that skip for it, and by `ringside demo`.
set -eu

missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }

need prometheus prometheus
need prometheus-alertmanager prometheus-alertmanager
need kcat kcat
need java default-jre-headless
need mvn maven
# The wheel's PostgreSQL is built without TLS, which some tests are about.
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"

[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "this is no Debian: please install$missing by the means of this system" >&2
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "not root, so not installed; please run: apt-get install$missing" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# A mirror that does not answer at once is asked again.
apt-get -o Acquire::Retries=3 update -qq
# shellcheck disable=SC2086 # a list of package names
apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends $missing >/dev/null
