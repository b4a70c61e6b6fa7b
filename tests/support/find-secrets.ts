import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formsOf } from "./secrets";

/** Where a secret stands: the text's name, and the form in which it stands there. */
export interface Found {
  readonly where: string;
  readonly secret: string;
  readonly form: string;
}

/** Looks for every secret, in every form that it could leak in, in every text. */
export function findSecrets(texts: Readonly<Record<string, string>>, secrets: Iterable<string>): Found[] {
  const forms = [...secrets].flatMap((secret) => formsOf(secret).map((form) => ({ secret, form })));
  return Object.entries(texts).flatMap(([where, text]) =>
    forms.filter(({ form }) => text.includes(form)).map(({ secret, form }) => ({ where, secret, form })),
  );
}

/** Shorter runs of text hold no secret; most of a database's files is none at all. */
const run = /[\x20-\x7e\x80-\xff]{6,}/g;

/** The text in all files below a folder, byte by byte: what was deleted from a table may still stand in them. */
export function textBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => readFileSync(join(entry.parentPath, entry.name)).toString("latin1").match(run) ?? [])
    .join("\n");
}
