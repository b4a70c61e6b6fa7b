import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/**
 * Checks the import rules (`rules.mjs`). A checker that reads nothing would report no problem. This one therefore
 * checks how many modules it has read, and that it finds every planted violation.
 */

/** Folders that must have been read, each with its minimum number of modules. */
const atLeast = {
  "src/platform/": 30,
  "src/traefik/": 40,
  "src/database/": 15,
  "src/access/": 15,
  "src/delivery/": 40,
  "src/delivery/applier/": 7,
  "src/delivery/prober/": 10,
  "src/delivery/protocol/": 8,
  "src/identity/": 30,
  "src/features/": 80,
  "src/operations/": 8,
  "src/http/": 25,
  "src/main/": 30,
  "src/app/": 6,
  "src/console/": 30,
  "drizzle/": 10,
};

/** Every planted import, by the rule that must find it. */
const planted = [
  "access-imports-no-higher-room: src/access/looks-up.ts",
  "addresses-are-read-without-a-socket: src/platform/net/asks-dns.ts",
  "app-holds-routing-only: src/app/reads-a-setting.ts",
  "clients-see-contracts-permissions-reasons-and-the-type-of-the-router: src/cli/sees-the-database.ts",
  "contracts-import-contracts: src/features/planted/contract.ts",
  "decisions-are-pure: src/traefik/reads-files.ts",
  "delivery-does-not-know-who-asks: src/delivery/asks-who.ts",
  "delivery-applier-stands-apart: src/delivery/applier/plans.ts",
  "delivery-prober-stands-apart: src/delivery/prober/applies.ts",
  "delivery-protocol-stands-apart: src/delivery/protocol/applies.ts",
  "http-does-not-deliver: src/http/delivers.ts",
  "only-delivery-and-audit-act-as-sync: src/cli/sees-the-database.ts",
  "only-delivery-and-audit-act-as-sync: src/features/planted/rows.ts",
  "tables-stay-behind-the-features: src/http/reads-a-table.ts",
  "the-environment-has-one-reader: src/app/reads-a-setting.ts",
  "the-side-at-the-gateway-reaches-no-database: src/delivery/applier/sees-a-table.ts",
  "the-side-at-the-gateway-reaches-no-database: src/delivery/prober/sees-the-audit-log.ts",
  "the-side-at-the-gateway-reaches-no-database: src/delivery/protocol/reaches-the-database.ts",
];

/** TypeScript 7 has no API to parse with, and dependency-cruiser does not tell swc which files are TSX. */
const swc = createRequire(import.meta.url)("@swc/core");
const parseFileSync = swc.parseFileSync;
swc.parseFileSync = (file, options) => parseFileSync(file, { ...options, tsx: file.endsWith(".tsx") });

const { cruise } = await import("dependency-cruiser");
const { default: rules } = await import("./rules.mjs");

async function violationsIn(folders) {
  const ruleSet = { forbidden: rules.forbidden };
  const { output } = await cruise(folders, { ...rules.options, ruleSet, validate: true });
  return { modules: output.modules.map((module) => module.source), found: output.summary.violations };
}

const problems = [];
const { modules, found } = await violationsIn(["src", "drizzle"]);
for (const { rule, from, to } of found) problems.push(`${from} may not import ${to} (${rule.name})`);
for (const [folder, fewest] of Object.entries(atLeast)) {
  const seen = modules.filter((source) => source.startsWith(folder)).length;
  if (seen < fewest) problems.push(`only ${seen} modules of ${folder} were read, but there are at least ${fewest}`);
}

const root = "tests/imports/planted/";
const caught = (await violationsIn([root])).found.map(({ rule, from }) => `${rule.name}: ${from.replace(root, "")}`);
for (const expected of planted)
  if (!caught.includes(expected)) problems.push(`the planted import was not found: ${expected}`);

for (const source of modules.filter((path) => path.startsWith("src/"))) {
  const text = readFileSync(source, "utf8");
  if (source !== "src/main/settings/environment.ts" && text.includes("process.env")) {
    problems.push(`${source} reads the environment: only src/main/settings/environment.ts does`);
  }
  // The parser does not report which imports import types only.
  if (/^src\/(sdk|cli|console)\//.test(source) && /^import (?!type\b)[^;]*from "[./]*\/http\//m.test(text)) {
    problems.push(`${source} imports more than types from src/http`);
  }
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`${modules.length} modules, ${planted.length} planted imports, ${problems.length} problems\n`);
process.exit(problems.length > 0 ? 1 : 0);
