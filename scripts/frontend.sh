#!/usr/bin/env bash
# Puts real shared caches in front of `ec serve`, nginx with `proxy_cache` and Varnish, and an origin that lets every cache
# keep its pages behind it: no visitor may get what is another's. Each cache runs as it comes, and once more with the rule
# that operators add so that a `Set-Cookie` no longer keeps a page out of it.
#   scripts/frontend.sh             with target/debug/ec, which it builds
#   EC=PATH scripts/frontend.sh     with another one
set -euo pipefail
cd "$(dirname "$0")/.."

LIMIT=300
if [ -z "${FRONTEND_LIMITED:-}" ]; then
    scripts/frontend-setup.sh
    if [ -z "${EC:-}" ]; then
        cargo build --quiet --locked --bin ec
        EC=target/debug/ec
    fi
    exec env FRONTEND_LIMITED=yes EC="$EC" timeout --kill-after=10 "$LIMIT" scripts/frontend.sh
fi

PATH="$PATH:/usr/sbin"

work="$(mktemp -d)"
# Caches give up root, and still need their folders below.
chmod 755 "$work"
started=()
finish() {
    for process in "${started[@]}"; do
        kill "$process" 2>/dev/null || true
        wait "$process" 2>/dev/null || true
    done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 1' TERM INT

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# Waits until what was started last listens at a port.
await() {
    until (exec 3<>"/dev/tcp/127.0.0.1/$2") 2>/dev/null; do
        kill -0 "${started[-1]}" 2>/dev/null || { echo "$1 has ended:" >&2; cat "$work/$1.log" >&2; exit 1; }
    done
}

# nginx with these further lines for its location; its port is in $port.
nginx_with() {
    port="$(free_port)"
    mkdir -p "$work/$1"
    cat >"$work/$1/nginx.conf" <<CONF
daemon off;
pid $work/$1/pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path $work/$1/body;
    proxy_temp_path $work/$1/temp;
    fastcgi_temp_path $work/$1/fastcgi;
    uwsgi_temp_path $work/$1/uwsgi;
    scgi_temp_path $work/$1/scgi;
    proxy_cache_path $work/$1/cache keys_zone=pages:1m;
    server {
        listen 127.0.0.1:$port;
        location / {
            proxy_pass http://$server;
            proxy_cache pages;
            $2
        }
    }
}
CONF
    nginx -p "$work/$1" -e stderr -c "$work/$1/nginx.conf" >"$work/$1.log" 2>&1 &
    started+=($!)
    await "$1" "$port"
    fronts+=("$1=$port")
}

# Varnish with these further options; its port is in $port.
varnish_with() {
    local name="$1"
    shift
    port="$(free_port)"
    # Without a jail it needs no users of its own; the folder's name is short, as that of a socket must be.
    varnishd -F -j none -n "$work/$name" -a "127.0.0.1:$port" -T none -s malloc,16m "$@" >"$work/$name.log" 2>&1 &
    started+=($!)
    await "$name" "$port"
    fronts+=("$name=$port")
}

# The server: in Brazil a visitor without any cookie gets an id, which is what a cache could keep. A busy machine may take
# longer for a page's identity.
origin="$(free_port)"
port="$(free_port)"
server="127.0.0.1:$port"
cat >"$work/trusted-server.toml" <<TOML
[publisher]
domain = "publisher.example"
origin_url = "http://127.0.0.1:$origin"
[ec]
passphrase = "a passphrase"
admin_token = "operator"
[ec.consent]
honour_refusals = "everywhere"
[ec.organic]
budget = "60s"
[ec.local]
geo = "BR"
TOML
EC_LOG=warn "$EC" serve --config "$work/trusted-server.toml" --policies "$work/none" --addr "$server" --store memory \
    >"$work/server.log" 2>&1 &
started+=($!)
await server "$port"

fronts=()
nginx_with nginx ''
nginx_with nginx-set-cookie 'proxy_ignore_headers Set-Cookie;'
varnish_with varnish -b "$server"
cat >"$work/set-cookie.vcl" <<VCL
vcl 4.1;
backend default { .host = "127.0.0.1"; .port = "${server##*:}"; }
sub vcl_backend_response {
    # As Varnish does by itself, but for Set-Cookie.
    if (beresp.ttl > 0s && beresp.http.Cache-Control !~ "(?i)(no-cache|no-store|private)") {
        return (deliver);
    }
}
VCL
varnish_with varnish-set-cookie -f "$work/set-cookie.vcl"

python3 scripts/frontend.py "$origin" "$server" "${fronts[@]}"
