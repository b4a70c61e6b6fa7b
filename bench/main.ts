import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { findPostgresBinaries } from "../tests/support/postgres-cluster";
import type { Figure } from "./figure";
import { amongMany } from "./figures/among-many";
import { auditExport } from "./figures/audit-export";
import { authorization } from "./figures/authorization";
import { burst } from "./figures/burst";
import { comparison } from "./figures/comparison";
import { create } from "./figures/create";
import { enforced } from "./figures/enforced";
import { firstStart } from "./figures/first-start";
import { gateways } from "./figures/gateways";
import { lists } from "./figures/lists";
import { memory } from "./figures/memory";
import { signInFlood } from "./figures/sign-in-flood";
import { idleStreams } from "./figures/streams";
import { waits } from "./figures/waits";
import { closePlaces } from "./installation";
import { type Row, table } from "./table";

const figures: readonly Figure[] = [
  ...create,
  ...authorization,
  ...signInFlood,
  ...auditExport,
  gateways,
  amongMany,
  enforced,
  burst,
  ...comparison,
  ...lists,
  firstStart,
  memory,
  ...waits,
  idleStreams,
];

/** Whether a figure has this name, or this name before its dash: `create` names `create-postgres` and `create-embedded`. */
const isNamed = (figure: Figure, name: string) => figure.name === name || figure.name.startsWith(`${name}-`);
const named = process.argv.slice(2);
const unknown = named.filter((name) => !figures.some((figure) => isNamed(figure, name)));
if (unknown.length > 0) {
  console.error(`Unknown figure: ${unknown.join(", ")}. Choose from ${figures.map(({ name }) => name).join(", ")}.`);
  process.exit(2);
}

const full = (process.env.BENCH_FULL ?? "") !== "";
const rows: Row[] = [];
const began = performance.now();
for (const figure of figures) {
  if (named.length > 0 && !named.some((name) => isNamed(figure, name))) continue;
  process.stderr.write(`measuring ${figure.name} …\n`);
  const start = performance.now();
  try {
    const measured = await figure.measure({ full });
    rows.push(...measured);
    process.stderr.write(`${table(measured)}\n${Math.round((performance.now() - start) / 1_000)} s\n\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    rows.push({ label: figure.name, measured: "failed, see above", target: "", ok: false });
  }
}
await closePlaces();
const seconds = Math.round((performance.now() - began) / 1_000);
console.log(`\n${table(rows)}\n`);
console.log(`Node ${process.versions.node}, ${postgresVersion()}, ${availableParallelism()} cores, ${seconds} s.`);
console.log("The databases flush every commit to disk (fsync on). Ratios are from one run on one machine.");
process.exit(rows.some(({ ok }) => ok === false) ? 1 : 0);

function postgresVersion(): string {
  const folder = findPostgresBinaries();
  if (folder === null) return "no PostgreSQL";
  return execFileSync(join(folder, "postgres"), ["--version"], { encoding: "utf8" }).trim();
}
