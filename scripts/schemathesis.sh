#!/usr/bin/env bash
# Asks `ec serve` whatever openapi.json allows, and much that it does not: no answer may be a server error, nor one that
# the description does not know. Takes schemathesis from PyPI, into ${EDGE_TOOLS:-$HOME/.cache/edge-cookie}.
set -euo pipefail
cd "$(dirname "$0")/.."

VERSION=4.32.5
PYTHON="${EDGE_TOOLS:-$HOME/.cache/edge-cookie}/python"
EXAMPLES="${1:-100}"

if ! "$PYTHON/bin/schemathesis" --version 2>/dev/null | grep -qF "$VERSION"; then
    python3 -m venv "$PYTHON"
    "$PYTHON/bin/pip" install --quiet "schemathesis==$VERSION"
fi

cargo build --quiet --locked --bin ec
# The rate of a partner, and of wrong tokens, is not what is tried here.
coproc SERVER {
    exec target/debug/ec serve --addr 127.0.0.1:0 --store memory --geo US-CA \
        --set 'ec.admin_token=development-operator' --set ec.sync.rate_limit=1000000 \
        --set ec.sync.invalid_token_limit=1000000 2>/dev/null
}
trap 'kill "$SERVER_PID"' EXIT
read -r line <&"${SERVER[0]}"
url="$(grep -Eo 'http://[0-9.:]+' <<<"$line")"

# ask TOKEN PATHS: with this token, on the paths that a regular expression matches.
ask() {
    "$PYTHON/bin/schemathesis" run openapi.json --url "$url" --no-color --seed 20260302 --max-examples "$EXAMPLES" \
        --phases examples,coverage,fuzzing --checks not_a_server_error,status_code_conformance \
        --include-path-regex "$2" -H "Authorization: Bearer $1" -H 'Cookie: us_privacy=1YNN'
}
ask development-partner '^/_ts/(api|health)'
ask development-operator '^/_ts/(admin|health)'
