/**
 * The expected status for each kind of caller, written by hand. Acme is the root organization and owns the requested
 * object. The strangers belong to Beta. Keys, sessions and service accounts with the same role get the same status.
 */
export interface Expected {
  readonly viewer: number;
  readonly developer: number;
  readonly admin: number;
  readonly owner: number;
  readonly strangerOwner: number;
  readonly strangerViewer: number;
  /** A member without a role in the organization who is a developer in the project of the object. */
  readonly projectDeveloper: number;
  /** A member without a role in the organization who owns another project, and an owner's key for that project. */
  readonly otherProject: number;
  /** A member with a custom role, and an owner's key with the same scopes: see `customPermissions`. */
  readonly custom: number;
}

export const columns = [
  "strangerViewer",
  "strangerOwner",
  "otherProject",
  "custom",
  "projectDeveloper",
  "viewer",
  "developer",
  "admin",
  "owner",
] as const satisfies readonly (keyof Expected)[];

/** The permissions of the custom role, and the scopes of a key. */
export const customPermissions = [
  "project:read",
  "application:read",
  "application:delete",
  "security:create",
  "route:update",
  "key:list",
  "audit:read",
  "member:read",
] as const;

/** Statuses for viewer, developer, admin, owner, the owner and viewer of Beta, then the project and custom roles. */
export const statuses = (
  ...[
    viewer,
    developer,
    admin,
    owner,
    strangerOwner,
    strangerViewer,
    projectDeveloper = 403,
    otherProject = 403,
    custom = 403,
  ]: [number, number, number, number, number, number, number?, number?, number?]
): Expected => ({
  viewer,
  developer,
  admin,
  owner,
  strangerOwner,
  strangerViewer,
  projectDeveloper,
  otherProject,
  custom,
});

/** About the organization: requires any role in it. The caller's own organization is addressed. */
export const anyRole = statuses(200, 200, 200, 200, 200, 200);
export const reads = statuses(200, 200, 200, 200, 404, 404);
export const administers = statuses(403, 403, 200, 200, 404, 404);
export const administersOwn = statuses(403, 403, 200, 200, 200, 403);
export const owns = statuses(403, 403, 403, 200, 404, 404);
export const ownsOwn = statuses(403, 403, 403, 200, 200, 403);
/** About the installation: requires an owner of the root organization. */
export const ownsRoot = statuses(403, 403, 403, 200, 403, 403);

/** Inside a project: a role in the project is sufficient. */
export const readsInProject = { ...reads, projectDeveloper: 200 };
export const writesInProject = statuses(403, 200, 200, 200, 404, 404, 200);
export const administersInProject = statuses(403, 403, 200, 200, 404, 404);

/** About the organization: requires a developer in it or in any of its projects. */
export const createsAnywhere = statuses(403, 200, 200, 200, 200, 403, 200, 200);

/** The custom permissions include this one. */
export const withCustom = (expected: Expected): Expected => ({ ...expected, custom: 200 });

/** Every authenticated caller may read their own session. */
export const everyCaller = statuses(200, 200, 200, 200, 200, 200, 200, 200, 200);
