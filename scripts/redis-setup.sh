#!/usr/bin/env bash
# Brings the server that the shared store is tested on: Debian's redis-server, where it is missing and may be installed.
set -euo pipefail
if command -v redis-server >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "redis-server is missing: install it, as Debian's \`redis-server\`" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >&2
# Only the programs: what the package would start is not ours.
apt-get install -y -qq --no-install-recommends redis-server >&2
