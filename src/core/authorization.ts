import { isAmong } from "./addresses";
import { Forbidden, NotFound, Unauthenticated } from "./errors";
import type { ApiKey, Organization, Reach } from "./located";
import { decide, type Grant, grantedBy, holds, type Permission, placeOf, type Standing } from "./permissions";

/** Who acts. */
export type Principal = KeyPrincipal | SessionPrincipal | { readonly kind: "commandLine"; readonly standing: Standing };

export interface KeyPrincipal {
  readonly kind: "apiKey";
  readonly apiKeyId: string;
  readonly name: string;
  /** Whose it is; null for a service account's, and for one that the host's command line made. */
  readonly userId: string | null;
  readonly serviceAccountId: string | null;
  /** What its holder is now; null when they have left. */
  readonly standing: Standing | null;
  /** What it was made for: it may do what both this and its holder may. */
  readonly grant: Grant;
  /** The one project that it is for; null for all. */
  readonly projectId: string | null;
  /** When a key that was rotated stops, ISO 8601; null for others. */
  readonly overlapEndsAt: string | null;
}

export interface SessionPrincipal {
  readonly kind: "session";
  readonly sessionId: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string | null;
  /** What was shown to open it: `password`, `totp`, … */
  readonly methods: readonly string[];
  /** The organization whose own provider opened it: good for that one alone, and not for the person's account. */
  readonly boundTo: string | null;
  /** What they are in the organization of this request; null for who is no member of any. */
  readonly standing: Standing | null;
  /** What has to be done before anything else; null when nothing has. */
  readonly pending: Pending | null;
}

/** `second_factor`: still to be shown. `password`: has to be changed. `enrolment`: the organization requires a factor. */
export type Pending = "second_factor" | "password" | "enrolment";

/** What one statement said of the caller and of the object it names. */
export interface Facts {
  readonly principal: PrincipalFacts;
  readonly organization: Organization;
  /** `null`: not in the caller's organization, or nowhere. */
  readonly object: unknown;
  /** The project that the object belongs to, if any. */
  readonly projectId: string | null;
}

export type PrincipalFacts = KeyFacts | SessionFacts | { readonly kind: "commandLine"; readonly standing: Standing };

export interface KeyFacts {
  readonly kind: "apiKey";
  readonly apiKeyId: string;
  readonly name: string;
  readonly userId: string | null;
  readonly serviceAccountId: string | null;
  readonly standing: Standing | null;
  readonly grant: Grant;
  readonly projectId: string | null;
  readonly allowedIps: readonly string[] | null;
  readonly requestsPerMinute: number | null;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly rotatedTo: string | null;
  readonly lastUsedAt: string | null;
  readonly lastUsedIp: string | null;
}

export interface SessionFacts {
  readonly kind: "session";
  readonly sessionId: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string | null;
  readonly stage: "second_factor" | "full";
  readonly methods: readonly string[];
  readonly boundTo: string | null;
  readonly local: boolean;
  readonly expiresAt: string;
  readonly lastSeenAt: string;
  readonly idleSeconds: number;
  readonly mustChangePassword: boolean;
  readonly hasSecondFactor: boolean;
  readonly standing: Standing | null;
}

/** The permissions that reach beyond one organization: its holder must also belong to the founding one. */
export const installationWide: ReadonlySet<Permission> = new Set([
  "gateway:create",
  "gateway:update",
  "gateway:delete",
  "installation-audit:read",
]);

/** How a request came, as far as it decides who is asking. */
export interface Arrival {
  /** The moment by which a key or a session has ended or not. */
  readonly now: Date;
  /** The caller's address; null where there is none. */
  readonly ip: string | null;
  /** Whether it came to a loopback address of the host, not to the public one. */
  readonly local: boolean;
}

/**
 * Who is asking: 401 for nobody.
 * @throws Unauthenticated `key_unknown`, `key_revoked`, `key_expired`, `key_ip_refused`, `session_ended`
 */
export function principalOf(
  facts: Facts | null,
  presented: "apiKey" | "session" | "commandLine",
  arrival: Arrival,
): Principal {
  if (!facts) {
    throw presented === "session"
      ? new Unauthenticated("session_ended", "This session has ended. Sign in again.")
      : new Unauthenticated("key_unknown", "This API key is not known here.");
  }
  const { principal } = facts;
  if (principal.kind === "apiKey") return keyPrincipal(principal, arrival);
  if (principal.kind === "session") return sessionPrincipal(principal, facts.organization, arrival);
  return { kind: "commandLine", standing: principal.standing };
}

