import { describe, expect, it } from "vitest";
import { authorize, canGive, isAllowed, projectsWith, visibleProjects } from "#src/access/authorization";
import type { Organization, Reach } from "#src/access/organization";
import { type Grant, type Permission, permissions, permissionsOf, type Role } from "#src/access/permissions";
import {
  type Arrival,
  type Facts,
  type KeyFacts,
  type Principal,
  principalOf,
  type SessionFacts,
} from "#src/access/principal";
import { Refusal } from "#src/platform/errors/refusal";

const organization: Organization = {
  organizationId: "org_a",
  name: "Acme",
  slug: "acme",
  defaultAccess: "protected",
  neverPublic: false,
  passwordPolicy: "advise",
  upstreams: "checked",
  root: false,
  requireSecondFactor: false,
  maxKeyDays: null,
  maxKeysPerMember: 10,
  keyRequestsPerMinute: null,
  version: 1,
};
const rootOrganization: Organization = { ...organization, root: true };
const strict: Organization = { ...organization, requireSecondFactor: true };

const builtIn = (role: Role): Grant => ({ role, permissions: null });
const grantOf = (...granted: string[]): Grant => ({ role: null, permissions: granted });
const at = (organizationGrant: Grant | null, project: Grant | null = null) => ({
  organization: organizationGrant,
  project,
});

const about = { kind: "application", id: "app_1" };
const now = new Date("2026-06-01T12:00:00Z");
const arrival: Arrival = { now, ip: "203.0.113.7", local: false };

const key = (changed: Partial<KeyFacts> = {}): KeyFacts => ({
  kind: "apiKey",
  apiKeyId: "key_a",
  name: "ci",
  userId: "usr_a",
  serviceAccountId: null,
  standing: at(builtIn("owner")),
  grant: builtIn("owner"),
  projectId: null,
  allowedIps: null,
  requestsPerMinute: null,
  expiresAt: null,
  revokedAt: null,
  rotatedTo: null,
  lastUsedAt: null,
  lastUsedIp: null,
  ...changed,
});

const session = (changed: Partial<SessionFacts> = {}): SessionFacts => ({
  kind: "session",
  sessionId: "ses_a",
  userId: "usr_a",
  email: "ada@example.org",
  locale: null,
  version: 1,
  name: null,
  stage: "full",
  methods: ["password"],
  boundTo: null,
  local: false,
  expiresAt: "2026-06-02T00:00:00Z",
  lastSeenAt: "2026-06-01T11:00:00Z",
  idleSeconds: 7_200,
  mustChangePassword: false,
  hasSecondFactor: false,
  standing: at(builtIn("owner")),
  ...changed,
});

const facts = (principal: Facts["principal"], changed: Partial<Facts> = {}): Facts => ({
  principal,
  organization,
  object: { there: true },
  projectId: null,
  ...changed,
});

const outcomeOf = (act: () => unknown): string => {
  try {
    act();
    return "allowed";
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    return `${refusal.kind} ${refusal.reason}`;
  }
};

