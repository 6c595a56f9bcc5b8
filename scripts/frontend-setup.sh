#!/usr/bin/env bash
# Brings the caches that scripts/frontend.sh puts in front of the server: Debian's nginx and varnish, where they are missing
# and may be installed.
set -euo pipefail
PATH="$PATH:/usr/sbin"
missing=()
command -v nginx >/dev/null 2>&1 || missing+=(nginx-light)
command -v varnishd >/dev/null 2>&1 || missing+=(varnish)
[ "${#missing[@]}" -gt 0 ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "install ${missing[*]}, as Debian names them" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq >&2
# Only the programs: RUNLEVEL keeps the packages from starting services of their own.
RUNLEVEL=1 apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
