import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Program, parseSync } from "oxc-parser";
import type { Target } from "./mutant";
import type { Scope } from "./mutations";
import { declarationOf } from "./syntax-tree";

const root = join(import.meta.dirname, "../..");

/** Folders with SQL, in the order in which the database runs it. */
const sqlFolders = ["migrations", "drizzle/functions"];

/**
 * Where a mutant's target is.
 * @throws when there is no such file, symbol or function
 */
export function locate(target: Target): Scope & { readonly file: string } {
  if ("sqlFunction" in target) return sqlFunctionNamed(target.sqlFunction);
  if ("migration" in target) {
    const text = textOf(target.migration);
    return { file: target.migration, text, start: 0, end: text.length, node: null };
  }
  const node = declarationOf(programOf(target.file), target.symbol);
  return { file: target.file, text: textOf(target.file), start: node.start, end: node.end, node };
}

/** The syntax tree of TypeScript. @throws when the text has a syntax error */
export function parse(file: string, text: string): Program {
  const { program, errors } = parseSync(file, text);
  const [error] = errors;
  if (error !== undefined) throw new SyntaxError(error.message);
  return program;
}

/** The last definition counts: `create or replace` replaces earlier ones. */
function sqlFunctionNamed(name: string): Scope & { readonly file: string } {
  const found = sqlFiles().flatMap((file) => definitionIn(file, textOf(file), name) ?? []);
  const last = found.at(-1);
  if (last === undefined) throw new RangeError(`there is no function ${name}`);
  return last;
}

function definitionIn(file: string, text: string, name: string): (Scope & { readonly file: string }) | null {
  const begin = new RegExp(`\\bcreate (?:or replace )?function ${name}\\s*\\(`, "gi");
  const start = [...text.matchAll(begin)].at(-1)?.index;
  if (start === undefined) return null;
  const quote = /\$\w*\$/.exec(text.slice(start));
  if (quote === null) throw new RangeError(`the body of ${name} is not dollar-quoted`);
  const body = start + quote.index + quote[0].length;
  const end = text.indexOf(quote[0], body);
  return { file, text, start, end, node: null };
}

const texts = new Map<string, string>();
const programs = new Map<string, Program>();

function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(root, file), "utf8");
  texts.set(file, text);
  return text;
}

function programOf(file: string): Program {
  const program = programs.get(file) ?? parse(file, textOf(file));
  programs.set(file, program);
  return program;
}

function sqlFiles(): string[] {
  return sqlFolders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => {
      const names = readdirSync(join(root, folder)).filter((name) => name.endsWith(".sql"));
      return names.sort().map((name) => `${folder}/${name}`);
    });
}
