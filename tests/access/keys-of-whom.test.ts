import { describe, expect, test } from "vitest";
import { canGive, isOwn, judge, reachOf, worthOf } from "../../src/access/authorization";
import type { Organization } from "../../src/access/organization";
import {
  type Grant,
  type Permission,
  permissions,
  permissionsOf,
  placeOf,
  type Role,
} from "../../src/access/permissions";
import type { Facts, KeyPrincipal, Principal, SessionPrincipal } from "../../src/access/principal";
import type { LocatedKey } from "../../src/features/keys/resource";
import type { Refusal } from "../../src/platform/errors/refusal";

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
};
const builtIn = (role: Role): Grant => ({ role, permissions: null });
const words = (...given: Permission[]): Grant => ({ role: null, permissions: given });
const everywhere = (role: Role | null) => ({ organization: role && builtIn(role), project: null });

const session = (userId: string, role: Role | null): SessionPrincipal => ({
  kind: "session",
  sessionId: `ses_${userId}`,
  userId,
  email: `${userId}@example.org`,
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
};
function reasonOf(principal: Principal, object: unknown, permission: Permission): string | null {
  const facts: Facts = {
    principal: { kind: "commandLine", standing: everywhere(null) },
    organization,
    object,
    projectId: null,
  };
  try {
    judge(principal, facts, permission, { kind: "apiKey", id: "key_1" });
    return null;
  } catch (refusal) {
    return (refusal as Refusal).reason;
  }
}

describe("a key of one's own (TM-25)", () => {
  test.each(["key:read", "key:update", "key:delete"] as const)(
    "is its holder's for %s, whatever their role",
    (word) => {
      for (const role of ["viewer", "developer"] as const) {
        expect(reasonOf(session("ada", role), key, word)).toBeNull();
        expect(reasonOf(session("bob", role), key, word)).toBe("forbidden");
      }
      expect(reasonOf(session("bob", "admin"), key, word)).toBeNull();
    },
  );

  test("takes the word to be replaced, and everything else takes its own word", () => {
    expect(reasonOf(session("ada", "viewer"), key, "key:create")).toBe("forbidden");
    expect(reasonOf(session("ada", "viewer"), key, "application:update")).toBe("forbidden");
    expect(reasonOf(session("ada", "viewer"), { ...key, apiKeyId: undefined }, "key:delete")).toBe("forbidden");
  });

  test("is not its holder's while something is still to be done, nor after they have left", () => {
    expect(reasonOf({ ...session("ada", "owner"), pending: "second_factor" }, key, "key:delete")).toBe(
      "second_factor_required",
    );
    expect(reasonOf({ ...session("ada", "owner"), standing: null }, key, "key:delete")).toBe("no_organization");
  });

  test("may look at itself and revoke itself, and touches none of its holder's others", () => {
    const few = words("security:read");
    expect(reasonOf(keyOf("key_1", few), key, "key:read")).toBeNull();
    expect(reasonOf(keyOf("key_1", few), key, "key:delete")).toBeNull();
    expect(reasonOf(keyOf("key_1", few), key, "key:update")).toBe("key_scope");
    for (const word of ["key:read", "key:update", "key:delete"] as const) {
      expect(reasonOf(keyOf("key_2", few), key, word)).toBe("key_scope");
    }
    expect(isOwn({ kind: "commandLine", standing: everywhere("owner") }, key)).toBe(false);
  });

  test("every key may ask who it is", () => {
    expect(reasonOf(keyOf("key_1", words("security:read")), organization, "session:read")).toBeNull();
    expect(reasonOf(keyOf("key_1", words("security:read")), null, "session:read")).toBe("not_found");
  });
});

describe("what a key can do (TM-27)", () => {
  test("is what it was made for of what its holder may now", () => {
    expect(reachOf(key)).toEqual([...permissionsOf("owner")]);
    expect(reachOf({ ...key, holder: everywhere("viewer") })).toEqual([...permissionsOf("viewer")]);
    expect(reachOf({ ...key, grant: words("route:read", "gateway:delete"), holder: everywhere("developer") })).toEqual([
      "route:read",
    ]);
    expect(reachOf({ ...key, holder: null })).toEqual([]);
    expect(reachOf({ ...key, holder: everywhere(null) })).toEqual([]);
  });

  test("at one project is nothing of the organization itself", () => {
    const atProject = worthOf(builtIn("owner"), "prj_1");
    expect(atProject).toEqual(permissions.filter((permission) => placeOf(permission) === "project"));
    expect(worthOf(builtIn("owner"), null)).toEqual([...permissionsOf("owner")]);
    expect(worthOf(words("account:update"), null)).toEqual([]);
  });

  test("decides who may touch it", () => {
    const may = (role: Role, touched: LocatedKey) => canGive(session("bob", role), organization, reachOf(touched));
    expect(may("admin", key)).toBe(false);
    expect(may("owner", key)).toBe(true);
    expect(may("admin", { ...key, grant: builtIn("admin") })).toBe(true);
    expect(may("admin", { ...key, holder: everywhere("developer") })).toBe(true);
  });
});