describe("principalOf", () => {
  const second = (text: string) => ({ ...arrival, now: new Date(text) });
  const keys: [string, Partial<KeyFacts>, Partial<Arrival>, string][] = [
    ["without any limit", {}, {}, "allowed"],
    ["a second before its expiry", { expiresAt: "2026-06-01T12:00:01Z" }, {}, "allowed"],
    ["at the moment of its expiry", { expiresAt: "2026-06-01T12:00:00Z" }, {}, "unauthenticated key_expired"],
    ["after its expiry", { expiresAt: "2026-06-01T11:59:59Z" }, {}, "unauthenticated key_expired"],
    ["revoked", { revokedAt: "2026-06-01T11:00:00Z" }, {}, "unauthenticated key_revoked"],
    [
      "revoked and past its expiry",
      { revokedAt: "2026-06-01T11:00:00Z", expiresAt: "2026-06-01T10:00:00Z" },
      {},
      "unauthenticated key_revoked",
    ],
    ["of a person who has left", { standing: null }, {}, "unauthenticated key_holder_left"],
    ["of a person who has no role left", { standing: at(null) }, {}, "allowed"],
    ["from an allowed address", { allowedIps: ["198.51.100.1", "203.0.113.0/24"] }, {}, "allowed"],
    ["from another address", { allowedIps: ["198.51.100.1"] }, {}, "unauthenticated key_ip_refused"],
    ["from an unknown address", { allowedIps: ["0.0.0.0/0"] }, { ip: null }, "unauthenticated key_ip_refused"],
    ["without any allowed address", { allowedIps: [] }, {}, "unauthenticated key_ip_refused"],
    ["from an unknown address, without a list of addresses", {}, { ip: null }, "allowed"],
    ["at a local address", {}, { local: true }, "allowed"],
  ];
  it.each(keys)("decides on a key %s: %s", (_title, changed, overrides, expected) => {
    expect(outcomeOf(() => principalOf(facts(key(changed)), "apiKey", { ...arrival, ...overrides }))).toBe(expected);
  });

  const sessions: [string, Partial<SessionFacts>, Partial<Arrival>, string][] = [
    ["in use", {}, {}, "allowed"],
    ["a second before its expiry", { expiresAt: "2026-06-01T12:00:01Z" }, {}, "allowed"],
    ["at the moment of its expiry", { expiresAt: "2026-06-01T12:00:00Z" }, {}, "unauthenticated session_ended"],
    ["idle for one second less than the limit", { lastSeenAt: "2026-06-01T10:00:01Z" }, {}, "allowed"],
    ["idle for exactly the limit", { lastSeenAt: "2026-06-01T10:00:00Z" }, {}, "unauthenticated session_ended"],
    ["opened at the public address, used at a local one", {}, { local: true }, "unauthenticated session_ended"],
    ["opened at a local address, used at the public one", { local: true }, {}, "unauthenticated session_ended"],
    ["opened and used at a local address", { local: true }, { local: true }, "allowed"],
    ["of a person who is not a member of any organization", { standing: null }, {}, "allowed"],
    ["that waits for a second factor", { stage: "second_factor" }, {}, "allowed"],
  ];
  it.each(sessions)("decides on a session %s: %s", (_title, changed, overrides, expected) => {
    expect(outcomeOf(() => principalOf(facts(session(changed)), "session", { ...arrival, ...overrides }))).toBe(
      expected,
    );
  });

  it("rejects a key or a session that is not in the database", () => {
    expect(outcomeOf(() => principalOf(null, "apiKey", arrival))).toBe("unauthenticated key_unknown");
    expect(outcomeOf(() => principalOf(null, "session", arrival))).toBe("unauthenticated session_ended");
  });

  it("a rotated key has the end of its overlap, and any other key has none", () => {
    const expiresAt = "2026-06-02T00:00:00Z";
    const of = (changed: Partial<KeyFacts>) => principalOf(facts(key(changed)), "apiKey", arrival);
    expect(of({ expiresAt, rotatedTo: "key_b" })).toMatchObject({ overlapEndsAt: expiresAt });
    expect(of({ expiresAt })).toMatchObject({ overlapEndsAt: null });
    expect(
      outcomeOf(() => principalOf(facts(key({ expiresAt, rotatedTo: "key_b" })), "apiKey", second(expiresAt))),
    ).toBe("unauthenticated key_expired");
  });

  const pending: [string, Partial<SessionFacts>, Organization, string | null][] = [
    ["nothing", {}, organization, null],
    [
      "a second factor, before anything else",
      { stage: "second_factor", mustChangePassword: true },
      strict,
      "second_factor",
    ],
    ["a new password, before enrolment", { mustChangePassword: true }, strict, "password"],
    ["enrolment of the second factor that the organization requires", {}, strict, "enrolment"],
    ["nothing, with the second factor that the organization requires", { hasSecondFactor: true }, strict, null],
    ["nothing, if the organization requires no second factor", { hasSecondFactor: false }, organization, null],
    [
      "nothing, if it was opened by the organization's own provider",
      { boundTo: "org_a", mustChangePassword: true },
      strict,
      null,
    ],
  ];
  it.each(pending)("returns that a session lacks %s", (_title, changed, sessionOrganization, expected) => {
    expect(
      principalOf(facts(session(changed), { organization: sessionOrganization }), "session", arrival),
    ).toMatchObject({
      pending: expected,
    });
  });
});

/** The outcome of the decision about a caller, an object and a permission. */
function decisionOn(principal: KeyFacts | SessionFacts, permission: Permission, changed: Partial<Facts> = {}): string {
  const allFacts = facts(principal, changed);
  return outcomeOf(() => authorize(principalOf(allFacts, principal.kind, arrival), allFacts, permission, about));
}

