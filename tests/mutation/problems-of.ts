import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { transformSync } from "esbuild";
import type { Break } from "./break";

const root = join(import.meta.dirname, "../..");

/** The file's text with the behaviour taken out. */
export function broken({ file, find, replace }: Pick<Break, "file" | "find" | "replace">): string {
  return readFileSync(join(root, file), "utf8").replace(find, () => replace);
}

/** What is wrong with the list itself: one line for each break that breaks nothing, or breaks more than a behaviour. */
export function problemsOf(breaks: readonly Break[]): string[] {
  return breaks.flatMap((one) => {
    const problem = problemOf(one);
    return problem === null ? [] : [`${one.file}, ${one.says}: ${problem}`];
  });
}

function problemOf(one: Break): string | null {
  const missing = [one.file, ...one.tests].find((path) => !existsSync(join(root, path)));
  if (missing !== undefined) return `there is no ${missing}`;
  const count = readFileSync(join(root, one.file), "utf8").split(one.find).length - 1;
  if (count !== 1) return `what it takes out stands there ${count} times`;
  if (one.find === one.replace) return "it changes nothing";
  if (extname(one.file) === ".sql") return null;
  try {
    transformSync(broken(one), { loader: "tsx" });
    return null;
  } catch (error) {
    return `what it leaves cannot be read: ${(error as Error).message}`;
  }
}
