import type { HashAlgorithm } from "#src/platform/passwords/hash-algorithm";

/**
 * The input and output of the compiler. These are plain values: no clock, no database, no file system.
 */

/** How an application treats visitors while it has no credential. */
export type Access = "public-when-empty" | "protected";

/** The explicit act that left an application without credentials; `null` if there was none. */
export type OpenedBy = "create" | "delete" | "access" | null;

/** The intended response of an application to anonymous visitors. */
export type Intended = "public" | "protected" | "closed";

/** The fields of a row of `security` that the gateway needs. */
export interface CredentialState {
  readonly securityId: string;
  readonly username: string;
  /** The basic-auth hash (`$apr1$…`, `$2a$…`); `null` if the sealed value could not be decrypted. */
  readonly hash: string | null;
  /** False for a credential that is expired or otherwise not valid. Such a row still counts as a row. */
  readonly valid: boolean;
}

export interface UpstreamState {
  /** `http(s)://host[:port]`, already normalized. */
  readonly url: string;
  /** The name that the upstream's certificate must contain, if `url` has an address instead of a name. */
  readonly serverName: string | null;
}

export interface RouteState {
  readonly routeId: string;
  /** Lower-case A-label host name; `*.` as the whole first label for a wildcard. */
  readonly host: string;
  /** Whole path segments (`/admin`), or `null` for the whole host. */
  readonly pathPrefix: string | null;
  readonly upstreams: readonly UpstreamState[];
  /** False: no visitor may reach the upstream by it. */
  readonly enabled: boolean;
}

/** Everything that determines one application's file at one gateway. */
export interface ApplicationState {
  readonly applicationId: string;
  readonly organizationId: string;
  /** Shown to visitors as the realm. */
  readonly name: string;
  /** No visitor may get in, whatever else holds. */
  readonly closedByHand: boolean;
  readonly access: Access;
  readonly openedBy: OpenedBy;
  readonly neverPublic: boolean;
  readonly hashAlgorithm: HashAlgorithm;
  /** Every row, valid or not, in any order. */
  readonly credentials: readonly CredentialState[];
  readonly routes: readonly RouteState[];
}

/** What the compiler needs to know about the gateway. */
export interface GatewayState {
  readonly gatewayId: string;
  /** Name of the visitors' entry point. */
  readonly entryPoint: string;
  /** The secret key of the gateway's tags (32 bytes). Tags are HMACs under it. */
  readonly tagKey: Uint8Array;
  /** If false, no tag and no pass header is compiled, and no state beyond "loaded" can be observed. */
  readonly tags: boolean;
}

/** The hosts that one deny file covers: one organization, one entry point, one group of up to 100 hosts. */
export interface DenyState {
  readonly organizationId: string;
  /** Stable number of the group within the organization. A host stays in its group while it is claimed. */
  readonly group: number;
  readonly hosts: readonly string[];
}

/** One file for the gateway: its name (without folder) and its whole text. */
export interface CompiledFile {
  readonly name: string;
  readonly text: string;
}

/** A request to the gateway whose answer proves one route. */
export interface Probe {
  readonly routeId: string;
  /** The host of the route. For a wildcard, the prober invents the first label. */
  readonly host: string;
  /** A path inside the route. */
  readonly path: string;
  /** Whether Portcullis's chain must stop an anonymous visitor, or let it pass. */
  readonly expect: "stopped" | "passed";
}

/**
 * Something that could not be compiled as stated. `subject` is an id. `problem` never contains a secret or text of a
 * tenant.
 */
export interface Diagnostic {
  readonly subject: string;
  readonly problem: string;
}

/**
 * The rows of an application that the gateway last accepted as stated, without any secret. They are enough to decide
 * whether a present row was already there, unchanged.
 */
export interface Fingerprints {
  readonly credentials: readonly string[];
  readonly routes: readonly string[];
}

export interface CompiledApplication {
  /** `null` if nothing is to be routed: the application's file must then be removed. */
  readonly file: CompiledFile | null;
  /** The tag of this compile, 16 characters. The first middleware of each chain answers with it. */
  readonly tag: string;
  /** The tag of the deny twins of routes with a path prefix. It appears when the route next to a twin is broken. */
  readonly twinTag: string;
  readonly intended: Intended;
  /**
   * `stated`: exactly as the rows state. `quarantined`: the last valid form without anything that has been removed.
   * `closed`: no other form is known to be safe.
   */
  readonly form: "stated" | "quarantined" | "closed";
  readonly probes: readonly Probe[];
  readonly diagnostics: readonly Diagnostic[];
  readonly fingerprints: Fingerprints;
}
