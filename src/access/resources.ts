import type { HashAlgorithm } from "../platform/passwords/hash-algorithm";
import type { Access, OpenedBy } from "../traefik/compiler/state";
import type { Grant, Role, Standing } from "./permissions";

/**
 * The objects that a procedure can name, as located inside the caller's organization, with as much of the chain
 * application → environment → project → organization as verbs need. `portcullis_authorize` makes them.
 */
export interface Located {
  /** Whoever is signed in. */
  person: Person;
  /** One of their own. */
  session: Session;
  passkey: Passkey;
  organization: Organization;
  member: Member;
  invitation: Invitation;
  role: OwnRole;
  serviceAccount: ServiceAccount;
  provider: Provider;
  /** The caller's organization, and the projects of it at which they have a role. */
  reach: Reach;
  project: Project;
  environment: Environment;
  application: Application;
  credential: Credential;
  route: Route;
  claim: Claim;
  gateway: Gateway;
  apiKey: ApiKey;
  change: Change;
  auditEntry: AuditEntry;
}

export type ObjectKind = keyof Located;

export interface Organization {
  readonly organizationId: string;
  readonly name: string;
  readonly slug: string;
  readonly defaultAccess: Access;
  readonly neverPublic: boolean;
  readonly passwordPolicy: "advise" | "enforce";
  readonly upstreams: "any" | "checked";
  readonly root: boolean;
  readonly requireSecondFactor: boolean;
  /** In days; null for no limit. */
  readonly maxKeyDays: number | null;
  readonly maxKeysPerMember: number;
  readonly keyRequestsPerMinute: number | null;
}

export interface Person {
  readonly userId: string;
  readonly email: string;
  readonly name: string | null;
}

export interface Session {
  readonly sessionId: string;
  readonly userId: string;
}

export interface Passkey {
  readonly passkeyId: string;
  readonly userId: string;
  readonly name: string;
}

export interface Member {
  readonly memberId: string;
  readonly organizationId: string;
  readonly userId: string;
  readonly email: string;
  readonly role: Role | null;
  readonly roleId: string | null;
}

export interface Invitation {
  readonly invitationId: string;
  readonly organizationId: string;
  readonly email: string;
}

/** A role that an organization made of the permission table's words. */
export interface OwnRole {
  readonly roleId: string;
  readonly organizationId: string;
  readonly name: string;
  readonly permissions: readonly string[];
}

export interface ServiceAccount {
  readonly serviceAccountId: string;
  readonly organizationId: string;
  readonly name: string;
  readonly role: Role | null;
  readonly roleId: string | null;
}

export interface Provider {
  readonly providerId: string;
  readonly organizationId: string;
  readonly name: string;
  readonly slug: string;
}

export interface Reach {
  readonly organizationId: string;
  readonly projects: readonly { readonly projectId: string; readonly grant: Grant | null }[];
}

export interface Project {
  readonly projectId: string;
  readonly organizationId: string;
  readonly name: string;
  readonly slug: string;
}

export interface Environment {
  readonly environmentId: string;
  readonly organizationId: string;
  readonly projectId: string;
  readonly name: string;
  readonly slug: string;
  readonly kind: "development" | "production";
}

export interface Application {
  readonly applicationId: string;
  readonly organizationId: string;
  readonly environmentId: string;
  readonly environmentKind: "development" | "production";
  readonly projectId: string;
  readonly gatewayId: string;
  readonly name: string;
  readonly slug: string;
  readonly access: Access;
  readonly openedBy: OpenedBy;
  readonly hashAlgorithm: HashAlgorithm;
}

export interface Credential {
  readonly securityId: string;
  readonly username: string;
  readonly application: Application;
}

export interface Route {
  readonly routeId: string;
  readonly host: string;
  /** Empty for the whole host. */
  readonly pathPrefix: string;
  readonly application: Application;
}

export interface Claim {
  readonly claimId: string;
  readonly organizationId: string;
  readonly gatewayId: string;
  readonly kind: "host" | "upstream";
  readonly value: string;
  readonly denyGroup: number | null;
}

export interface Gateway {
  readonly gatewayId: string;
  readonly name: string;
  readonly address: string;
  readonly probeAddress: string;
  readonly tags: boolean;
}

export interface ApiKey {
  readonly apiKeyId: string;
  readonly organizationId: string;
  readonly name: string;
  /** Whose it is; both null for one that the host's command line made. */
  readonly userId: string | null;
  readonly serviceAccountId: string | null;
  readonly role: Role | null;
  /** The one project that it is for; null for all. */
  readonly projectId: string | null;
  /** What it may do at most. */
  readonly grant: Grant;
  /** What whoever holds it is now, at that project too; null when they have left. */
  readonly holder: Standing | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
}

export interface Change {
  readonly changeId: string;
  readonly organizationId: string;
}

export interface AuditEntry {
  readonly auditId: string;
  readonly organizationId: string;
}
