// node embed.mjs DIST OUT.cpp: a C++ source with every file of DIST in it, plain and packed, as services/web_page.hpp wants them.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import { dirname, extname, join, relative, resolve, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.woff': 'font/woff',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.txt': 'text/plain; charset=utf-8',
};

const [dist, out] = process.argv.slice(2).map((path) => resolve(path));
const files = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
  .sort();
const packed = join(dirname(out), 'packed');
mkdirSync(packed, { recursive: true });

let assembly = '';
let symbols = '';
let rows = '';
const put = (symbol, file) => {
  assembly += `  ".global ${symbol}\\n.hidden ${symbol}\\n${symbol}:\\n.incbin \\"${file}\\"\\n"\n`;
  assembly += `  ".global ${symbol}_end\\n.hidden ${symbol}_end\\n${symbol}_end:\\n.byte 0\\n"\n`;
  symbols += `extern const char ${symbol}[], ${symbol}_end[];\n`;
  return `view(${symbol}, ${symbol}_end)`;
};
files.forEach((file, n) => {
  const type = types[extname(file)];
  if (!type) throw new Error(`${file}: no content type is known for it (web/embed.mjs)`);
  const bytes = readFileSync(file);
  const plain = put(`ats_web_${n}`, file);
  const small = gzipSync(bytes, { level: 9 });
  let gzip = '{}';
  if (small.length < bytes.length * 0.9) {
    const at = join(packed, `${n}.gz`);
    writeFileSync(at, small);
    gzip = put(`ats_web_${n}_gz`, at);
  }
  const path = '/' + relative(dist, file).split(sep).join('/');
  const etag = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
  rows += `      {${JSON.stringify(path)}, ${JSON.stringify(type)}, "\\"${etag}\\"", ${plain}, ${gzip}},\n`;
});

writeFileSync(out, `// Made by web/embed.mjs.
#include <span>
#include <string_view>

#include "services/web_page.hpp"

asm(".pushsection .rodata\\n"
${assembly}  ".popsection\\n");

extern "C" {
${symbols}}

namespace ats::services {

std::span<const WebFile> web_files() {
  const auto view = [](const char* from, const char* to) { return std::string_view(from, static_cast<std::size_t>(to - from)); };
  static const WebFile all[] = {
${rows}  };
  return all;
}

}  // namespace ats::services
`);
