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
import type { Break } from "./break";
import { broken } from "./problems-of";

/** `passed`: nobody noticed. `hung`: ended after `longest`, which notices a break too. */
export type Outcome = "passed" | "failed" | "hung";

/** A copy of the project that can be broken. */
export interface Workplace {
  /** Runs the tests that these breaks name, with nothing broken. */
  test(breaks: readonly Break[]): Promise<Outcome>;
  testBroken(one: Break): Promise<Outcome>;
  /** What the last run printed. */
  output(): string;
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

/** Of a run for one break, in milliseconds. */
const longest = 180_000;

export function openWorkplace(): Workplace {
  const folder = mkdtempSync(join(tmpdir(), "pcm-"));
  const project = join(folder, "project");
  const scratch = join(folder, "tmp"); // its files are named after the migrations, which may be broken
  // What is not broken is read once: a fifth of every run.
  const kept = ["--experimental.fsModuleCache", `--experimental.fsModuleCachePath=${join(folder, "modules")}`];
  chmodSync(folder, 0o711); // the temporary cluster's user passes through
  mkdirSync(scratch);
  chmodSync(scratch, 0o1777);
  for (const name of copied) cpSync(join(root, name), join(project, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(project, "node_modules"));
  let output = "";

  async function vitest(runs: Runs, bail: boolean): Promise<Outcome> {
    let outcome: Outcome = "passed";
    output = "";
    for (const [name, files] of runs) {
      if (outcome === "passed") outcome = await vitestIn(name, [...files], bail);
    }
    return outcome;
  }

  async function vitestIn(name: string, files: readonly string[], bail: boolean): Promise<Outcome> {
    const program = join("node_modules", "vitest", "vitest.mjs");
    const options = ["--reporter=dot", "--no-color", ...kept, ...(bail ? ["--bail=1", "--maxWorkers=1"] : [])];
    const child = spawn(process.execPath, [program, "run", ...options, `--project=${name}`, ...files], {
      cwd: project,
      env: { ...process.env, TMPDIR: scratch },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true, // with everything that it starts, so that all of it can be ended
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    }
    let hung = false;
    const timer = setTimeout(
      () => {
        hung = true;
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      },
      bail ? longest : 10 * longest,
    );
    const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
    clearTimeout(timer);
    if (hung) return "hung";
    return code === 0 ? "passed" : "failed";
  }

  return {
    output: () => output,
    test: (breaks) => vitest(runsOf(breaks), false),
    async testBroken(one) {
      const path = join(project, one.file);
      const whole = readFileSync(path, "utf8");
      writeFileSync(path, broken(whole, one));
      try {
        return await vitest(runsOf([one]), true);
      } finally {
        writeFileSync(path, whole);
        if (one.file.endsWith(".sql") && existsSync(scratch)) {
          rmSync(scratch, { recursive: true, force: true });
          mkdirSync(scratch);
          chmodSync(scratch, 0o1777);
        }
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Files of tests by the vitest project that they are run in. */
type Runs = ReadonlyMap<string, ReadonlySet<string>>;

function runsOf(breaks: readonly Break[]): Runs {
  const runs = new Map<string, Set<string>>();
  for (const { tests, database = "embedded" } of breaks) {
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
