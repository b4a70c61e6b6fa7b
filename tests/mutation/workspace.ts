import { spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applyMutant } from "./apply-mutant";
import type { Mutant } from "./mutant";

/** `passed`: no test noticed the mutant. `timed out`: ended after `longestRunMs`, which counts as noticed. */
export type Outcome = "passed" | "failed" | "timed out";

/** A copy of the project in which mutants are applied. */
export interface Workspace {
  /** Runs the tests that these mutants name, without a mutant. */
  test(mutants: readonly Mutant[]): Promise<Outcome>;
  testMutant(mutant: Mutant): Promise<Outcome>;
  /** What the last run printed. */
  output(): string;
  /** The first test that failed in the last run; null when none did, or when no test was reached. */
  failure(): string | null;
  remove(): void;
}

const root = join(import.meta.dirname, "../..");
const copied = [
  ...["bin", "docs", "drizzle", "migrations", "src", "tests"],
  ...[
    ".env.example",
    "README.md",
    "next.config.mjs",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "vitest.config.ts",
  ],
];

/** Of a run for one mutant. */
const longestRunMs = 180_000;

export function openWorkspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), "pcm-"));
  const project = join(folder, "project");
  const scratch = join(folder, "tmp"); // its files are named after the migrations, which a mutant may change
  // Unchanged modules are compiled once: a fifth of every run.
  const cache = ["--experimental.fsModuleCache", `--experimental.fsModuleCachePath=${join(folder, "modules")}`];
  chmodSync(folder, 0o711); // the user of the temporary cluster passes through
  makeScratch();
  for (const name of copied) cpSync(join(root, name), join(project, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  let output = "";

  function makeScratch(): void {
    mkdirSync(scratch);
    chmodSync(scratch, 0o1777);
  }

  async function vitest(runs: Runs, isMutant: boolean): Promise<Outcome> {
    let outcome: Outcome = "passed";
    output = "";
    for (const [name, files] of runs) {
      if (outcome === "passed") outcome = await vitestIn(name, [...files], isMutant);
    }
    return outcome;
  }

  async function vitestIn(name: string, files: readonly string[], isMutant: boolean): Promise<Outcome> {
    const program = join("node_modules", "vitest", "vitest.mjs");
    const options = ["--reporter=dot", "--no-color", ...cache, ...(isMutant ? ["--bail=1", "--maxWorkers=1"] : [])];
    const child = spawn(process.execPath, [program, "run", ...options, `--project=${name}`, ...files], {
      cwd: project,
      env: { ...process.env, TMPDIR: scratch },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // so that it can be ended together with everything that it starts
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    let isTimedOut = false;
    const timer = setTimeout(
      () => {
        isTimedOut = true;
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      },
      isMutant ? longestRunMs : 10 * longestRunMs,
    );
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    clearTimeout(timer);
    if (isTimedOut) return "timed out";
    return code === 0 ? "passed" : "failed";
  }

  return {
    output: () => output,
    failure: () => /^ FAIL +(.+)$/m.exec(output)?.[1] ?? null,
    test: (mutants) => vitest(runsOf(mutants), false),
    async testMutant(mutant) {
      const { file, text } = applyMutant(mutant);
      const path = join(project, file);
      const original = readFileSync(path, "utf8");
      writeFileSync(path, text);
      try {
        return await vitest(runsOf([mutant]), true);
      } finally {
        writeFileSync(path, original);
        if (file.endsWith(".sql") && existsSync(scratch)) {
          rmSync(scratch, { recursive: true, force: true });
          makeScratch();
        }
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Test files by the vitest project in which they run. */
type Runs = ReadonlyMap<string, ReadonlySet<string>>;

function runsOf(mutants: readonly Mutant[]): Runs {
  const runs = new Map<string, Set<string>>();
  for (const { tests, database = "embedded" } of mutants) {
    for (const path of tests) {
      const name = projectOf(path, database);
      runs.set(name, (runs.get(name) ?? new Set()).add(path));
    }
  }
  return runs;
}

function projectOf(path: string, database: "embedded" | "postgres"): string {
  if (path.endsWith(".postgres.test.ts")) return "postgres";
  return path.endsWith(".db.test.ts") ? database : "unit";
}
