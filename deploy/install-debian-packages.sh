#!/bin/sh
# Install the Debian packages that the tests and the demo can use. Safe to repeat. Tests that skip for
# want of a package name it, and so does `ringside demo`.
set -eu

missing=""
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }

need prometheus prometheus
need prometheus-alertmanager prometheus-alertmanager
need kcat kcat
# For the fast modules; the headers of a Python that is not Debian's come with it.
need cc gcc
command -v cc >/dev/null 2>&1 || missing="$missing libc6-dev"
headers=$(${PYTHON:-python3} -c 'import sysconfig; print(sysconfig.get_path("include"))')
[ -e "$headers/Python.h" ] || missing="$missing python3-dev"
need java default-jre-headless
need mvn maven
# The wheel's PostgreSQL has no TLS, which some tests need.
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"

[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
    echo "this is not Debian; please install:$missing" >&2
    exit 0
fi
if [ "$(id -u)" -ne 0 ]; then
    echo "this needs root; please run as root: apt-get install$missing" >&2
    exit 0
fi
export DEBIAN_FRONTEND=noninteractive
# A mirror that does not answer at once is asked again.
apt-get -o Acquire::Retries=3 update -qq
# shellcheck disable=SC2086 # a list of package names
apt-get -o Acquire::Retries=3 install -y -qq --no-install-recommends $missing >/dev/null
