import { describe, expect, it } from "vitest";
import {
  decide,
  type Grant,
  type Permission,
  permissions,
  permissionsOf,
  type Role,
  roles,
} from "../../src/access/permissions";

/** Written by hand, from the requirements and not from the table: v(iewer) d(eveloper) a(dmin) o(wner). */
const expected: Record<Permission, string> = {
  "organization:read": "vdao",
  "organization:update": "--ao",
  "organization:delete": "---o",
  "project:read": "vdao",
  "project:create": "-dao",
  "project:update": "-dao",
  "project:delete": "--ao",
  "environment:read": "vdao",
  "environment:create": "-dao",
  "environment:update": "-dao",
  "environment:delete": "--ao",
  "application:read": "vdao",
  "application:create": "-dao",
  "application:update": "-dao",
  "application:delete": "-dao",
  "security:read": "vdao",
  "security:create": "-dao",
  "security:update": "-dao",
  "security:delete": "-dao",
  "route:read": "vdao",
  "route:create": "-dao",
  "route:update": "-dao",
  "route:delete": "-dao",
  "claim:read": "vdao",
  "claim:release": "--ao",
  "gateway:read": "vdao",
  "gateway:create": "---o",
  "gateway:update": "---o",
  "gateway:delete": "---o",
  "member:read": "vdao",
  "member:update": "--ao",
  "member:delete": "--ao",
  "invitation:read": "--ao",
  "invitation:create": "--ao",
  "invitation:delete": "--ao",
  "role:read": "vdao",
  "role:create": "--ao",
  "role:update": "--ao",
  "role:delete": "--ao",
  "service-account:read": "--ao",
  "service-account:create": "--ao",
  "service-account:update": "--ao",
  "service-account:delete": "--ao",
  "provider:read": "--ao",
  "provider:create": "---o",
  "provider:update": "---o",
  "provider:delete": "---o",
  "key:list": "vdao",
  "key:create": "-dao",
  "key:read": "--ao",
  "key:update": "--ao",
  "key:delete": "--ao",
  "sync:read": "vdao",
  "audit:read": "--ao",
  "installation-audit:read": "---o",
  "session:read": "vdao",
  // Of one's own account: no role gives these.
  "account:read": "----",
  "account:update": "----",
};

const builtIn = (role: Role): Grant => ({ role, permissions: null });

describe("the permission table", () => {
  it("gives each role exactly what the table written by hand says (DK-15)", () => {
    const actual = Object.fromEntries(
      permissions.map((permission) => [
        permission,
        roles
          .map((role) => (decide({ organization: builtIn(role), project: null }, permission) ? role.charAt(0) : "-"))
          .join(""),
      ]),
    );
    expect(actual).toEqual(expected);
  });

  it("lets a stronger role do everything that a weaker one may", () => {
    const [first, ...rest] = roles.map((role) => permissionsOf(role));
    let weaker = first ?? new Set();
    for (const stronger of rest) {
      expect([...weaker].every((permission) => stronger.has(permission))).toBe(true);
      expect(stronger.size).toBeGreaterThan(weaker.size);
      weaker = stronger;
    }
    expect(weaker.size).toBe(permissions.length - 2);
  });

  it("gives nothing to a word that is no role", () => {
    for (const word of ["", "root", "Owner", "constructor", "__proto__", "toString"]) {
      expect(permissionsOf(word).size).toBe(0);
    }
    for (const permission of permissions)
      expect(decide({ organization: { role: "root", permissions: null }, project: null }, permission)).toBe(false);
  });

  it("refuses a word that is no permission, to the owner too", () => {
    for (const word of ["", "security", "security:*", "*", "toString", "__proto__"]) {
      expect(decide({ organization: builtIn("owner"), project: builtIn("owner") }, word as Permission)).toBe(false);
    }
  });
});

describe("a person's own account", () => {
  it("is in no role and in no key, whatever words they are made of (ROLE)", () => {
    const words = { role: null, permissions: ["account:read", "account:update"] } as const;
    for (const permission of words.permissions) {
      expect(decide({ organization: words, project: words }, permission)).toBe(false);
    }
  });
});

describe("a role at a project", () => {
  it("is enough for what lies inside the project", () => {
    expect(decide({ organization: builtIn("viewer"), project: builtIn("developer") }, "security:create")).toBe(true);
    expect(decide({ organization: null, project: builtIn("admin") }, "environment:delete")).toBe(true);
  });

  it("gives nothing of the organization itself", () => {
    const ofTheOrganization = permissions.filter((permission) =>
      /^(organization|claim|gateway|audit|member|invitation|role|service-account|provider)/.test(permission),
    );
    expect(ofTheOrganization).toHaveLength(28);
    for (const permission of [...ofTheOrganization, "project:create"] as const) {
      expect(decide({ organization: null, project: builtIn("owner") }, permission)).toBe(false);
    }
  });

  it("never takes away what the role at the organization gives", () => {
    for (const role of roles) {
      for (const permission of permissionsOf(role)) {
        expect(decide({ organization: builtIn(role), project: builtIn("viewer") }, permission)).toBe(true);
      }
    }
  });

  it("with no role anywhere nothing is held", () => {
    for (const permission of permissions) expect(decide({ organization: null, project: null }, permission)).toBe(false);
  });
});