function keyPrincipal(key: KeyFacts, { now, ip }: Arrival): KeyPrincipal {
  if (key.revokedAt) throw new Unauthenticated("key_revoked", "This API key was revoked.");
  if (key.expiresAt && new Date(key.expiresAt) <= now) {
    throw new Unauthenticated("key_expired", "This API key has expired.");
  }
  if (key.standing === null) throw new Unauthenticated("key_revoked", "Whoever this API key belongs to has left.");
  if (key.allowedIps !== null && (ip === null || !isAmong(ip, key.allowedIps))) {
    throw new Unauthenticated("key_ip_refused", "This API key may not be used from here.");
  }
  const { apiKeyId, name, userId, serviceAccountId, standing, grant, projectId, rotatedTo, expiresAt } = key;
  const overlapEndsAt = rotatedTo === null ? null : expiresAt;
  return { kind: "apiKey", apiKeyId, name, userId, serviceAccountId, standing, grant, projectId, overlapEndsAt };
}

function sessionPrincipal(
  session: SessionFacts,
  organization: Organization,
  { now, local }: Arrival,
): SessionPrincipal {
  const idleEnd = new Date(session.lastSeenAt).getTime() + session.idleSeconds * 1_000;
  if (new Date(session.expiresAt) <= now || idleEnd <= now.getTime() || session.local !== local) {
    throw new Unauthenticated("session_ended", "This session has ended. Sign in again.");
  }
  const { sessionId, userId, email, name, methods, boundTo, standing } = session;
  return {
    kind: "session",
    sessionId,
    userId,
    email,
    name,
    methods,
    boundTo,
    standing,
    pending: pendingOf(session, organization),
  };
}

function pendingOf(session: SessionFacts, organization: Organization): Pending | null {
  if (session.stage === "second_factor") return "second_factor";
  // Who came by the organization's own provider has shown there what the organization asks for, and can change nothing here.
  if (session.boundTo !== null) return null;
  if (session.mustChangePassword) return "password";
  return organization.requireSecondFactor && !session.hasSecondFactor ? "enrolment" : null;
}

const pendingReasons: Readonly<Record<Pending, readonly [reason: string, message: string]>> = {
  second_factor: ["second_factor_required", "Show your second factor first."],
  password: ["password_change_required", "Change your password first."],
  enrolment: ["second_factor_enrolment_required", "This organization requires a second factor: enrol one first."],
};

/**
 * The decision, in the order that never tells a stranger what exists: the object is in the caller's organization
 * (404), then the caller may (403). What everybody signed in may do with their own account is decided before.
 * @throws NotFound | Forbidden `forbidden`, `key_scope`, `session_required`, `bound_session`, `no_organization`, or what is still to be done
 */
export function judge(principal: Principal, facts: Facts, permission: Permission): void {
  if (placeOf(permission) === "person") {
    judgeOwnAccount(principal, permission);
    if (facts.object === null) throw new NotFound();
    return;
  }
  if (permission === "session:read") {
    if (facts.object === null) throw new NotFound();
    return;
  }
  if (principal.kind === "session") {
    if (principal.pending !== null) throw new Forbidden(...pendingReasons[principal.pending]);
    if (principal.standing === null) {
      throw new Forbidden("no_organization", "You are not a member of any organization.");
    }
  }
  if (facts.object === null) throw new NotFound();
  if (isAllowed(principal, facts.organization, permission, facts.projectId)) return;
  if (isOwnKey(principal, facts.object, permission)) return;
  if (isReach(facts.object) && projectsWith(principal, facts.organization, facts.object, permission).length > 0) return;
  const byKey =
    principal.kind === "apiKey" && isAllowed(asHolder(principal), facts.organization, permission, facts.projectId);
  throw byKey
    ? new Forbidden("key_scope", `This API key was not made for ${permission} here.`)
    : new Forbidden("forbidden", `This needs the permission ${permission}.`);
}

/** Whoever still has to change a password or enrol a factor keeps to their own account; with a password alone they only see it. */
function judgeOwnAccount(principal: Principal, permission: Permission): void {
  if (principal.kind !== "session") {
    throw new Forbidden("session_required", "This is about a person's own account: sign in.");
  }
  if (principal.boundTo !== null) {
    throw new Forbidden(
      "bound_session",
      "This session is for one organization: sign in otherwise to see your account.",
    );
  }
  if (principal.pending === "second_factor" && permission !== "account:read") {
    throw new Forbidden(...pendingReasons.second_factor);
  }
}