describe("authorization decision (DK-15)", () => {
  const notFound = { object: null };
  const inOtherProject = { projectId: "prj_other" };
  const inProject = { projectId: "prj_a" };
  const viewer = { standing: at(builtIn("viewer")) };

  const rows: [string, KeyFacts | SessionFacts, Permission, Partial<Facts>, string][] = [
    ["an owner on an object of the organization", session(), "security:create", {}, "allowed"],
    ["an owner on a missing object", session(), "security:create", notFound, "notFound not_found"],
    [
      "a viewer on a missing object, before the permission is checked",
      session(viewer),
      "security:create",
      notFound,
      "notFound not_found",
    ],
    [
      "a viewer's key on a missing object, before the permission is checked",
      key({ grant: builtIn("viewer") }),
      "security:create",
      notFound,
      "notFound not_found",
    ],
    ["a viewer who creates a credential", session(viewer), "security:create", {}, "forbidden forbidden"],

    [
      "a member without a role in the organization",
      session({ standing: at(null) }),
      "organization:read",
      {},
      "forbidden forbidden",
    ],
    [
      "a person without an organization",
      session({ standing: null }),
      "project:create",
      {},
      "forbidden no_organization",
    ],
    [
      "a person without an organization on a missing object",
      session({ standing: null }),
      "project:read",
      notFound,
      "forbidden no_organization",
    ],
    [
      "a person without an organization who reads the session",
      session({ standing: null }),
      "session:read",
      {},
      "allowed",
    ],
    ["a session for a foreign organization", session(), "session:read", notFound, "notFound not_found"],

    [
      "a project's developer in that project",
      session({ standing: at(null, builtIn("developer")) }),
      "security:create",
      inProject,
      "allowed",
    ],
    [
      "a project's owner on an organization permission",
      session({ standing: at(null, builtIn("owner")) }),
      "project:create",
      {},
      "forbidden forbidden",
    ],
    [
      "a project role that is stronger than the organization's role",
      session({ standing: at(builtIn("viewer"), builtIn("admin")) }),
      "environment:delete",
      inProject,
      "allowed",
    ],
    [
      "a project role that is weaker than the organization's role",
      session({ standing: at(builtIn("admin"), builtIn("viewer")) }),
      "environment:delete",
      inProject,
      "allowed",
    ],

    [
      "a custom role that has the permission",
      session({ standing: at(grantOf("security:create")) }),
      "security:create",
      {},
      "allowed",
    ],
    [
      "a custom role that lacks the permission",
      session({ standing: at(grantOf("security:create")) }),
      "security:read",
      {},
      "forbidden forbidden",
    ],
    [
      "a custom role without permissions",
      session({ standing: at(grantOf()) }),
      "organization:read",
      {},
      "forbidden forbidden",
    ],
    [
      "a custom role in a project",
      session({ standing: at(null, grantOf("route:delete")) }),
      "route:delete",
      inProject,
      "allowed",
    ],
    [
      "a custom role in a project with an organization permission",
      session({ standing: at(null, grantOf("key:create", "organization:update")) }),
      "organization:update",
      inProject,
      "forbidden forbidden",
    ],
    [
      "a custom role with an account permission",
      key({ standing: at(grantOf("account:update")), grant: grantOf("account:update") }),
      "account:update",
      {},
      "forbidden session_required",
    ],

    [
      "an owner's key with a viewer's role that creates",
      key({ grant: builtIn("viewer") }),
      "security:create",
      {},
      "forbidden key_scope",
    ],
    [
      "an owner's key with a viewer's role that reads",
      key({ grant: builtIn("viewer") }),
      "security:read",
      {},
      "allowed",
    ],
    ["a viewer's key with an owner's role that creates", key(viewer), "security:create", {}, "forbidden forbidden"],
    ["a viewer's key with an owner's role that reads", key(viewer), "security:read", {}, "allowed"],
    ["a key with the required scope", key({ grant: grantOf("security:create") }), "security:create", {}, "allowed"],
    [
      "a key with another scope",
      key({ grant: grantOf("security:create") }),
      "security:delete",
      {},
      "forbidden key_scope",
    ],
    [
      "a key with a scope that its holder has lost",
      key({ ...viewer, grant: grantOf("security:create") }),
      "security:create",
      {},
      "forbidden forbidden",
    ],
    [
      "a key of a project's developer in that project",
      key({ standing: at(null, builtIn("developer")), grant: builtIn("developer") }),
      "route:create",
      inProject,
      "allowed",
    ],
    ["a project key in its project", key({ projectId: "prj_a" }), "route:create", inProject, "allowed"],
    [
      "a project key in another project",
      key({ projectId: "prj_a" }),
      "route:create",
      inOtherProject,
      "forbidden key_scope",
    ],
    ["a project key on the organization", key({ projectId: "prj_a" }), "project:create", {}, "forbidden key_scope"],
    [
      "a project key on a project of another organization",
      key({ projectId: "prj_a" }),
      "route:create",
      { ...inOtherProject, ...notFound },
      "notFound not_found",
    ],
    [
      "a key without scopes that reads the session",
      key({ grant: grantOf(), projectId: "prj_a" }),
      "session:read",
      {},
      "allowed",
    ],
    ["a key for a foreign organization that reads the session", key(), "session:read", notFound, "notFound not_found"],

    ["an owner of another organization on a gateway", session(), "gateway:update", {}, "forbidden forbidden"],
    [
      "an owner of the root organization on a gateway",
      session(),
      "gateway:update",
      { organization: rootOrganization },
      "allowed",
    ],
    [
      "an admin of the root organization on a gateway",
      session({ standing: at(builtIn("admin")) }),
      "gateway:update",
      { organization: rootOrganization },
      "forbidden forbidden",
    ],
    [
      "a key of the root organization with the gateway permission",
      key({ grant: grantOf("gateway:update") }),
      "gateway:update",
      { organization: rootOrganization },
      "allowed",
    ],
    [
      "a key of another organization with the gateway permission",
      key({ grant: grantOf("gateway:update") }),
      "gateway:update",
      {},
      "forbidden forbidden",
    ],
    [
      "an owner of another organization on the installation's log",
      session(),
      "installation-audit:read",
      {},
      "forbidden forbidden",
    ],
    [
      "an owner of the root organization on the installation's log",
      session(),
      "installation-audit:read",
      { organization: rootOrganization },
      "allowed",
    ],

    [
      "a session that waits for a second factor",
      session({ stage: "second_factor" }),
      "project:read",
      {},
      "forbidden second_factor_required",
    ],
    [
      "a session that waits for a second factor on a missing object",
      session({ stage: "second_factor" }),
      "project:read",
      notFound,
      "forbidden second_factor_required",
    ],
    [
      "a session that waits for a second factor and reads the session",
      session({ stage: "second_factor" }),
      "session:read",
      {},
      "allowed",
    ],
    [
      "a session that waits for a second factor and reads the account",
      session({ stage: "second_factor" }),
      "account:read",
      {},
      "allowed",
    ],
    [
      "a session that waits for a second factor and changes the account",
      session({ stage: "second_factor" }),
      "account:update",
      {},
      "forbidden second_factor_required",
    ],
    [
      "a session whose password must be changed",
      session({ mustChangePassword: true }),
      "project:read",
      {},
      "forbidden password_change_required",
    ],
    [
      "a session that changes a password that must be changed",
      session({ mustChangePassword: true }),
      "account:update",
      {},
      "allowed",
    ],
    [
      "a session without the required second factor",
      session(),
      "project:read",
      { organization: strict },
      "forbidden second_factor_enrolment_required",
    ],
    [
      "a session that enrols the required second factor",
      session(),
      "account:update",
      { organization: strict },
      "allowed",
    ],
    [
      "a key in an organization that requires a second factor",
      key(),
      "project:read",
      { organization: strict },
      "allowed",
    ],

    ["a session on the person's own account", session({ standing: null }), "account:update", {}, "allowed"],
    ["a session on another person's session", session(), "account:update", notFound, "notFound not_found"],
    ["a key on an account", key(), "account:read", {}, "forbidden session_required"],
    [
      "a session that is bound to an organization and reads the account",
      session({ boundTo: "org_a" }),
      "account:read",
      {},
      "forbidden bound_session",
    ],
    [
      "a session that is bound to an organization and changes the account",
      session({ boundTo: "org_a" }),
      "account:update",
      {},
      "forbidden bound_session",
    ],
    [
      "a session in the organization that it is bound to",
      session({ boundTo: "org_a" }),
      "project:create",
      {},
      "allowed",
    ],
  ];
  it.each(rows)("decides on %s: %s", (_title, principal, permission, changed, expected) => {
    expect(decisionOn(principal, permission, changed)).toBe(expected);
  });

  const ownKey = { object: { apiKeyId: "key_a", userId: "usr_a" } };
  const othersKey = { object: { apiKeyId: "key_b", userId: "usr_b" } };
  const keyWithoutHolder = { object: { apiKeyId: "key_c", userId: null } };
  const noRole = { standing: at(null) };
  const onKeys: [string, KeyFacts | SessionFacts, Permission, Partial<Facts>, string][] = [
    ["the holder reads it", session(noRole), "key:read", ownKey, "allowed"],
    ["the holder renames it", session(noRole), "key:update", ownKey, "allowed"],
    ["the holder revokes it", session(noRole), "key:delete", ownKey, "allowed"],
    [
      "the holder without the permission to create keys replaces it",
      session(noRole),
      "key:create",
      ownKey,
      "forbidden forbidden",
    ],
    ["a member reads the key of another person", session(noRole), "key:read", othersKey, "forbidden forbidden"],
    ["a member reads a key without a holder", session(noRole), "key:read", keyWithoutHolder, "forbidden forbidden"],
    ["the key reads itself", key({ grant: grantOf() }), "key:read", ownKey, "allowed"],
    ["the key revokes itself", key({ grant: grantOf() }), "key:delete", ownKey, "allowed"],
    ["the key changes its own limits", key({ grant: grantOf() }), "key:update", ownKey, "forbidden key_scope"],
    [
      "another key of the same holder reads it",
      key({ apiKeyId: "key_z", grant: grantOf() }),
      "key:read",
      ownKey,
      "forbidden key_scope",
    ],
    [
      "a host key reads another key without a holder",
      key({ userId: null, grant: grantOf() }),
      "key:read",
      keyWithoutHolder,
      "forbidden key_scope",
    ],
  ];
  it.each(onKeys)("decides on operations on a key: %s: %s", (_title, principal, permission, changed, expected) => {
    expect(decisionOn(principal, permission, changed)).toBe(expected);
  });

  it("lets the command line do what an owner of the organization can, but nothing on a person's account", () => {
    const commandLine = { kind: "commandLine", standing: at(builtIn("owner")) } as const;
    const outcome = (permission: Permission, changed: Partial<Facts> = {}) =>
      outcomeOf(() => authorize(commandLine, facts(commandLine, changed), permission, about));
    expect(outcome("organization:delete")).toBe("allowed");
    expect(outcome("organization:delete", notFound)).toBe("notFound not_found");
    expect(outcome("gateway:create")).toBe("forbidden forbidden");
    expect(outcome("account:update")).toBe("forbidden session_required");
  });

  it("never gives a key a permission that its holder or its grant lacks, for every permission and pair of roles", () => {
    const all: Role[] = ["viewer", "developer", "admin", "owner"];
    for (const holder of all) {
      for (const granted of all) {
        const principal = principalOf(
          facts(key({ standing: at(builtIn(holder)), grant: builtIn(granted) })),
          "apiKey",
          arrival,
        );
        for (const permission of permissions) {
          const both = permissionsOf(holder).has(permission) && permissionsOf(granted).has(permission);
          expect([holder, granted, permission, isAllowed(principal, rootOrganization, permission)]).toEqual([
            holder,
            granted,
            permission,
            both,
          ]);
        }
      }
    }
  });
});

