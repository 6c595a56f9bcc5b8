#!/usr/bin/env bash
# Makes sure of what building and running the edge service takes, and prints the exports that use it:
#   eval "$(scripts/edge-setup.sh)"
# The standard library for wasm comes by rustup, else from Debian's packages; Viceroy from crates.io; the platform's
# command line from the npm registry, where npm is found and EDGE_CLI is not `no`. All is kept in
# ${EDGE_TOOLS:-$HOME/.cache/edge-cookie}, where the next run finds it.
set -euo pipefail

TARGET=wasm32-wasip1
VICEROY=0.22.0
TOOLS="${EDGE_TOOLS:-$HOME/.cache/edge-cookie}"
mkdir -p "$TOOLS"

say() { echo "edge-setup: $*" >&2; }
fail() { say "$*"; exit 1; }
# Standard output is for the exports alone.
quietly() { "$@" >&2; }

export_line() { printf 'export %s=%q\n' "$1" "$2"; }

has_target() {
    local root
    root="$(rustc --print sysroot)"
    [ -d "$root/lib/rustlib/$TARGET/lib" ]
}

# Debian's own compiler and standard library for the web, unpacked beside rustup's rather than installed: they conflict.
debian_std() {
    local root="$TOOLS/debian" packages std llvm
    command -v apt-get >/dev/null || return 1
    if [ ! -x "$root/rustc" ]; then
        say "taking the standard library for $TARGET from Debian's packages"
        rm -rf "$root" && mkdir -p "$root/download"
        apt-cache show rustc-web >/dev/null 2>&1 || quietly apt-get update
        # Versions move: what rustc-web depends on names them.
        std="$(apt-cache depends --recurse --no-suggests --no-recommends --no-conflicts --no-breaks --no-replaces --no-enhances rustc-web | grep -Eo '^libstd-rust-web-[0-9][^ ]*' | grep -v dev | head -1)"
        llvm="$(apt-cache depends --recurse --no-suggests --no-recommends --no-conflicts --no-breaks --no-replaces --no-enhances rustc-web | grep -Eo '^libllvm[0-9]+' | sort -u | tail -1)"
        packages="rustc-web libstd-rust-web-dev rust-web-src wasi-libc lld-19 liblld-19 $std $llvm"
        (cd "$root/download" && for package in $packages; do
            quietly apt-get download "$package" || say "no package $package"
        done)
        for package in "$root"/download/*.deb; do
            quietly dpkg -x "$package" "$root"
        done
        rm -rf "$root/download"
        local own="$root/usr/lib/rustlib/$TARGET/lib/self-contained"
        mkdir -p "$own"
        find "$root/usr/lib/$TARGET" "$root/usr/lib/wasm32-wasi" -name 'crt1-*.o' -o -name libc.a 2>/dev/null |
            while read -r file; do cp -n "$file" "$own/"; done
        cat >"$root/rustc" <<EOF
#!/bin/sh
export LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu:$root/usr/lib:$root/usr/lib/llvm-19/lib"
exec "$root/usr/bin/rustc" "\$@"
EOF
        cat >"$root/wasm-ld" <<EOF
#!/bin/sh
export LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu:$root/usr/lib:$root/usr/lib/llvm-19/lib"
exec "$root/usr/lib/llvm-19/bin/wasm-ld" "\$@"
EOF
        chmod +x "$root/rustc" "$root/wasm-ld"
    fi
    "$root/rustc" --version >&2 || return 1
    local has needs
    has="$("$root/rustc" --version | grep -Eo '[0-9]+\.[0-9]+' | head -1)"
    needs="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$(dirname "$0")/../Cargo.toml")"
    if [ "$(printf '%s\n' "$has" "$needs" | sort -V | head -1)" != "$needs" ]; then
        say "Debian's compiler is $has here, and this needs $needs: a newer Debian has it"
        return 1
    fi
    export_line EDGE_RUSTC "$root/rustc"
    export_line EDGE_LINKER "$root/wasm-ld"
}

target() {
    if [ "${EDGE_STD:-rustup}" = rustup ]; then
        has_target && return
        if command -v rustup >/dev/null && quietly rustup target add "$TARGET" && has_target; then
            return
        fi
        say "rustup could not add $TARGET"
    fi
    debian_std || fail "no standard library for $TARGET, neither by rustup nor from Debian's packages"
}

viceroy() {
    local found
    for found in "$TOOLS/bin/viceroy" "$(command -v viceroy || true)"; do
        if [ -x "$found" ] && "$found" --version | grep -qF "$VICEROY"; then
            export_line EDGE_VICEROY "$found"
            return
        fi
    done
    say "installing Viceroy $VICEROY, once: some minutes"
    quietly cargo install viceroy --locked --version "$VICEROY" --root "$TOOLS" ||
        fail "could not install Viceroy $VICEROY"
    export_line EDGE_VICEROY "$TOOLS/bin/viceroy"
}

command_line() {
    [ "${EDGE_CLI:-yes}" = no ] && return
    local cli="$TOOLS/node_modules/.bin/fastly"
    if [ ! -x "$cli" ]; then
        command -v npm >/dev/null || { say "no npm: the platform's command line is left out"; return; }
        say "taking the platform's command line from the npm registry"
        quietly npm install --no-fund --no-audit --prefix "$TOOLS" @fastly/cli ||
            { say "could not take it: it is left out"; return; }
    fi
    export_line EDGE_FASTLY "$cli"
}

target
viceroy
command_line
