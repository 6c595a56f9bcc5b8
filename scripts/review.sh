#!/usr/bin/env bash
# Reviews a change of policies against the commit it starts from: check, and for each profile diff and plan.
#   scripts/review.sh [BASE]      BASE is a commit; HEAD where left out, so that what is not committed yet is reviewed
# Run it in the publisher's repository. The markdown goes to $GITHUB_STEP_SUMMARY, else to standard output.
#   EC        the `ec` to run; else the one on the PATH, else one built from beside this script
#   CONFIG    the configuration (trusted-server.toml), POLICIES the folder of profiles (policies)
#   FAIL_ON   the verdict from which the change fails: unsafe (the default), wait, or never
# Ends with 0 where the change may go, with 1 where it may not, with 2 where it could not be reviewed: the earlier version of a
# policy cannot be read, and what is not reviewed does not go.
set -euo pipefail

base="${1:-HEAD}"
config="${CONFIG:-trusted-server.toml}"
policies="${POLICIES:-policies}"
policies="${policies%/}"
fail_on="${FAIL_ON:-unsafe}"

case "$config:$policies" in
/* | *:/*)
    echo "CONFIG and POLICIES are paths below this folder: write them without a leading \`/\`" >&2
    exit 2
    ;;
esac
case "$fail_on" in
unsafe | wait | never) ;;
*)
    echo "FAIL_ON is \`$fail_on\`: write unsafe, wait or never" >&2
    exit 2
    ;;
esac

EC="$("$(dirname "$0")/find-ec.sh")"
# What the environment of this machine says is no part of the change.
unset EC_PROFILE
while IFS= read -r variable; do
    unset "$variable"
done < <(compgen -e TRUSTED_SERVER__ || true)

# Where the markdown goes.
append() {
    if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
        cat >>"$GITHUB_STEP_SUMMARY"
    else
        cat
    fi
}

ec() { "$EC" --config "$config" --policies "$policies" "$@"; }

# A profile's name as it may stand in markdown.
shown() { printf '%s' "$1" | tr -c 'A-Za-z0-9._/@+:-' '?'; }

# Whether a path was there in the commit that the change starts from.
was_there() { git cat-file -e "$commit:./$1" 2>/dev/null; }

old="$(mktemp -d)"
trap 'rm -rf "$old"' EXIT
commit="$(git rev-parse --verify --quiet "$base^{commit}")" || {
    echo "there is no commit \`$base\`: name the one that the change starts from" >&2
    exit 2
}
short="$(git rev-parse --short "$commit")"
# The platform's manifest comes along, since a rule looks into it.
for path in "$config" "$policies" "$(dirname "$config")/fastly.toml"; do
    if was_there "$path"; then
        git archive "$commit" -- "$path" | tar -x -C "$old"
    fi
done
# A link in the place of the folder hides the profiles that were there.
if was_there "$policies" && { [ -L "$old/$policies" ] || ! [ -d "$old/$policies" ]; }; then
    echo "\`$policies\` was no folder of its own at $short: name the one that the profiles are in with POLICIES" >&2
    exit 2
fi

failed=no
unread=no
if ! ec check --all --deny-warnings --format "${CHECK_FORMAT:-human}" >"$old/check"; then
    failed=yes
    # On standard output, since that is where a workflow looks for annotations.
    cat "$old/check"
    printf '## Policies\n\n`ec check --all --deny-warnings` finds problems: see the log and the annotations.\n\n' | append
else
    printf '## Policies\n\n`ec check --all --deny-warnings` finds nothing.\n\n' | append
fi

# Compares one profile as it was with what it is now.
review() {
    local profile="$1" deployed="$old/bundles/${1//\//_}@$short" name code
    name="$(shown "$profile")"
    if ! was_there "$policies/$profile.toml"; then
        printf '### Policy: `%s`\n\nThis profile is new.\n\n' "$name" | append
        return
    fi
    mkdir -p "$old/bundles"
    if ! (cd "$old" && "$EC" --config "$config" --policies "$policies" bundle --profile="$profile" \
        --force "a review" --out "$deployed") 2>"$old/why"; then
        unread=yes
        printf '### Policy: `%s`\n\nIt is not reviewed, since it could not be read as it was at %s:\n\n```\n%s\n```\n\n' \
            "$name" "$short" "$(tr '`' "'" <"$old/why")" | append
        return
    fi
    code=0
    # A bundle's file and a profile are each named as what they are: nothing else in the folder is taken for either.
    ec diff --format markdown -- "bundle:$deployed" "profile:$profile" >"$old/diff" 2>"$old/why" || code=$?
    # What the pages' domain does, which is no setting of the policy, only the plan says.
    case "$code" in
    0) ;;
    1)
        append <"$old/diff"
        printf '\n' | append
        ;;
    *)
        cat "$old/why" >&2
        exit 2
        ;;
    esac
    local differs="$code"
    code=0
    ec plan --deployed="bundle:$deployed" --candidate="profile:$profile" --format markdown >"$old/plan" 2>"$old/why" || code=$?
    if [ "$code" = 0 ] && [ "$differs" = 0 ] && grep -q 'no settings differ' "$old/plan"; then
        return
    fi
    append <"$old/plan"
    printf '\n' | append
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

while IFS= read -r -d '' file; do
    # As `ec` does it follows links, since the policy behind one is used, too.
    profile="${file#"$policies/"}"
    review "${profile%.toml}"
done < <(find -L "$policies/" -name '*.toml' -print0 | sort -z)

if [ -d "$old/$policies" ]; then
    while IFS= read -r -d '' file; do
        if ! [ -f "$policies/${file#"$old/$policies/"}" ]; then
            profile="${file#"$old/$policies/"}"
            printf '### Policy: `%s`\n\nThis profile is gone.\n\n' "$(shown "${profile%.toml}")" | append
        fi
    done < <(find "$old/$policies" -name '*.toml' -print0 | sort -z)
fi

if [ "$unread" = yes ]; then
    echo "a policy could not be read as it was at $short, so that its change is not reviewed: see the summary" >&2
    exit 2
fi
[ "$failed" = no ] || exit 1
