import { Forbidden, NotFound, Unauthenticated } from "./errors";
import type { Organization } from "./located";
import { decide, type Permission, type Role } from "./permissions";

/** Who acts. */
export type Principal =
  | { readonly kind: "apiKey"; readonly apiKeyId: string; readonly userId: string | null; readonly role: Role }
  | { readonly kind: "commandLine"; readonly role: "owner" };

/** What one statement said of the caller and of the object it names. */
export interface Facts {
  readonly apiKey: KeyFacts | null;
  readonly organization: Organization;
  /** `null`: not in the caller's organization, or nowhere. */
  readonly object: unknown;
}

export interface KeyFacts {
  readonly apiKeyId: string;
  readonly userId: string | null;
  readonly role: Role;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}

/** The permissions that reach beyond one organization: its holder must also belong to the founding one. */
const installationWide: ReadonlySet<Permission> = new Set(["gateway:create", "gateway:update", "gateway:delete"]);

/**
 * Who is asking: 401 for nobody.
 * @param now the moment by which a key is expired or not.
 * @throws Unauthenticated `key_unknown`, `key_revoked`, `key_expired`
 */
export function principalOf(facts: Facts | null, now: Date): Principal {
  if (!facts) throw new Unauthenticated("key_unknown", "This API key is not known here.");
  const key = facts.apiKey;
  if (!key) return { kind: "commandLine", role: "owner" };
  if (key.revokedAt) throw new Unauthenticated("key_revoked", "This API key was revoked.");
  if (key.expiresAt && new Date(key.expiresAt) <= now) {
    throw new Unauthenticated("key_expired", "This API key has expired.");
  }
  return { kind: "apiKey", apiKeyId: key.apiKeyId, userId: key.userId, role: key.role };
}

/**
 * The decision, in the order that never tells a stranger what exists: the object is in the caller's organization
 * (404), then the caller may (403).
 * @throws NotFound | Forbidden
 */
export function judge(principal: Principal, facts: Facts, permission: Permission): void {
  if (facts.object === null) throw new NotFound();
  if (!isAllowed(principal, facts.organization, permission))
    throw new Forbidden("forbidden", `This needs the permission ${permission}.`);
}

/** Whether a principal holds a permission in its organization. */
export function isAllowed(
  principal: Principal,
  organization: Pick<Organization, "founding">,
  permission: Permission,
): boolean {
  return decide({ role: principal.role }, permission) && (!installationWide.has(permission) || organization.founding);
}