describe("projectsWith", () => {
  const of = (principal: KeyFacts | SessionFacts): Principal => principalOf(facts(principal), principal.kind, arrival);
  const reach: Reach = {
    organizationId: "org_a",
    projects: [
      { projectId: "prj_a", grant: builtIn("developer") },
      { projectId: "prj_b", grant: builtIn("viewer") },
      { projectId: "prj_c", grant: null },
    ],
  };
  const noProjectRoles = { ...reach, projects: [] };
  const rows: [string, Principal, Reach, Permission, string[]][] = [
    ["projects in which the role is sufficient", of(session({ standing: at(null) })), reach, "route:create", ["prj_a"]],
    [
      "projects in which a weaker role is sufficient",
      of(session({ standing: at(null) })),
      reach,
      "route:read",
      ["prj_a", "prj_b"],
    ],
    ["no project without a role", of(session({ standing: at(null) })), noProjectRoles, "route:read", []],
    [
      "the project of a key through its holder's role in the organization",
      of(key({ projectId: "prj_d" })),
      noProjectRoles,
      "route:read",
      ["prj_d"],
    ],
    ["only the project of a key", of(key({ projectId: "prj_b", standing: at(null) })), reach, "route:read", ["prj_b"]],
    [
      "no project beyond the permissions of a key",
      of(key({ projectId: "prj_d", grant: grantOf() })),
      noProjectRoles,
      "route:read",
      [],
    ],
  ];
  it.each(rows)("projectsWith returns %s (KEY)", (_title, principal, projects, permission, expected) => {
    expect(projectsWith(principal, organization, projects, permission)).toEqual(expected);
    expect(visibleProjects(principal, organization, projects, permission)).toEqual(expected);
  });

  it("visibleProjects returns all projects for a role at the organization, and for a located project only that one", () => {
    const developer = of(session({ standing: at(builtIn("developer")) }));
    expect(visibleProjects(developer, organization, reach, "route:read")).toBe("all");
    expect(visibleProjects(developer, organization, { projectId: "prj_z" }, "route:read")).toEqual(["prj_z"]);
    expect(visibleProjects(developer, organization, { projectId: "prj_z" }, "audit:read")).toEqual([]);
    const member = of(session({ standing: at(null, builtIn("viewer")) }));
    expect(visibleProjects(member, organization, { projectId: "prj_z" }, "route:read")).toEqual(["prj_z"]);
    expect(visibleProjects(member, organization, { projectId: "prj_z" }, "route:create")).toEqual([]);
  });
});

