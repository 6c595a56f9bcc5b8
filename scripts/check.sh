#!/usr/bin/env bash
# Checks the policies of the repository that it is run in: what the pre-commit hook `ec-check` runs.
set -euo pipefail

ec="$("$(dirname "$0")/find-ec.sh")"
exec "$ec" check --all --deny-warnings
