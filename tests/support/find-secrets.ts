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

/** All files below a folder as one text, byte by byte: what was deleted from a table may still stand in them. */
export function bytesBelow(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString("latin1"))
    .join("\n");
}
