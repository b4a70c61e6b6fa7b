import { describe, expect, test } from "vitest";
import { authorize, canGive, effectivePermissions, isOwnKey, permissionsOfGrant } from "#src/access/authorization";
import type { Organization } from "#src/access/organization";
import { type Grant, levelOf, type Permission, permissions, permissionsOf, type Role } from "#src/access/permissions";
import type { Facts, KeyPrincipal, Principal, SessionPrincipal } from "#src/access/principal";
import type { LocatedKey } from "#src/features/keys/resource";
import type { Refusal } from "#src/platform/errors/refusal";

const organization: Organization = {
  organizationId: "org_1",
  name: "Acme",
  slug: "acme",
  defaultAccess: "protected",
  neverPublic: false,
  passwordPolicy: "advise",
  upstreams: "any",
  root: false,
  requireSecondFactor: false,
  maxKeyDays: null,
  maxKeysPerMember: 10,
  keyRequestsPerMinute: null,
  version: 1,
};
const builtIn = (role: Role): Grant => ({ role, permissions: null });
const grantOf = (...granted: Permission[]): Grant => ({ role: null, permissions: granted });
const everywhere = (role: Role | null) => ({ organization: role && builtIn(role), project: null });

const session = (userId: string, role: Role | null): SessionPrincipal => ({
  kind: "session",
  sessionId: `ses_${userId}`,
  userId,
  email: `${userId}@example.org`,
  locale: null,
  version: 1,
  name: null,
  methods: ["password"],
  standing: everywhere(role),
  pending: null,
  boundTo: null,
});
const keyOf = (apiKeyId: string, grant: Grant, role: Role = "owner"): KeyPrincipal => ({
  kind: "apiKey",
  apiKeyId,
  name: apiKeyId,
  userId: "ada",
  serviceAccountId: null,
  standing: everywhere(role),
  grant,
  projectId: null,
  overlapEndsAt: null,
});
const key: LocatedKey = {
  apiKeyId: "key_1",
  organizationId: "org_1",
  name: "ci",
  userId: "ada",
  serviceAccountId: null,
  role: "owner",
  projectId: null,
  grant: builtIn("owner"),
  holder: everywhere("owner"),
  expiresAt: null,
  revokedAt: null,
  version: 1,
};
function reasonOf(principal: Principal, object: unknown, permission: Permission): string | null {
  const facts: Facts = {
    principal: { kind: "commandLine", standing: everywhere(null) },
    organization,
    object,
    projectId: null,
  };
  try {
    authorize(principal, facts, permission, { kind: "apiKey", id: "key_1" });
    return null;
  } catch (refusal) {
    return (refusal as Refusal).reason;
  }
}

describe("a person's own key (TM-25)", () => {
  test.each(["key:read", "key:update", "key:delete"] as const)(
    "the holder of a key has %s on it with every role",
    (permission) => {
      for (const role of ["viewer", "developer"] as const) {
        expect(reasonOf(session("ada", role), key, permission)).toBeNull();
        expect(reasonOf(session("bob", role), key, permission)).toBe("forbidden");
      }
      expect(reasonOf(session("bob", "admin"), key, permission)).toBeNull();
    },
  );

  test("holding a key gives neither key:create nor any permission on other objects", () => {
    expect(reasonOf(session("ada", "viewer"), key, "key:create")).toBe("forbidden");
    expect(reasonOf(session("ada", "viewer"), key, "application:update")).toBe("forbidden");
    expect(reasonOf(session("ada", "viewer"), { ...key, apiKeyId: undefined }, "key:delete")).toBe("forbidden");
  });

  test("the holder of a key has no permission on it during a pending sign-in step or without an organization", () => {
    expect(reasonOf({ ...session("ada", "owner"), pending: "second_factor" }, key, "key:delete")).toBe(
      "second_factor_required",
    );
    expect(reasonOf({ ...session("ada", "owner"), standing: null }, key, "key:delete")).toBe("no_organization");
  });

  test("a key can read and revoke itself, but cannot change itself or touch other keys of its holder", () => {
    const oneScope = grantOf("security:read");
    expect(reasonOf(keyOf("key_1", oneScope), key, "key:read")).toBeNull();
    expect(reasonOf(keyOf("key_1", oneScope), key, "key:delete")).toBeNull();
    expect(reasonOf(keyOf("key_1", oneScope), key, "key:update")).toBe("key_scope");
    for (const permission of ["key:read", "key:update", "key:delete"] as const) {
      expect(reasonOf(keyOf("key_2", oneScope), key, permission)).toBe("key_scope");
    }
    expect(isOwnKey({ kind: "commandLine", standing: everywhere("owner") }, key)).toBe(false);
  });

  test("every key can read its own session", () => {
    expect(reasonOf(keyOf("key_1", grantOf("security:read")), organization, "session:read")).toBeNull();
    expect(reasonOf(keyOf("key_1", grantOf("security:read")), null, "session:read")).toBe("not_found");
  });
});

describe("permissions of a key (TM-27)", () => {
  test("a key has the permissions that both its grant and its holder have now", () => {
    expect(effectivePermissions(key)).toEqual([...permissionsOf("owner")]);
    expect(effectivePermissions({ ...key, holder: everywhere("viewer") })).toEqual([...permissionsOf("viewer")]);
    expect(
      effectivePermissions({ ...key, grant: grantOf("route:read", "gateway:delete"), holder: everywhere("developer") }),
    ).toEqual(["route:read"]);
    expect(effectivePermissions({ ...key, holder: null })).toEqual([]);
    expect(effectivePermissions({ ...key, holder: everywhere(null) })).toEqual([]);
  });

  test("a key of one project has no organization permission", () => {
    const atProject = permissionsOfGrant(builtIn("owner"), "prj_1");
    expect(atProject).toEqual(permissions.filter((permission) => levelOf(permission) === "project"));
    expect(permissionsOfGrant(builtIn("owner"), null)).toEqual([...permissionsOf("owner")]);
    expect(permissionsOfGrant(grantOf("account:update"), null)).toEqual([]);
  });

  test("a member can touch a key only if the member has every permission of the key", () => {
    const canTouch = (role: Role, touched: LocatedKey) =>
      canGive(session("bob", role), organization, effectivePermissions(touched));
    expect(canTouch("admin", key)).toBe(false);
    expect(canTouch("owner", key)).toBe(true);
    expect(canTouch("admin", { ...key, grant: builtIn("admin") })).toBe(true);
    expect(canTouch("admin", { ...key, holder: everywhere("developer") })).toBe(true);
  });
});
