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

/**
 * What Traefik's file provider does with one file.
 *
 * `refused` freezes the whole provider on its last valid configuration. `unknown` means that the text contains a Go
 * template, whose result depends on the gateway's environment. `ignored` means that Traefik does not read files with
 * this extension.
 */
export type ReaderVerdict =
  | { readonly state: "accepted"; readonly defines: Definitions }
  | { readonly state: "refused"; readonly reason: RefusalReason; readonly where: string }
  | { readonly state: "unknown"; readonly reason: "template" }
  | { readonly state: "ignored" };
