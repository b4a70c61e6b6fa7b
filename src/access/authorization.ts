import type { ParamsOf, RefusalReason } from "../platform/errors/reasons";
import { Refusal } from "../platform/errors/refusal";
import type { Organization, Reach } from "./organization";
import { decide, type Grant, grantedBy, holds, levelOf, type Permission, type Standing } from "./permissions";
import type { Facts, KeyPrincipal, Pending, Principal } from "./principal";

/** The permissions that reach beyond one organization. Their holder must also belong to the root organization. */
export const installationWide: ReadonlySet<Permission> = new Set([
  "organization:create",
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

/** What a request names, as the refusal reports it. */
type About = ParamsOf<"not_found">;

/**
 * Makes the authorization decision. The order never reveals to a stranger what exists: first whether the object is in
 * the caller's organization (404), then whether the caller is allowed (403). What every signed-in person may do with
 * their own account is decided before.
 * @param about what the request names
 * @returns the located object
 * @throws Refusal `not_found` | `forbidden`, `key_scope`, `session_required`, `bound_session`, `no_organization`, or
 * the reason for a pending step
 */
export function authorize<O>(principal: Principal, facts: Facts<O>, permission: Permission, about: About): O {
  const { object, organization, projectId } = facts;
  if (levelOf(permission) === "person") {
    authorizeOwnAccount(principal, permission);
    return found(object, about);
  }
  if (permission === "session:read") return found(object, about);
  if (principal.kind === "session") {
    if (principal.pending !== null) throw new Refusal(pendingReasons[principal.pending]);
    if (principal.standing === null) throw new Refusal("no_organization");
  }
  const located = found(object, about);
  if (isAllowed(principal, organization, permission, projectId)) return located;
  if (allowsOwnKey(principal, located, permission)) return located;
  if (isReach(located) && projectsWith(principal, organization, located, permission).length > 0) return located;
  throw notAllowed(principal, organization, permission, projectId);
}

/** The refusal of a principal without this permission. It says whether only the key lacks it. */
function notAllowed(
  principal: Principal,
  organization: Pick<Organization, "root">,
  permission: Permission,
  projectId: string | null,
): Refusal {
  const byKey = principal.kind === "apiKey" && isAllowed(asHolder(principal), organization, permission, projectId);
  return new Refusal(byKey ? "key_scope" : "forbidden", { permission });
}

/**
 * For an act that also creates or changes another object than the one that the request names.
 * @throws Refusal `forbidden`, `key_scope`
 */
export function requireAllowed(
  principal: Principal,
  organization: Pick<Organization, "root">,
  permission: Permission,
  projectId: string | null = null,
): void {
  if (!isAllowed(principal, organization, permission, projectId)) {
    throw notAllowed(principal, organization, permission, projectId);
  }
}

function found<O>(object: O | null, about: About): O {
  if (object === null) throw new Refusal("not_found", about);
  return object;
}

/**
 * A person who still has to change a password or enrol a factor can only use their own account. With a password alone,
 * they can only view it.
 */
function authorizeOwnAccount(principal: Principal, permission: Permission): void {
  if (principal.kind !== "session") throw new Refusal("session_required");
  if (principal.boundTo !== null) throw new Refusal("bound_session");
  if (principal.pending === "second_factor" && permission !== "account:read") {
    throw new Refusal(pendingReasons.second_factor);
  }
}

/** An API key, as far as its ownership matters. */
interface HeldKey {
  readonly apiKeyId: string;
  readonly userId: string | null;
}

/** What a person may do with their own key, and a key with itself. None of it extends their permissions. */
const withOwnKey: ReadonlySet<Permission> = new Set(["key:read", "key:update", "key:delete"]);
const withItself: ReadonlySet<Permission> = new Set(["key:read", "key:delete"]);

function allowsOwnKey(principal: Principal, object: unknown, permission: Permission): boolean {
  const allowed = principal.kind === "apiKey" ? withItself : withOwnKey;
  return allowed.has(permission) && isKey(object) && isOwnKey(principal, object);
}

function isKey(object: unknown): object is HeldKey {
  if (typeof object !== "object" || object === null || !("apiKeyId" in object && "userId" in object)) return false;
  return typeof object.apiKeyId === "string";
}

/** Whether a key belongs to the caller, or is the calling key itself. */
export function isOwnKey(principal: Principal, { apiKeyId, userId }: HeldKey): boolean {
  if (principal.kind === "commandLine") return false;
  return principal.kind === "apiKey" ? apiKeyId === principal.apiKeyId : userId === principal.userId;
}

function isReach(object: unknown): object is Reach {
  return typeof object === "object" && object !== null && "projects" in object;
}

/**
 * The projects at which a principal holds a permission that it does not hold at the organization: by roles at projects,
 * or by a key for one project.
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

/** The projects of whose objects a list shows something; `all` projects of the organization, or these. */
export type VisibleProjects = "all" | readonly string[];

/**
 * Where a caller holds a permission, for a list of objects of projects.
 * @param object the located object: a project, something in a project, or the caller's reach
 */
export function visibleProjects(
  principal: Principal,
  organization: Pick<Organization, "root">,
  object: Reach | { readonly projectId: string },
  permission: Permission,
): VisibleProjects {
  if (isReach(object)) {
    const isEverywhere = isAllowed(principal, organization, permission);
    return isEverywhere ? "all" : projectsWith(principal, organization, object, permission);
  }
  return isAllowed(principal, organization, permission, object.projectId) ? [object.projectId] : [];
}

/** The same principal, for objects of a project at which they have this role. */
export function atProject(principal: Principal, project: Grant | null): Principal {
  const { standing } = principal;
  return standing === null ? principal : { ...principal, standing: { ...standing, project } };
}

/** The holder of a key, without the key's own limits. */
function asHolder({ standing }: KeyPrincipal): Principal {
  return { kind: "commandLine", standing: standing ?? { organization: null, project: null } };
}

/**
 * Whether a principal holds a permission in its organization, for an object of this project or of no project. A key
 * never has more permissions than its holder has now, and none outside its project.
 */
export function isAllowed(
  principal: Principal,
  organization: Pick<Organization, "root">,
  permission: Permission,
  projectId: string | null = null,
): boolean {
  if (levelOf(permission) === "person") return principal.kind === "session";
  if (principal.standing === null || !decide(principal.standing, permission)) return false;
  if (installationWide.has(permission) && !organization.root) return false;
  if (principal.kind !== "apiKey") return true;
  if (!holds(principal.grant, permission)) return false;
  return principal.projectId === null || principal.projectId === projectId;
}

/**
 * Whether a principal can grant all of this at the organization, or at the project. Principals can only grant
 * permissions that they hold.
 * @param wanted the permissions to be granted
 */
export function canGive(
  principal: Principal,
  organization: Pick<Organization, "root">,
  wanted: Iterable<Permission>,
  projectId: string | null = null,
): boolean {
  for (const permission of wanted) {
    // A permission of the root organization has no effect in other organizations.
    if (!isAllowed(principal, { root: organization.root || installationWide.has(permission) }, permission, projectId))
      return false;
  }
  return true;
}

/** The permissions that a grant gives. A key of one project has no permissions at the organization itself. */
export function permissionsOfGrant(grant: Grant | null, projectId: string | null): Permission[] {
  return [...grantedBy(grant)].filter((permission) => projectId === null || levelOf(permission) === "project");
}

/** The grant of a key, and the current roles of its holder. */
interface GrantOfKey {
  readonly grant: Grant;
  /** `null`: the holder has left the organization. */
  readonly holder: Standing | null;
  /** The only project that the key is for; null for all projects. */
  readonly projectId: string | null;
}

/** What a key can do now: its own grant, limited to what its holder may do. */
export function effectivePermissions({ grant, holder, projectId }: GrantOfKey): Permission[] {
  return permissionsOfGrant(grant, projectId).filter((permission) => holder !== null && decide(holder, permission));
}