/** What anybody may do with a key of their own, and a key with itself: none of it lets them do more than before. */
const withOwnKey: ReadonlySet<Permission> = new Set(["key:read", "key:update", "key:delete"]);
const withItself: ReadonlySet<Permission> = new Set(["key:read", "key:delete"]);

function isOwnKey(principal: Principal, object: unknown, permission: Permission): boolean {
  const allowed = principal.kind === "apiKey" ? withItself : withOwnKey;
  return allowed.has(permission) && isOwn(principal, object as Partial<ApiKey>);
}

/** Whether a key is the person's who is asking, or the very one that asks. */
export function isOwn(
  principal: Principal,
  { apiKeyId, userId }: Partial<Pick<ApiKey, "apiKeyId" | "userId">>,
): boolean {
  if (apiKeyId === undefined || principal.kind === "commandLine") return false;
  return principal.kind === "apiKey" ? apiKeyId === principal.apiKeyId : userId === principal.userId;
}

/** The person behind a principal; null where there is none. */
export function personOf(principal: Principal): string | null {
  return principal.kind === "commandLine" ? null : principal.userId;
}

function isReach(object: unknown): object is Reach {
  return typeof object === "object" && object !== null && "projects" in object;
}

/**
 * The projects at which a principal holds a permission that it may not hold at the organization: by roles there, or by
 * a key for one project.
 */
export function projectsWith(
  principal: Principal,
  organization: Pick<Organization, "founding">,
  { projects }: Reach,
  permission: Permission,
): string[] {
  const grants = new Map<string, Grant | null>(projects.map(({ projectId, grant }) => [projectId, grant]));
  const ofKey = principal.kind === "apiKey" ? principal.projectId : null;
  if (ofKey !== null && !grants.has(ofKey)) grants.set(ofKey, null);
  return [...grants]
    .filter(([projectId, grant]) => isAllowed(atProject(principal, grant), organization, permission, projectId))
    .map(([projectId]) => projectId);
}

/** The same principal, for what belongs to a project at which they have this role. */
export function atProject(principal: Principal, project: Grant | null): Principal {
  const { standing } = principal;
  return standing === null ? principal : { ...principal, standing: { ...standing, project } };
}

/** Whoever holds a key, without the key's own limits. */
function asHolder({ standing }: KeyPrincipal): Principal {
  return { kind: "commandLine", standing: standing ?? { organization: null, project: null } };
}

/**
 * Whether a principal holds a permission in its organization, for an object of this project or of none. A key never has
 * more than its holder has now, nor anything outside the project that it is for.
 */
export function isAllowed(
  principal: Principal,
  organization: Pick<Organization, "founding">,
  permission: Permission,
  projectId: string | null = null,
): boolean {
  if (placeOf(permission) === "person") return principal.kind === "session";
  if (principal.standing === null || !decide(principal.standing, permission)) return false;
  if (installationWide.has(permission) && !organization.founding) return false;
  if (principal.kind !== "apiKey") return true;
  if (!holds(principal.grant, permission)) return false;
  return principal.projectId === null || principal.projectId === projectId;
}

/**
 * Whether a principal could give all of this at the organization, or at the project: nobody gives what they do not have.
 * @param wanted what is to be given
 */
export function canGive(
  principal: Principal,
  organization: Pick<Organization, "founding">,
  wanted: Iterable<Permission>,
  projectId: string | null = null,
): boolean {
  for (const permission of wanted) {
    // What only the founding organization can do is worth nothing elsewhere, whoever has the word for it.
    if (
      !isAllowed(
        principal,
        { founding: organization.founding || installationWide.has(permission) },
        permission,
        projectId,
      )
    )
      return false;
  }
  return true;
}

/** Everything that a grant is worth: for a key of one project, what is about the organization itself is worth nothing. */
export function worthOf(grant: Grant | null, projectId: string | null): Permission[] {
  return [...grantedBy(grant)].filter((permission) => projectId === null || placeOf(permission) === "project");
}

/** What a key can do now: what it was made for, of what its holder still may. */
export function reachOf({ grant, holder, projectId }: Pick<ApiKey, "grant" | "holder" | "projectId">): Permission[] {
  return worthOf(grant, projectId).filter((permission) => holder !== null && decide(holder, permission));
}
