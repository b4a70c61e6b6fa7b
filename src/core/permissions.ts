/**
 * The one permission table. A new cell is one line in `table`; everything else here follows from it.
 * Plain data and pure functions: the console and the command line read it too.
 */

/** The built-in roles of an organization, weakest first; each holds everything that the ones before it hold. */
export const roles = ["viewer", "developer", "admin", "owner"] as const;

export type Role = (typeof roles)[number];

/**
 * From which role on a permission is held, and where a role can be given for it:
 * `project` = a role at the object's project is enough, `organization` = only the role at the organization counts.
 */
interface Cell {
  readonly from: Role;
  readonly at: "organization" | "project";
}

const table = {
  "organization:read": { from: "viewer", at: "organization" },
  "organization:update": { from: "admin", at: "organization" },
  "organization:delete": { from: "owner", at: "organization" },

  "project:read": { from: "viewer", at: "project" },
  "project:create": { from: "developer", at: "organization" },
  "project:update": { from: "developer", at: "project" },
  "project:delete": { from: "admin", at: "project" },

  "environment:read": { from: "viewer", at: "project" },
  "environment:create": { from: "developer", at: "project" },
  "environment:update": { from: "developer", at: "project" },
  "environment:delete": { from: "admin", at: "project" },

  "application:read": { from: "viewer", at: "project" },
  "application:create": { from: "developer", at: "project" },
  "application:update": { from: "developer", at: "project" },
  "application:delete": { from: "developer", at: "project" },

  "security:read": { from: "viewer", at: "project" },
  "security:create": { from: "developer", at: "project" },
  "security:update": { from: "developer", at: "project" },
  "security:delete": { from: "developer", at: "project" },

  "route:read": { from: "viewer", at: "project" },
  "route:create": { from: "developer", at: "project" },
  "route:update": { from: "developer", at: "project" },
  "route:delete": { from: "developer", at: "project" },

  "claim:read": { from: "viewer", at: "organization" },
  "claim:release": { from: "admin", at: "organization" },

  // Changing a gateway also asks for the founding organization, which is decided where the gateway is located.
  "gateway:read": { from: "viewer", at: "organization" },
  "gateway:create": { from: "owner", at: "organization" },
  "gateway:update": { from: "owner", at: "organization" },
  "gateway:delete": { from: "owner", at: "organization" },

  "key:read": { from: "admin", at: "organization" },
  "key:create": { from: "admin", at: "organization" },
  "key:update": { from: "admin", at: "organization" },
  "key:delete": { from: "admin", at: "organization" },

  "sync:read": { from: "viewer", at: "project" },
  "audit:read": { from: "admin", at: "organization" },
  "session:read": { from: "viewer", at: "organization" },
} as const satisfies Record<`${string}:${string}`, Cell>;

/** `resource:action`, a cell of the table. */
export type Permission = keyof typeof table;

function isPermission(text: string): text is Permission {
  return Object.hasOwn(table, text);
}

/** Every permission, in the order of the table. */
export const permissions: readonly Permission[] = Object.keys(table).filter(isPermission);

const held: ReadonlyMap<string, ReadonlySet<Permission>> = new Map(
  roles.map((role, rank) => [
    role,
    new Set(permissions.filter((permission) => roles.indexOf(table[permission].from) <= rank)),
  ]),
);

const none: ReadonlySet<Permission> = new Set();

/** What a role may do. A word that is no role (a row from a newer version, say) may do nothing. */
export function permissionsOf(role: string): ReadonlySet<Permission> {
  return held.get(role) ?? none;
}

/** What somebody is at the object's organization, and at the object's own project. */
export interface Standing {
  /** `null`: no role at the organization itself. */
  readonly role: Role | null;
  /** Roles given at the project that the object belongs to, and at no other. */
  readonly projectRoles?: readonly Role[];
}

/**
 * Whether a permission is held at the organization or, for what lies inside a project, at that project.
 * That the object *is* in the organization has been established before; this answers 403 or not, never 404.
 */
export function decide(standing: Standing, permission: Permission): boolean {
  if (!isPermission(permission)) return false;
  if (standing.role !== null && permissionsOf(standing.role).has(permission)) return true;
  if (table[permission].at !== "project") return false;
  return (standing.projectRoles ?? []).some((role) => permissionsOf(role).has(permission));
}
