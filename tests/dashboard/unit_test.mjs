// The page's own tests (web/src/*_test.ts) and its types, as `npm run check` in web/ runs them.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

const web = join(process.cwd(), "web");
const run = (...words) => spawnSync("npm", words, { cwd: web, stdio: "inherit" }).status ?? 1;
if (!existsSync(join(web, "node_modules", "vitest")) && run("ci", "--silent", "--no-audit", "--no-fund") !== 0) process.exit(1);
process.exit(run("run", "--silent", "check"));
