import { describe, expect, it } from "vitest";
import {
  decide,
  type Grant,
  type Permission,
  permissions,
  permissionsOf,
  type Role,
  roles,
} from "#src/access/permissions";

/** Written by hand, from the requirements and not from the table: v(iewer) d(eveloper) a(dmin) o(wner). */
const expected: Record<Permission, string> = {
  "organization:read": "vdao",
  "organization:create": "---o",
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
  // On the person's own account: no role gives these.
  "account:read": "----",
  "account:update": "----",
};

const builtIn = (role: Role): Grant => ({ role, permissions: null });

describe("the permission table", () => {
  it("gives each role exactly the permissions that this test lists by hand (DK-15)", () => {
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

  it("lets a stronger role do everything that a weaker role can", () => {
    const [first, ...rest] = roles.map((role) => permissionsOf(role));
    let weaker = first ?? new Set();
    for (const stronger of rest) {
      expect([...weaker].every((permission) => stronger.has(permission))).toBe(true);
      expect(stronger.size).toBeGreaterThan(weaker.size);
      weaker = stronger;
    }
    expect(weaker.size).toBe(permissions.length - 2);
  });

  it("gives no permission to an unknown role", () => {
    for (const name of ["", "root", "Owner", "constructor", "__proto__", "toString"]) {
      expect(permissionsOf(name).size).toBe(0);
    }
    for (const permission of permissions)
      expect(decide({ organization: { role: "root", permissions: null }, project: null }, permission)).toBe(false);
  });

  it("denies an unknown permission, even to an owner", () => {
    for (const unknown of ["", "security", "security:*", "*", "toString", "__proto__"]) {
      expect(decide({ organization: builtIn("owner"), project: builtIn("owner") }, unknown as Permission)).toBe(false);
    }
  });
});

describe("account permissions", () => {
  it("account permissions are given by no role and no key, even if it lists them (ROLE)", () => {
    const grant = { role: null, permissions: ["account:read", "account:update"] } as const;
    for (const permission of grant.permissions) {
      expect(decide({ organization: grant, project: grant }, permission)).toBe(false);
    }
  });
});

describe("a project role", () => {
  it("a project role is sufficient for everything inside the project", () => {
    expect(decide({ organization: builtIn("viewer"), project: builtIn("developer") }, "security:create")).toBe(true);
    expect(decide({ organization: null, project: builtIn("admin") }, "environment:delete")).toBe(true);
  });

  it("a project role gives no organization permission", () => {
    const organizationPermissions = permissions.filter((permission) =>
      /^(organization|claim|gateway|audit|member|invitation|role|service-account|provider)/.test(permission),
    );
    expect(organizationPermissions).toHaveLength(29);
    for (const permission of [...organizationPermissions, "project:create"] as const) {
      expect(decide({ organization: null, project: builtIn("owner") }, permission)).toBe(false);
    }
  });

  it("a project role never takes away what the organization's role gives", () => {
    for (const role of roles) {
      for (const permission of permissionsOf(role)) {
        expect(decide({ organization: builtIn(role), project: builtIn("viewer") }, permission)).toBe(true);
      }
    }
  });

  it("a project role gives no permission to a person without any role", () => {
    for (const permission of permissions) expect(decide({ organization: null, project: null }, permission)).toBe(false);
  });
});
