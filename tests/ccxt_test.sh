#!/usr/bin/env bash
# npm's ccxt, a standard client of the exchanges, against `ats sim`. Installed at a fixed version under build/;
# where the npm registry cannot be reached the test is skipped, visibly.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
place=$root/build/ccxt
mkdir -p "$place"
cp "$root"/tests/ccxt/* "$root"/tests/ccxt/.npmrc "$place"/
if ! (cd "$place" && npm ci --ignore-scripts --no-progress >npm.log 2>&1); then
  tail -3 "$place/npm.log"
  echo "SKIPPED: ccxt could not be installed from npm"
  exit 77
fi
exec node "$place/client.mjs" "${ATS_BIN:-$root/build/release/ats}"
