/**
 * The only permission table. A new cell is one line in `table`; everything else here is derived from it. The module has
 * plain data and pure functions only, because the console and the command line read it too.
 */

/** The built-in roles of an organization, weakest first. Each role holds everything that the roles before it hold. */
export const roles = ["viewer", "developer", "admin", "owner"] as const;

export type Role = (typeof roles)[number];

/** Whether a text is the name of a built-in role. */
export function isRole(name: string): name is Role {
  return roles.some((role) => role === name);
}

/**
 * The lowest role that has a permission, and where a role can give it: `project` = a role at the object's project is
 * enough; `organization` = only the role at the organization counts; `person` = every signed-in person has it for their
 * own account, no role gives or removes it, and no key has it.
 */
interface Cell {
  readonly from: Role;
  readonly level: "organization" | "project" | "person";
}

const table = {
  "organization:read": { from: "viewer", level: "organization" },
  // It also requires the root organization.
  "organization:create": { from: "owner", level: "organization" },
  "organization:update": { from: "admin", level: "organization" },
  "organization:delete": { from: "owner", level: "organization" },

  "project:read": { from: "viewer", level: "project" },
  "project:create": { from: "developer", level: "organization" },
  "project:update": { from: "developer", level: "project" },
  "project:delete": { from: "admin", level: "project" },

  "environment:read": { from: "viewer", level: "project" },
  "environment:create": { from: "developer", level: "project" },
  "environment:update": { from: "developer", level: "project" },
  "environment:delete": { from: "admin", level: "project" },

  "application:read": { from: "viewer", level: "project" },
  "application:create": { from: "developer", level: "project" },
  "application:update": { from: "developer", level: "project" },
  "application:delete": { from: "developer", level: "project" },

  "security:read": { from: "viewer", level: "project" },
  "security:create": { from: "developer", level: "project" },
  "security:update": { from: "developer", level: "project" },
  "security:delete": { from: "developer", level: "project" },

  "route:read": { from: "viewer", level: "project" },
  "route:create": { from: "developer", level: "project" },
  "route:update": { from: "developer", level: "project" },
  "route:delete": { from: "developer", level: "project" },

  "claim:read": { from: "viewer", level: "organization" },
  "claim:release": { from: "admin", level: "organization" },

  // A change of a gateway also requires the root organization. The location of the gateway decides that.
  "gateway:read": { from: "viewer", level: "organization" },
  "gateway:create": { from: "owner", level: "organization" },
  "gateway:update": { from: "owner", level: "organization" },
  "gateway:delete": { from: "owner", level: "organization" },

  "member:read": { from: "viewer", level: "organization" },
  "member:update": { from: "admin", level: "organization" },
  "member:delete": { from: "admin", level: "organization" },

  "invitation:read": { from: "admin", level: "organization" },
  "invitation:create": { from: "admin", level: "organization" },
  "invitation:delete": { from: "admin", level: "organization" },

  "role:read": { from: "viewer", level: "organization" },
  "role:create": { from: "admin", level: "organization" },
  "role:update": { from: "admin", level: "organization" },
  "role:delete": { from: "admin", level: "organization" },

  "service-account:read": { from: "admin", level: "organization" },
  "service-account:create": { from: "admin", level: "organization" },
  "service-account:update": { from: "admin", level: "organization" },
  "service-account:delete": { from: "admin", level: "organization" },

  "provider:read": { from: "admin", level: "organization" },
  "provider:create": { from: "owner", level: "organization" },
  "provider:update": { from: "owner", level: "organization" },
  "provider:delete": { from: "owner", level: "organization" },

  // The holder of a key may read, change and revoke it without a permission. `list` shows the caller's own keys, with
  // `read` all keys.
  "key:list": { from: "viewer", level: "project" },
  "key:create": { from: "developer", level: "project" },
  "key:read": { from: "admin", level: "project" },
  "key:update": { from: "admin", level: "project" },
  "key:delete": { from: "admin", level: "project" },

  "sync:read": { from: "viewer", level: "project" },
  "audit:read": { from: "admin", level: "organization" },
  // For objects that belong to no organization. It also requires the root organization.
  "installation-audit:read": { from: "owner", level: "organization" },
  "session:read": { from: "viewer", level: "organization" },

  "account:read": { from: "viewer", level: "person" },
  "account:update": { from: "viewer", level: "person" },
} as const satisfies Record<`${string}:${string}`, Cell>;

/** `resource:action`, a cell of the table. */
export type Permission = keyof typeof table;

export function isPermission(text: string): text is Permission {
  return Object.hasOwn(table, text);
}

/** Every permission, in the order of the table. */
export const permissions: readonly Permission[] = Object.keys(table).filter(isPermission);

/** Where a role has to be given for it to hold a permission. */
export function levelOf(permission: Permission): Cell["level"] {
  return table[permission].level;
}

/** Every permission that a role or a key can have. */
export const grantable: readonly Permission[] = permissions.filter((permission) => levelOf(permission) !== "person");

const held: ReadonlyMap<string, ReadonlySet<Permission>> = new Map(
  roles.map((role, rank) => [
    role,
    new Set(grantable.filter((permission) => roles.indexOf(table[permission].from) <= rank)),
  ]),
);

const none: ReadonlySet<Permission> = new Set();

/** The permissions of a role. An unknown role (a row from a newer version, for example) has none. */
export function permissionsOf(role: string): ReadonlySet<Permission> {
  return held.get(role) ?? none;
}

/** A grant: a built-in role, or the permissions of a custom role or of a key. */
export type Grant =
  | { readonly role: string; readonly permissions: null }
  | { readonly role: null; readonly permissions: readonly string[] };

/** All permissions of a grant. A name that is not in the table gives none. */
export function grantedBy(grant: Grant | null): ReadonlySet<Permission> {
  if (grant === null) return none;
  if (grant.role !== null) return permissionsOf(grant.role);
  return new Set(grant.permissions.filter((name) => isPermission(name) && levelOf(name) !== "person") as Permission[]);
}

/** The roles of a principal at the object's organization and at the object's own project. They add up. */
export interface Standing {
  /** `null`: no role at the organization itself. */
  readonly organization: Grant | null;
  /** Given at the project that the object belongs to. Roles at other projects do not count. */
  readonly project: Grant | null;
}

/**
 * Whether a permission is held at the organization or, for objects inside a project, at that project. The caller has
 * already established that the object is in the organization: this function decides between 403 and success, never 404.
 */
export function decide(standing: Standing, permission: Permission): boolean {
  if (!isPermission(permission) || levelOf(permission) === "person") return false;
  if (holds(standing.organization, permission)) return true;
  return levelOf(permission) === "project" && holds(standing.project, permission);
}

/** Whether a grant holds a permission. */
export function holds(grant: Grant | null, permission: Permission): boolean {
  if (grant === null) return false;
  return grant.role !== null ? permissionsOf(grant.role).has(permission) : grant.permissions.includes(permission);
}
