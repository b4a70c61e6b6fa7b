import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

/** A line that a developer could write, and the compiler's error for it, or null if there is none. */
export interface Planted {
  readonly title: string;
  readonly line: string;
  readonly error: string | null;
}

const root = process.cwd();

/**
 * Compiles each line in a separate file, between `head` and `tail`.
 * @returns the compiler's errors, as `line: code`, by the line's position in the list
 */
export async function compilePlanted(
  planted: readonly Planted[],
  head: string,
  tail: string,
): Promise<Map<string, string[]>> {
  const folder = mkdtempSync(join(root, "tests", ".planted-"));
  try {
    for (const [at, { line }] of planted.entries()) {
      writeFileSync(join(folder, `${at}.ts`), `${head}  ${line}\n${tail}`);
    }
    writeFileSync(
      join(folder, "tsconfig.json"),
      JSON.stringify({
        extends: "../../tsconfig.json",
        // Each file uses one import, but has all imports that any of the files uses.
        compilerOptions: { noUnusedLocals: false },
        include: ["*.ts"],
      }),
    );
    return await compile(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compile(project: string): Promise<Map<string, string[]>> {
  const output = await new Promise<string>((resolve) => {
    const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
    execFile(
      process.execPath,
      [tsc, "-p", project, "--pretty", "false", "--checkers", "1"],
      { cwd: root },
      (_, stdout) => resolve(stdout),
    );
  });
  const errors = new Map<string, string[]>();
  for (const [, path = "", line, code] of output.matchAll(/^(\S[^(]*)\((\d+),\d+\): error (TS\d+)/gm)) {
    const file = relative(project, join(root, path));
    errors.set(file, [...(errors.get(file) ?? []), `${line}: ${code}`]);
  }
  return errors;
}
