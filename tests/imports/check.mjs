import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/**
 * Checks who imports whom (`rules.mjs`). A checker that reads nothing passes everything: so this one asserts how many
 * modules it saw, and that it catches every import that is planted for it.
 */

/** Parts that must have been read, each with the fewest modules that it can have. */
const atLeast = {
  "src/contracts/": 5,
  "src/core/": 40,
  "src/persistence/": 20,
  "src/services/": 20,
  "src/server/": 10,
  "src/app/": 6,
  "src/ui/": 30,
  "drizzle/": 10,
};

/** Every planted import, by the rule that has to catch it. */
const planted = [
  "clients-see-contracts-permissions-and-the-type-of-the-router: src/cli/sees-the-database.ts",
  "core-is-pure: src/core/reads-files.ts",
  "core-looks-down-only: src/core/looks-up.ts",
  "only-the-sync-acts-as-sync: src/cli/sees-the-database.ts",
  "only-the-sync-acts-as-sync: src/services/planted.ts",
  "tables-stay-behind-the-services: src/api/reads-a-table.ts",
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
  if (seen < fewest) problems.push(`only ${seen} modules of ${folder} were read, and there are ${fewest} at least`);
}

const root = "tests/imports/planted/";
const caught = (await violationsIn([root])).found.map(({ rule, from }) => `${rule.name}: ${from.replace(root, "")}`);
for (const expected of planted) if (!caught.includes(expected)) problems.push(`planted and not caught: ${expected}`);

for (const source of modules.filter((path) => path.startsWith("src/"))) {
  const text = readFileSync(source, "utf8");
  if (source !== "src/env.ts" && text.includes("process.env")) {
    problems.push(`${source} reads the environment: only src/env.ts does`);
  }
  // The parser does not say which imports are of types alone.
  if (/^src\/(sdk|cli|ui)\//.test(source) && /^import (?!type\b)[^;]*from "[./]*\/api\//m.test(text)) {
    problems.push(`${source} imports more than types of src/api`);
  }
}

for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`${modules.length} modules, ${planted.length} planted imports, ${problems.length} problems\n`);
process.exit(problems.length > 0 ? 1 : 0);
