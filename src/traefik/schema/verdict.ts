/** What a file defines under one name, with the properties of a foreign file that matter to Portcullis. */
export interface DefinedRouter {
  readonly name: string;
  readonly rule: string;
  readonly entryPoints: readonly string[];
  readonly middlewares: readonly string[];
  readonly service: string;
  /** Zero if the file sets none: Traefik then uses the length of the rule. Beyond 2^53 it is rounded. */
  readonly priority: number;
}

/** Names of one protocol, in the file's order. */
export interface DefinedNames {
  readonly routers: readonly string[];
  readonly services: readonly string[];
  readonly middlewares: readonly string[];
  readonly serversTransports: readonly string[];
}

export interface Definitions {
  readonly http: Omit<DefinedNames, "routers"> & { readonly routers: readonly DefinedRouter[] };
  readonly tcp: Omit<DefinedNames, "routers"> & { readonly routers: readonly DefinedRouter[] };
  readonly udp: Pick<DefinedNames, "routers" | "services">;
  readonly tls: {
    readonly options: readonly string[];
    readonly stores: readonly string[];
    readonly certificates: number;
  };
}

/** Why a file is refused. These are stable codes that never contain a value from the file. */
export type RefusalReason =
  | "alias"
  | "bad_value"
  | "control_character"
  | "duplicate_key"
  | "empty_element"
  | "extension"
  | "plugin"
  | "syntax"
  | "unknown_field"
  | "unsupported_type";

/** Why a file is not judged; stable words, never with a value of the file in them. */
export type UnknownReason =
  /** A Go template, which may read the environment of the gateway. */
  | "template"
  | "too_deep"
  /** Of the file, or of the nodes that its aliases add. */
  | "too_large"
  /** Text after the first document. */
  | "yaml_after_document"
  /** An anchor before a key, or with a name that YAML 1.1 does not have. */
  | "yaml_anchor"
  | "yaml_directive"
  /** A key that is no text, or not on the line of its colon. */
  | "yaml_key"
  /** A line break of YAML 1.1 only, or a byte order mark inside the file. */
  | "yaml_line_break"
  /** A text whose lines or signs YAML 1.1 and YAML 1.2 may understand differently. */
  | "yaml_scalar"
  /** A fault that Traefik's parser may not find. */
  | "yaml_syntax"
  | "yaml_tab"
  | "yaml_tag";

/**
 * What Traefik's file provider does with one file.
 *
 * `refused` freezes the whole provider on its last good configuration; `unknown` means that only the gateway can tell,
 * because Traefik may read the file differently from the readers here; `ignored` means that Traefik does not read files
 * with this ending.
 */
export type ReaderVerdict =
  | { readonly state: "accepted"; readonly defines: Definitions }
  | { readonly state: "refused"; readonly reason: RefusalReason; readonly where: string }
  | { readonly state: "unknown"; readonly reason: UnknownReason }
  | { readonly state: "ignored" };
