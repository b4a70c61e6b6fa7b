/** What a file defines under one name, and what it does with it, as far as somebody else's file matters to ours. */
export interface DefinedRouter {
  readonly name: string;
  readonly rule: string;
  readonly entryPoints: readonly string[];
  readonly middlewares: readonly string[];
  readonly service: string;
  /** Zero where the file sets none: Traefik then takes the length of the rule. Past 2^53 it is rounded. */
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

/** Why a file is refused; stable words, never with a value of the file in them. */
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

/**
 * What Traefik's file provider makes of one file.
 *
 * `refused` freezes the whole provider on its last good configuration; `unknown` means that
 * the text holds a Go template, whose outcome depends on the gateway's own surroundings;
 * `ignored` means that Traefik does not read files with this ending.
 */
export type ReaderVerdict =
  | { readonly state: "accepted"; readonly defines: Definitions }
  | { readonly state: "refused"; readonly reason: RefusalReason; readonly where: string }
  | { readonly state: "unknown"; readonly reason: "template" }
  | { readonly state: "ignored" };
