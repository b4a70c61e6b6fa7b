import { readFileSync } from "node:fs";
import { join } from "node:path";
import { problemsOf } from "./problems-of";

/** Checks `package-lock.json`. Run it with `npm run lockfile`. */

const root = join(import.meta.dirname, "../..");
const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), "utf8"));

const problems = problemsOf(read("package-lock.json"), read("package.json"));
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.stdout.write(`package-lock.json: ${problems.length} problems\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
