/**
 * What each caller is answered, written by hand. Acme owns what is asked for, and is the root organization; the
 * strangers are Beta's. A role is held by key, by session and by a service account alike.
 */
export interface Expected {
  readonly viewer: number;
  readonly developer: number;
  readonly admin: number;
  readonly owner: number;
  readonly strangerOwner: number;
  readonly strangerViewer: number;
  /** A member without a role, but a developer at the object's own project. */
  readonly there: number;
  /** A member without a role, but an owner at another project; and an owner's key for that other project. */
  readonly elsewhere: number;
  /** A member by a role of a few words, and an owner's key with these scopes: see `someWords`. */
  readonly words: number;
}

export const columns = [
  "strangerViewer",
  "strangerOwner",
  "elsewhere",
  "words",
  "there",
  "viewer",
  "developer",
  "admin",
  "owner",
] as const satisfies readonly (keyof Expected)[];

/** The words of an organization's own role, and the scopes of a key. */
export const someWords = [
  "project:read",
  "application:read",
  "application:delete",
  "security:create",
  "route:update",
  "key:list",
  "audit:read",
  "member:read",
] as const;

/** Viewer, developer, admin, owner; the other organization's owner and viewer; by a project role there and elsewhere. */
export const of = (
  ...[viewer, developer, admin, owner, strangerOwner, strangerViewer, there = 403, elsewhere = 403, words = 403]: [
    number,
    number,
    number,
    number,
    number,
    number,
    number?,
    number?,
    number?,
  ]
): Expected => ({ viewer, developer, admin, owner, strangerOwner, strangerViewer, there, elsewhere, words });

/** About the organization: whoever has no role in it may not. */
export const everybody = of(200, 200, 200, 200, 200, 200);
export const reads = of(200, 200, 200, 200, 404, 404);
export const administers = of(403, 403, 200, 200, 404, 404);
export const administersOwn = of(403, 403, 200, 200, 200, 403);
export const owns = of(403, 403, 403, 200, 404, 404);
export const ownsOwn = of(403, 403, 403, 200, 200, 403);
/** The installation's: an owner of another organization than the root organization may not. */
export const founds = of(403, 403, 403, 200, 403, 403);

/** Inside a project: a role there is enough. */
export const readsThere = { ...reads, there: 200 };
export const writesThere = of(403, 200, 200, 200, 404, 404, 200);
export const administersThere = of(403, 403, 200, 200, 404, 404);

/** One of the words, too. */
export const withWord = (expected: Expected): Expected => ({ ...expected, words: 200 });

/** Whoever is asked who they are is told. */
export const anybody = of(200, 200, 200, 200, 200, 200, 200, 200, 200);
