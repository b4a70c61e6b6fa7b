import type { Logger } from "pino";
import type { Clock, RandomBytes, Resolver } from "../core/values";
import type { Database } from "./database";
import type { Sealer } from "./sealing";

/** What the process has, as values: the same for every request, and what a test replaces. */
export interface Runtime {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly resolver: Resolver;
  readonly log: Logger;
  /** Addresses of this host's own interfaces, canonical. */
  readonly ownAddresses: () => readonly string[];
  /** Where the control plane itself listens: no upstream may lead there. */
  readonly listensOn: readonly { readonly host: string; readonly port: number }[];
  /** Tells whoever delivers to these gateways that there is something to do; a hint, after the commit. */
  readonly wake: (gatewayIds: readonly string[]) => void;
  /** Somebody waits for this application to be seen enforced; a hint. */
  readonly prioritize: (applicationId: string) => void;
}

/** One request: what it presents, and what the audit log says of it. */
export interface Request {
  readonly runtime: Runtime;
  readonly requestId: string;
  readonly ip: string | null;
  /** What it is called in the audit log: `security.create`. */
  readonly action: string;
  readonly presents: Presented;
}

export type Presented =
  | { readonly kind: "apiKey"; readonly hash: string }
  /** Whoever can open the control socket or the data folder, acting for one organization. */
  | { readonly kind: "commandLine"; readonly organizationId: string };
