import type { HashAlgorithm } from "../../platform/passwords/hash-algorithm";

/**
 * What the compiler reads and what it makes. Plain values only: no clock, no database, no file system.
 */

/** How an application treats visitors while it has no credential. */
export type Access = "public-when-empty" | "protected";

/** The explicit act that left an application without credentials; `null` while none did. */
export type OpenedBy = "create" | "delete" | "access" | null;

/** What an application is meant to answer to anyone on the internet. */
export type Intended = "public" | "protected" | "closed";

/** One row of `security`, as far as the gateway is concerned. */
export interface CredentialState {
  readonly securityId: string;
  readonly username: string;
  /** The basic-auth hash (`$apr1$…`, `$2a$…`); `null` when the sealed value did not open. */
  readonly hash: string | null;
  /** False for a credential that is expired or otherwise not in force; such a row still counts as a row. */
  readonly valid: boolean;
}

export interface UpstreamState {
  /** `http(s)://host[:port]`, already normalized. */
  readonly url: string;
  /** The name that the upstream's certificate must carry, where `url` holds an address instead of it. */
  readonly serverName: string | null;
}

export interface RouteState {
  readonly routeId: string;
  /** Lower-case A-label host name; `*.` as the whole first label for a wildcard. */
  readonly host: string;
  /** Whole path segments (`/admin`), or `null` for the whole host. */
  readonly pathPrefix: string | null;
  readonly upstreams: readonly UpstreamState[];
}

/** Everything that decides one application's file at one gateway. */
export interface ApplicationState {
  readonly applicationId: string;
  readonly organizationId: string;
  /** Shown to visitors as the realm. */
  readonly name: string;
  readonly access: Access;
  readonly openedBy: OpenedBy;
  readonly neverPublic: boolean;
  readonly hashAlgorithm: HashAlgorithm;
  /** Every row, valid or not, in any order. */
  readonly credentials: readonly CredentialState[];
  readonly routes: readonly RouteState[];
}

/** What the compiler must know of the gateway itself. */
export interface GatewayState {
  readonly gatewayId: string;
  /** Name of the visitors' entry point. */
  readonly entryPoint: string;
  /** Secret of the gateway's tags (32 bytes); tags are HMACs under it. */
  readonly tagKey: Uint8Array;
  /** Off: no tag and no pass header is compiled, and "loaded" is all that can be known. */
  readonly tags: boolean;
}

/** The hosts that one deny file covers: one organization, one entry point, one group of up to 100 hosts. */
export interface DenyState {
  readonly organizationId: string;
  /** Stable number of the group within the organization; a host never changes its group while it is claimed. */
  readonly group: number;
  readonly hosts: readonly string[];
}

/** One file for the gateway: its name (no folder) and its whole text. */
export interface CompiledFile {
  readonly name: string;
  readonly text: string;
}

/** A question for the gateway whose answer proves one route. */
export interface Probe {
  readonly routeId: string;
  /** As in the route; a wildcard's first label is for the prober to make up. */
  readonly host: string;
  /** A path inside the route. */
  readonly path: string;
  /** Whether an anonymous visitor must be stopped by our chain, or pass it. */
  readonly expect: "stopped" | "passed";
}

/** Something that could not be compiled as stated. `subject` is an id; `problem` never holds a secret or a tenant's text. */
export interface Diagnostic {
  readonly subject: string;
  readonly problem: string;
}

/**
 * What of an application the gateway last took as stated, without any secret:
 * enough to say of a present row whether it was already there, unchanged.
 */
export interface Fingerprints {
  readonly credentials: readonly string[];
  readonly routes: readonly string[];
}

export interface CompiledApplication {
  /** `null` when nothing is to be routed: the application's file is to be removed. */
  readonly file: CompiledFile | null;
  /** 16 characters, of this very compile; what the first middleware of each chain answers with. */
  readonly tag: string;
  /** What the deny twins of routes with a path prefix answer with: seen when the route beside a twin is broken. */
  readonly twinTag: string;
  readonly intended: Intended;
  /** `stated`: exactly what the rows say. `quarantined`: the last good form less everything that is gone. `closed`: nothing else could be shown safe. */
  readonly form: "stated" | "quarantined" | "closed";
  readonly probes: readonly Probe[];
  readonly diagnostics: readonly Diagnostic[];
  readonly fingerprints: Fingerprints;
}
