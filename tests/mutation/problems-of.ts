import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { transformSync } from "esbuild";
import type { Break } from "./break";

const root = join(import.meta.dirname, "../..");

/** A file's text with the behaviour taken out. */
export function broken(text: string, { find, replace }: Pick<Break, "find" | "replace">): string {
  return text.replace(find, () => replace);
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
  const text = readFileSync(join(root, one.file), "utf8");
  const count = text.split(one.find).length - 1;
  if (count !== 1) return `what it takes out stands there ${count} times`;
  if (one.find === one.replace) return "it changes nothing";
  if (extname(one.file) === ".sql") return null;
  try {
    transformSync(broken(text, one), { loader: "tsx" });
    return null;
  } catch (error) {
    return `what it leaves cannot be read: ${(error as Error).message}`;
  }
}
