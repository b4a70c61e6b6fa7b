/**
 * A value of the file before the schema is applied, in the types that Go's decoders give it.
 *
 * The Go type of a scalar matters beyond its text: lists keep the widest type, and the schema sees only the text.
 */
export type RawValue = RawScalar | RawList | RawMap | { readonly type: "null" } | { readonly type: "unsupported" };

export interface RawScalar {
  readonly type: "scalar";
  readonly go: "bool" | "int" | "int64" | "uint64" | "float64" | "string";
  readonly text: string;
}

export interface RawList {
  readonly type: "list";
  readonly items: readonly RawValue[];
}

export interface RawMap {
  readonly type: "map";
  readonly entries: readonly (readonly [name: string, value: RawValue])[];
}

export const nothing: RawValue = { type: "null" };
/** A date, or another value that Traefik's reader cannot convert to text. */
export const unsupported: RawValue = { type: "unsupported" };

export const string = (text: string): RawScalar => ({ type: "scalar", go: "string", text });
