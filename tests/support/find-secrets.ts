import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { formsOf } from "./secrets";

/** A secret that was found: the name of the text, and the form of the secret there. */
export interface Found {
  readonly where: string;
  readonly secret: string;
  readonly form: string;
}

/** Searches every text for every secret, in every form in which it could leak. */
export function findSecrets(texts: Readonly<Record<string, string>>, secrets: Iterable<string>): Found[] {
  const forms = [...secrets].flatMap((secret) => formsOf(secret).map((form) => ({ secret, form })));
  return Object.entries(texts).flatMap(([where, text]) =>
    forms.filter(({ form }) => text.includes(form)).map(({ secret, form }) => ({ where, secret, form })),
  );
}

/** Shorter runs of text contain no secret. Most bytes of a database's files are not text. */
const run = /[\x20-\x7e\x80-\xff]{6,}/g;

/** Returns the text in all files below a folder. It may still contain rows that were deleted from a table. */
export function textBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => readFileSync(join(entry.parentPath, entry.name)).toString("latin1").match(run) ?? [])
    .join("\n");
}
