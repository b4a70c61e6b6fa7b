import { typeidUnboxed } from "typeid-js";

/** The prefix of every kind of object; ids of one kind sort by their creation time. */
const prefixes = {
  organization: "org",
  user: "usr",
  member: "mem",
  project: "prj",
  environment: "env",
  application: "app",
  credential: "sec",
  route: "rte",
  claim: "clm",
  gateway: "gtw",
  apiKey: "key",
  audit: "aud",
  change: "chg",
  request: "req",
  installation: "ins",
  session: "ses",
  passkey: "pky",
  link: "lnk",
  role: "rol",
  projectRole: "prr",
  invitation: "inv",
  serviceAccount: "sva",
  provider: "oip",
  identity: "idn",
} as const;

export type IdKind = keyof typeof prefixes;

/** An id as text: `app_01jd3f9z8ye5ta3q0c1xk7m2vw`, 30 characters. */
export type Id<K extends IdKind = IdKind> = `${(typeof prefixes)[K]}_${string}`;

/** 128 bits in Crockford's base 32: 26 characters, the first of which holds three bits. */
const suffix = /^[0-7][0-9a-hjkmnp-tv-z]{25}$/;

/**
 * Creates an id of a kind: its prefix and a UUIDv7, as a TypeID. Within one process later ids sort after earlier ones.
 */
export function newId<K extends IdKind>(kind: K): Id<K> {
  const prefix: (typeof prefixes)[K] = prefixes[kind];
  return `${prefix}_${typeidUnboxed(prefix).slice(prefix.length + 1)}`;
}

/** Returns whether a value has the exact form of an id of this kind. The object may not exist. */
export function isId<K extends IdKind>(kind: K, value: unknown): value is Id<K> {
  if (typeof value !== "string" || value.length !== 30) return false;
  return value.startsWith(`${prefixes[kind]}_`) && suffix.test(value.slice(4));
}

const prefix = new RegExp(`^(?:${Object.values(prefixes).join("|")})_`);

/** Returns whether a text has the exact form of an id of any kind. */
export function hasFormOfId(text: string): boolean {
  return text.length === 30 && prefix.test(text) && suffix.test(text.slice(4));
}
