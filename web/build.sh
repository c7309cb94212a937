#!/usr/bin/env bash
# build.sh OUT: builds the page and writes OUT/web_files.cpp, the source that has all of it. One at a time, since builds of several
# kinds share node_modules.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"
out=$1
mkdir -p "$out"
exec 9>"$out/../.web.lock"
flock 9
if [[ ! -e node_modules/.package-lock.json || package-lock.json -nt node_modules/.package-lock.json ]]; then
  npm ci --silent --no-audit --no-fund
  touch node_modules/.package-lock.json
fi
npx --no-install tsc --noEmit
npx --no-install vite build --logLevel warn --emptyOutDir --outDir "$out/dist"
node embed.mjs "$out/dist" "$out/web_files.cpp"