describe("canGive", () => {
  const of = (principal: KeyFacts | SessionFacts): Principal => principalOf(facts(principal), principal.kind, arrival);
  const admin = of(session({ standing: at(builtIn("admin")) }));
  const owner = of(session());
  const rows: [string, Principal, Permission[], string | null, boolean][] = [
    ["no permission", of(session({ standing: at(null) })), [], null, true],
    ["all permissions of an admin by an admin", admin, [...permissionsOf("admin")], null, true],
    ["one permission more than an admin has by an admin", admin, ["project:read", "organization:delete"], null, false],
    ["a gateway permission by an owner", owner, ["gateway:create"], null, true],
    ["a gateway permission by an admin", admin, ["gateway:create"], null, false],
    ["all permissions of an owner by an owner", owner, [...permissionsOf("owner")], null, true],
    ["a permission of a custom role", of(session({ standing: at(grantOf("route:read")) })), ["route:read"], null, true],
    [
      "a permission that a custom role lacks",
      of(session({ standing: at(grantOf("route:read")) })),
      ["route:create"],
      null,
      false,
    ],
    ["a permission of a key by that key", of(key({ grant: grantOf("route:read") })), ["route:read"], null, true],
    [
      "a permission that only the holder of the key has",
      of(key({ grant: grantOf("route:read") })),
      ["route:create"],
      null,
      false,
    ],
    ["a permission in its project by a project key", of(key({ projectId: "prj_a" })), ["route:read"], "prj_a", true],
    [
      "a permission in another project by a project key",
      of(key({ projectId: "prj_a" })),
      ["route:read"],
      "prj_b",
      false,
    ],
    ["a permission in the organization by a project key", of(key({ projectId: "prj_a" })), ["route:read"], null, false],
    [
      "a project permission by the project's developer",
      of(session({ standing: at(null, builtIn("developer")) })),
      ["route:create"],
      "prj_a",
      true,
    ],
    [
      "an organization permission by a project's owner",
      of(session({ standing: at(null, builtIn("owner")) })),
      ["member:update"],
      "prj_a",
      false,
    ],
    [
      "a permission by a person without an organization",
      of(session({ standing: null })),
      ["project:read"],
      null,
      false,
    ],
  ];
  it.each(rows)("canGive decides on %s", (_title, principal, requested, projectId, expected) => {
    expect(canGive(principal, organization, requested, projectId)).toBe(expected);
  });
});
