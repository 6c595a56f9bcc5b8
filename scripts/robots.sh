#!/usr/bin/env bash
# Updates the list of robots' user agents from the npm package `crawler-user-agents` (MIT licence).
#   scripts/robots.sh [VERSION]      without a version the newest
# A pattern becomes one line an alternative: plain text, `^` and `$` for the ends, `*` for any text in between.
set -euo pipefail
cd "$(dirname "$0")/.."
command -v npm >/dev/null || { echo "npm is missing: install Node.js" >&2; exit 1; }
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
npm pack --silent --pack-destination "$work" "crawler-user-agents@${1:-latest}" >/dev/null
tar -xzf "$work"/*.tgz -C "$work"
cp "$work/package/LICENSE" crates/service/src/robots/LICENSE
node - "$work/package" >"$work/patterns.txt" <<'NODE'
const folder = process.argv[2];
const version = require(`${folder}/package.json`).version;
const robots = require(`${folder}/crawler-user-agents.json`);

// What a pattern means beyond plain text, rewritten into the small form; anything else stops the update.
function alternatives(pattern) {
  let ways = [''];
  const add = texts => { ways = ways.flatMap(way => texts.map(text => way + text)); };
  for (let rest = pattern; rest !== '';) {
    let found;
    if ((found = rest.match(/^\[\\s\\S\]\*/))) add(['*']);
    else if ((found = rest.match(/^\(\[\^-\]\|\$\)/))) add(['']);
    else if ((found = rest.match(/^\(\^\| \)/))) add(['^', ' ']);
    else if ((found = rest.match(/^\\d\+?(\\\.\\d\+?)*/))) add(['*']);
    else if ((found = rest.match(/^\[([A-Za-z]+)\]/))) add([...found[1]]);
    else if ((found = rest.match(/^\(([A-Za-z|]+)\)/))) add(found[1].split('|'));
    else if ((found = rest.match(/^\|/))) return [...ways, ...alternatives(rest.slice(1))];
    else if ((found = rest.match(/^\\([^A-Za-z0-9])/))) add([found[1]]);
    else if ((found = rest.match(/^[\^$]/))) add([found[0]]);
    else if ((found = rest.match(/^[^\\^$*+?{}[\]()|.]/))) add([found[0]]);
    else if ((found = rest.match(/^\./))) add(['.']);
    else throw new Error(`cannot translate \`${pattern}\`: extend scripts/robots.sh`);
    rest = rest.slice(found[0].length);
  }
  return ways;
}

const lines = [...new Set(robots.flatMap(robot => alternatives(robot.pattern)))].sort();
const short = lines.filter(line => line.replace(/[\^$*]/g, '').length < 3);
if (short.length > 0) throw new Error(`too short to be a robot's name: ${short.join(', ')}`);
const matches = (agent, line) => new RegExp(line.split('*').map(part =>
  part.replace(/[.+?(){}|[\]\\/]/g, '\\$&')).join('[\\s\\S]*')).test(agent);
for (const robot of robots) {
  for (const agent of robot.instances) {
    if (!lines.some(line => matches(agent, line))) throw new Error(`not recognised: ${agent}`);
  }
}
const today = new Date().toISOString().slice(0, 10);
console.log(`# crawler-user-agents ${version}, taken on ${today} by scripts/robots.sh; MIT licence, see LICENSE beside this file.`);
console.log(lines.join('\n'));
NODE
mv "$work/patterns.txt" crates/service/src/robots/patterns.txt
echo "crates/service/src/robots/patterns.txt: $(grep -vc '^#' crates/service/src/robots/patterns.txt) patterns" >&2
