import { z } from "zod";
import { Version } from "../platform/contract/fields";
import type { Fields } from "../platform/errors/reason";

/** The field that every operation takes which changes or deletes an object with a version. */
export interface WithVersion {
  /** The version that the caller last saw. Nothing is written if the object has another one now. */
  readonly ifVersion?: number | undefined;
}

/** What a request says about the version of its object. */
interface StatedVersions {
  /** The versions of which the object has to have one; null if any will do. */
  readonly versions: readonly number[] | null;
  /** The input without `ifVersion`. */
  readonly input: unknown;
  /** What is wrong with the statement; null if nothing is. */
  readonly problem: Fields | null;
}

/**
 * Reads which versions a request expects, in its input or in `If-Match`.
 * @param ifMatch the header; null without it, and over a transport without it
 */
export function statedVersions(raw: unknown, ifMatch: string | null): StatedVersions {
  const { ifVersion, ...input } = { ...(isRecord(raw) ? raw : {}) };
  const stated = { versions: null, input: isRecord(raw) && "ifVersion" in raw ? input : raw, problem: null };
  if (ifVersion !== undefined) {
    if (ifMatch !== null) return { ...stated, problem: { ifVersion: "also_in_if_match" } };
    const version = Version.safeParse(ifVersion);
    return version.success
      ? { ...stated, versions: [version.data] }
      : { ...stated, problem: { ifVersion: "invalid_type" } };
  }
  if (ifMatch === null) return stated;
  const tags = tagsOf(ifMatch);
  if (tags === null) return { ...stated, problem: { "if-match": "malformed" } };
  return tags === "any" ? stated : { ...stated, versions: tags.flatMap(versionsIn) };
}

/** Adds `ifVersion` to an input, for its description. */
export function withVersion(input: z.ZodType): z.ZodType {
  return input instanceof z.ZodObject ? input.safeExtend({ ifVersion: Version.optional() }) : input;
}

function isRecord(raw: unknown): raw is Readonly<Record<string, unknown>> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

interface Tag {
  readonly isWeak: boolean;
  readonly text: string;
}

/** One element of a list of entity tags (RFC 9110, section 8.8.3), which may be empty, and the comma after it. */
const element = /[ \t]*(?:(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"[ \t]*)?(,|$)/y;

/**
 * Reads the value of `If-Match` or `If-None-Match`.
 * @returns null if it is not a list of entity tags
 */
export function tagsOf(header: string): readonly Tag[] | "any" | null {
  if (header.trim() === "*") return "any";
  const tags: Tag[] = [];
  element.lastIndex = 0;
  for (;;) {
    const found = element.exec(header);
    if (found === null) return null;
    const [, weak, text, end] = found;
    if (text !== undefined) tags.push({ isWeak: weak !== undefined, text });
    if (end === "") return tags.length > 0 ? tags : null;
  }
}

/**
 * The version in a tag: `"1793697300000"`, or `"1793697300000.<digest of the response>"`. `If-Match` compares strongly
 * (RFC 9110, section 13.1.1), so a weak tag has none. No object has the version of another tag.
 */
function versionsIn({ isWeak, text }: Tag): number[] {
  const version = /^(\d{1,15})(?:\.[\w-]+)?$/.exec(text)?.[1];
  return isWeak || version === undefined ? [] : [Number(version)];
}
