import { createHash } from "node:crypto";
import { z } from "zod";
import { tagsOf } from "#src/operations/expected-versions";
import type { AnyOperation } from "#src/operations/operation";

/** Returns whether the response of an operation is one object with a version. */
export function hasEntityTag({ name, rest, takesVersion, output }: AnyOperation): boolean {
  const isOneObject = isOne(name) || rest.status === 201 || (takesVersion && rest.method !== "DELETE");
  return isOneObject && output instanceof z.ZodObject && "version" in output.shape;
}

/**
 * Returns the tag of a response that is one object with a version; null for another response. `one` also states what
 * was observed at the gateway, which changes without a change of the object. Its tag therefore has a digest of the whole
 * response behind the version. `If-Match` compares the version only.
 * @param text the body
 */
export function entityTag(operation: AnyOperation, output: unknown, text: string): string | null {
  const version = hasEntityTag(operation) ? versionOf(output) : null;
  if (version === null) return null;
  return isOne(operation.name) ? `"${version}.${digestOf(text)}"` : `"${version}"`;
}

const isOne = (name: string): boolean => name.endsWith(".one");

const digestOf = (text: string): string => createHash("sha256").update(text).digest("base64url").slice(0, 16);

/** Returns whether the caller already has the response with this tag, by `If-None-Match`. */
export function isKnown(etag: string, headers: Headers): boolean {
  const header = headers.get("if-none-match");
  const tags = header === null ? null : tagsOf(header);
  return tags === "any" || (tags?.some(({ text }) => `"${text}"` === etag) ?? false);
}

function versionOf(output: unknown): number | null {
  if (typeof output !== "object" || output === null) return null;
  const version: unknown = Reflect.get(output, "version");
  return typeof version === "number" ? version : null;
}
