import type { AttemptTrace } from "./attempt-trace";
import type { Organization } from "./organization";
import type { Principal } from "./principal";
import type { Runtime } from "./runtime";

/** One request: the credential that it presents, and what the audit log records about it. */
export interface RequestContext {
  readonly runtime: Runtime;
  readonly requestId: string;
  readonly ip: string | null;
  /** Whether it was sent to a loopback address of the host and not to the public address. */
  readonly local: boolean;
  /** Its name in the audit log: `security.create`. */
  readonly action: string;
  readonly presents: Presented;
  /**
   * The versions that the caller expects the object to have: one of them. Null: any version. An empty list matches
   * none.
   */
  readonly expectedVersions: readonly number[] | null;
  /** What the audit log records if it is refused. */
  readonly trace: AttemptTrace;
  /**
   * Called as soon as the caller and the organization of the request are known, before the request has any effect.
   * @throws Refusal `overloaded`: the organization has reached its limit of active requests
   */
  readonly onIdentified?: (principal: Principal, organization: Pick<Organization, "organizationId">) => void;
}

export type Presented =
  /** `organization`: the id or the slug of the organization that the request names; null if it names none. */
  | { readonly kind: "apiKey"; readonly hash: string; readonly organization: string | null }
  | { readonly kind: "session"; readonly hash: string; readonly organization: string | null }
  /** A person who can open the control socket or the data folder, acting for one organization. */
  | { readonly kind: "commandLine"; readonly organizationId: string };
