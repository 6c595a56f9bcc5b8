#!/usr/bin/env bash
# Reviews a change of policies against the commit it starts from: check, and for each profile diff and plan.
#   scripts/review.sh [BASE]      BASE is a commit; HEAD where left out, so that what is not committed yet is reviewed
# Run it in the publisher's repository. The markdown goes to $GITHUB_STEP_SUMMARY, else to standard output.
#   EC        the `ec` to run; else the one on the PATH, else one built from beside this script
#   CONFIG    the configuration (trusted-server.toml), POLICIES the folder of profiles (policies)
#   FAIL_ON   the verdict from which the change fails: unsafe (the default), wait, or never
# Ends with 0 where the change may go, with 1 where it may not, with 2 where that could not be told.
set -euo pipefail

base="${1:-HEAD}"
config="${CONFIG:-trusted-server.toml}"
policies="${POLICIES:-policies}"
fail_on="${FAIL_ON:-unsafe}"

case "$fail_on" in
unsafe | wait | never) ;;
*)
    echo "FAIL_ON is \`$fail_on\`: write unsafe, wait or never" >&2
    exit 2
    ;;
esac

if [ -z "${EC:-}" ]; then
    EC="$(command -v ec || true)"
fi
if [ -z "$EC" ]; then
    home="$(cd "$(dirname "$0")/.." && pwd)"
    cargo build --quiet --release --locked --manifest-path "$home/Cargo.toml" --bin ec >&2
    EC="${CARGO_TARGET_DIR:-$home/target}/release/ec"
fi
# What the environment of this machine says is no part of the change.
unset EC_PROFILE
while IFS= read -r variable; do
    unset "$variable"
done < <(compgen -e TRUSTED_SERVER__EC__ || true)

# Where the markdown goes.
tell() {
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
        cat >>"$GITHUB_STEP_SUMMARY"
    else
        cat
    fi
}

ec() { "$EC" --config "$config" --policies "$policies" "$@"; }

old="$(mktemp -d)"
trap 'rm -rf "$old"' EXIT
commit="$(git rev-parse --verify --quiet "$base^{commit}")" || {
    echo "there is no commit \`$base\`: name the one that the change starts from" >&2
    exit 2
}
short="$(git rev-parse --short "$commit")"
# The platform's manifest comes along, since a rule looks into it.
for path in "$config" "$policies" "$(dirname "$config")/fastly.toml"; do
    if git cat-file -e "$commit:./$path" 2>/dev/null; then
        git archive "$commit" -- "$path" | tar -x -C "$old"
    fi
done

failed=no
if ! ec check --all --deny-warnings --format "${CHECK_FORMAT:-human}" >"$old/check"; then
    failed=yes
    # On standard output, since that is where a workflow looks for annotations.
    cat "$old/check"
    printf '## Policies\n\n`ec check --all --deny-warnings` finds problems: see the log and the annotations.\n\n' | tell
else
    printf '## Policies\n\n`ec check --all --deny-warnings` finds nothing.\n\n' | tell
fi

# Compares one profile as it was with what it is now.
review() {
    local profile="$1" deployed="$old/bundles/${1//\//_}@$short" code
    if ! [ -f "$old/$policies/$profile.toml" ]; then
        printf '### Policy: `%s`\n\nThis profile is new.\n\n' "$profile" | tell
        return
    fi
    mkdir -p "$old/bundles"
    if ! (cd "$old" && "$EC" --config "$config" --policies "$policies" bundle --profile "$profile" \
        --force "a review" --out "$deployed") 2>"$old/why"; then
        printf '### Policy: `%s`\n\nIt cannot be compared, since it could not be read as it was at %s:\n\n```\n%s\n```\n\n' \
            "$profile" "$short" "$(cat "$old/why")" | tell
        return
    fi
    code=0
    ec diff "$deployed" "$profile" --format markdown >"$old/diff" 2>"$old/why" || code=$?
    # What the pages' domain does, which is no setting of the policy, only the plan says.
    case "$code" in
    0) ;;
    1)
        tell <"$old/diff"
        printf '\n' | tell
        ;;
    *)
        cat "$old/why" >&2
        exit 2
        ;;
    esac
    local differs="$code"
    code=0
    ec plan --deployed "$deployed" --candidate "$profile" --format markdown >"$old/plan" 2>"$old/why" || code=$?
    if [ "$code" = 0 ] && [ "$differs" = 0 ] && grep -q 'nothing differs in force' "$old/plan"; then
        return
    fi
    tell <"$old/plan"
    printf '\n' | tell
    case "$code" in
    0) ;;
    1) [ "$fail_on" = never ] || failed=yes ;;
    3) [ "$fail_on" != wait ] || failed=yes ;;
    *)
        cat "$old/why" >&2
        exit 2
        ;;
    esac
}

while IFS= read -r file; do
    profile="${file#"$policies/"}"
    review "${profile%.toml}"
done < <(find "$policies" -name '*.toml' | sort)

if [ -d "$old/$policies" ]; then
    while IFS= read -r file; do
        if ! [ -f "$policies/${file#"$old/$policies/"}" ]; then
            profile="${file#"$old/$policies/"}"
            printf '### Policy: `%s`\n\nThis profile is gone.\n\n' "${profile%.toml}" | tell
        fi
    done < <(find "$old/$policies" -name '*.toml' | sort)
fi

[ "$failed" = no ] || exit 1
