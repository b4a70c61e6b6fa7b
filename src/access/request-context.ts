import type { AttemptTrace } from "./attempt-trace";
import type { Organization } from "./organization";
import type { Principal } from "./principal";
import type { Runtime } from "./runtime";

/** One request: what it presents, and what the audit log says of it. */
export interface RequestContext {
  readonly runtime: Runtime;
  readonly requestId: string;
  readonly ip: string | null;
  /** Whether it came to a loopback address of the host, not to the public one. */
  readonly local: boolean;
  /** What it is called in the audit log: `security.create`. */
  readonly action: string;
  readonly presents: Presented;
  /** What the audit log says if it is refused. */
  readonly trace: AttemptTrace;
  /**
   * Called as soon as the caller and the organization of the request are known, before the request may do anything.
   * @throws Refusal `overloaded`: the organization has as many active requests as it may have
   */
  readonly onIdentified?: (principal: Principal, organization: Pick<Organization, "organizationId">) => void;
}

export type Presented =
  /** `organizationId`: which one the request is about, where it says so (`x-organization-id`). */
  | { readonly kind: "apiKey"; readonly hash: string; readonly organizationId: string | null }
  | { readonly kind: "session"; readonly hash: string; readonly organizationId: string | null }
  /** Whoever can open the control socket or the data folder, acting for one organization. */
  | { readonly kind: "commandLine"; readonly organizationId: string };
