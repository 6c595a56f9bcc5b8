#!/usr/bin/env bash
# Brings what scripts/consent-reference.sh takes: Node.js and npm where they are missing and may be installed, and the IAB's
# decoders in the versions that the lock file names.
set -euo pipefail
cd "$(dirname "$0")/../tests/consent-reference"
if ! command -v node >/dev/null 2>&1 || ! command -v npm >/dev/null 2>&1; then
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        echo "install nodejs and npm, as Debian names them" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >&2
    apt-get install -y -qq --no-install-recommends nodejs npm >&2
fi
# npm writes the lock that it installed by: the same one needs nothing.
if ! cmp -s package-lock.json node_modules/.consent-reference-lock; then
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    cp package-lock.json node_modules/.consent-reference-lock
fi
