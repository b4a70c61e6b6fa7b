import type { ParamsOf, RefusalReason } from "../platform/errors/reasons";
import { Refusal } from "../platform/errors/refusal";
import type { Organization, Reach } from "./organization";
import { decide, type Grant, grantedBy, holds, type Permission, placeOf, type Standing } from "./permissions";
import type { Facts, KeyPrincipal, Pending, Principal } from "./principal";

/** The permissions that reach beyond one organization: its holder must also belong to the root organization. */
export const installationWide: ReadonlySet<Permission> = new Set([
  "gateway:create",
  "gateway:update",
  "gateway:delete",
  "installation-audit:read",
]);

const pendingReasons = {
  second_factor: "second_factor_required",
  password: "password_change_required",
  enrolment: "second_factor_enrolment_required",
} as const satisfies Readonly<Record<Pending, RefusalReason>>;

/** What a request names, as its refusal says it. */
type About = ParamsOf<"not_found">;

/**
 * The decision, in the order that never tells a stranger what exists: the object is in the caller's organization
 * (404), then the caller may (403). What everybody signed in may do with their own account is decided before.
 * @param about what the request names
 * @returns the located object
 * @throws Refusal `not_found` | `forbidden`, `key_scope`, `session_required`, `bound_session`, `no_organization`, or what is still to be done
 */
export function judge<O>(principal: Principal, facts: Facts<O>, permission: Permission, about: About): O {
  const { object, organization, projectId } = facts;
  if (placeOf(permission) === "person") {
    judgeOwnAccount(principal, permission);
    return found(object, about);
  }
  if (permission === "session:read") return found(object, about);
  if (principal.kind === "session") {
    if (principal.pending !== null) throw new Refusal(pendingReasons[principal.pending]);
    if (principal.standing === null) throw new Refusal("no_organization");
  }
  const located = found(object, about);
  if (isAllowed(principal, organization, permission, projectId)) return located;
  if (isOwnKey(principal, located, permission)) return located;
  if (isReach(located) && projectsWith(principal, organization, located, permission).length > 0) return located;
  const byKey = principal.kind === "apiKey" && isAllowed(asHolder(principal), organization, permission, projectId);
  throw new Refusal(byKey ? "key_scope" : "forbidden", { permission });
}

function found<O>(object: O | null, about: About): O {
  if (object === null) throw new Refusal("not_found", about);
  return object;
}

/** Whoever still has to change a password or enrol a factor keeps to their own account; with a password alone they only see it. */
function judgeOwnAccount(principal: Principal, permission: Permission): void {
  if (principal.kind !== "session") throw new Refusal("session_required");
  if (principal.boundTo !== null) throw new Refusal("bound_session");
  if (principal.pending === "second_factor" && permission !== "account:read") {
    throw new Refusal(pendingReasons.second_factor);
  }
}

/** An API key, as far as it matters who holds it. */
interface HeldKey {
  readonly apiKeyId: string;
  readonly userId: string | null;
}

/** What anybody may do with a key of their own, and a key with itself: none of it lets them do more than before. */
const withOwnKey: ReadonlySet<Permission> = new Set(["key:read", "key:update", "key:delete"]);
const withItself: ReadonlySet<Permission> = new Set(["key:read", "key:delete"]);

function isOwnKey(principal: Principal, object: unknown, permission: Permission): boolean {
  const allowed = principal.kind === "apiKey" ? withItself : withOwnKey;
  return allowed.has(permission) && isKey(object) && isOwn(principal, object);
}

function isKey(object: unknown): object is HeldKey {
  if (typeof object !== "object" || object === null || !("apiKeyId" in object && "userId" in object)) return false;
  return typeof object.apiKeyId === "string";
}

/** Whether a key is the person's who is asking, or the very one that asks. */
export function isOwn(principal: Principal, { apiKeyId, userId }: HeldKey): boolean {
  if (principal.kind === "commandLine") return false;
  return principal.kind === "apiKey" ? apiKeyId === principal.apiKeyId : userId === principal.userId;
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
  organization: Pick<Organization, "root">,
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
  organization: Pick<Organization, "root">,
  permission: Permission,
  projectId: string | null = null,
): boolean {
  if (placeOf(permission) === "person") return principal.kind === "session";
  if (principal.standing === null || !decide(principal.standing, permission)) return false;
  if (installationWide.has(permission) && !organization.root) return false;
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
  organization: Pick<Organization, "root">,
  wanted: Iterable<Permission>,
  projectId: string | null = null,
): boolean {
  for (const permission of wanted) {
    // What only the root organization can do is worth nothing elsewhere, whoever has the word for it.
    if (!isAllowed(principal, { root: organization.root || installationWide.has(permission) }, permission, projectId))
      return false;
  }
  return true;
}

/** Everything that a grant is worth: for a key of one project, what is about the organization itself is worth nothing. */
export function worthOf(grant: Grant | null, projectId: string | null): Permission[] {
  return [...grantedBy(grant)].filter((permission) => projectId === null || placeOf(permission) === "project");
}

/** What a key grants, and the roles of its holder now. */
interface GrantOfKey {
  readonly grant: Grant;
  /** `null`: the holder has left. */
  readonly holder: Standing | null;
  /** The one project that it is for; null for all. */
  readonly projectId: string | null;
}

/** What a key can do now: what it was created for, as far as its holder still may. */
export function reachOf({ grant, holder, projectId }: GrantOfKey): Permission[] {
  return worthOf(grant, projectId).filter((permission) => holder !== null && decide(holder, permission));
}
