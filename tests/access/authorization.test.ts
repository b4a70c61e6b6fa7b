import { describe, expect, it } from "vitest";
import { canGive, isAllowed, judge, projectsWith } from "../../src/access/authorization";
import type { Organization, Reach } from "../../src/access/organization";
import { type Grant, type Permission, permissions, permissionsOf, type Role } from "../../src/access/permissions";
import {
  type Arrival,
  type Facts,
  type KeyFacts,
  type Principal,
  principalOf,
  type SessionFacts,
} from "../../src/access/principal";
import { Refusal } from "../../src/platform/errors/refusal";

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
};
const founders: Organization = { ...organization, root: true };
const strict: Organization = { ...organization, requireSecondFactor: true };

const builtIn = (role: Role): Grant => ({ role, permissions: null });
const words = (...granted: string[]): Grant => ({ role: null, permissions: granted });
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
    return "yes";
  } catch (refusal) {
    if (!(refusal instanceof Refusal)) throw refusal;
    return `${refusal.kind} ${refusal.reason}`;
  }
};

describe("who is asking", () => {
  const second = (text: string) => ({ ...arrival, now: new Date(text) });
  const keys: [string, Partial<KeyFacts>, Partial<Arrival>, string][] = [
    ["a key as it was made", {}, {}, "yes"],
    ["a second before its end", { expiresAt: "2026-06-01T12:00:01Z" }, {}, "yes"],
    ["at its very end", { expiresAt: "2026-06-01T12:00:00Z" }, {}, "unauthenticated key_expired"],
    ["after its end", { expiresAt: "2026-06-01T11:59:59Z" }, {}, "unauthenticated key_expired"],
    ["revoked", { revokedAt: "2026-06-01T11:00:00Z" }, {}, "unauthenticated key_revoked"],
    [
      "revoked and past its end",
      { revokedAt: "2026-06-01T11:00:00Z", expiresAt: "2026-06-01T10:00:00Z" },
      {},
      "unauthenticated key_revoked",
    ],
    ["of a person who has left", { standing: null }, {}, "unauthenticated key_holder_left"],
    ["of a person who has no role left", { standing: at(null) }, {}, "yes"],
    ["from an address that it is for", { allowedIps: ["198.51.100.1", "203.0.113.0/24"] }, {}, "yes"],
    ["from another address", { allowedIps: ["198.51.100.1"] }, {}, "unauthenticated key_ip_refused"],
    ["from nobody knows where", { allowedIps: ["0.0.0.0/0"] }, { ip: null }, "unauthenticated key_ip_refused"],
    ["for no address at all", { allowedIps: [] }, {}, "unauthenticated key_ip_refused"],
    ["from nobody knows where, for everywhere", {}, { ip: null }, "yes"],
    ["at a local address", {}, { local: true }, "yes"],
  ];
  it.each(keys)("a key %s: %s", (_title, changed, how, expected) => {
    expect(outcomeOf(() => principalOf(facts(key(changed)), "apiKey", { ...arrival, ...how }))).toBe(expected);
  });

  const sessions: [string, Partial<SessionFacts>, Partial<Arrival>, string][] = [
    ["in use", {}, {}, "yes"],
    ["a second before its end", { expiresAt: "2026-06-01T12:00:01Z" }, {}, "yes"],
    ["at its very end", { expiresAt: "2026-06-01T12:00:00Z" }, {}, "unauthenticated session_ended"],
    ["idle for a second less than it may be", { lastSeenAt: "2026-06-01T10:00:01Z" }, {}, "yes"],
    ["idle for as long as it may be", { lastSeenAt: "2026-06-01T10:00:00Z" }, {}, "unauthenticated session_ended"],
    ["opened at the public address, at a local one", {}, { local: true }, "unauthenticated session_ended"],
    ["opened at a local address, at the public one", { local: true }, {}, "unauthenticated session_ended"],
    ["opened at a local address, there", { local: true }, { local: true }, "yes"],
    ["of somebody who is no member of any organization", { standing: null }, {}, "yes"],
    ["that waits for a second factor", { stage: "second_factor" }, {}, "yes"],
  ];
  it.each(sessions)("a session %s: %s", (_title, changed, how, expected) => {
    expect(outcomeOf(() => principalOf(facts(session(changed)), "session", { ...arrival, ...how }))).toBe(expected);
  });

  it("nobody, for a key or a session that is in no row", () => {
    expect(outcomeOf(() => principalOf(null, "apiKey", arrival))).toBe("unauthenticated key_unknown");
    expect(outcomeOf(() => principalOf(null, "session", arrival))).toBe("unauthenticated session_ended");
  });

  it("a rotated key says until when it works, any other says nothing of its end", () => {
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
      "its second factor, before all else",
      { stage: "second_factor", mustChangePassword: true },
      strict,
      "second_factor",
    ],
    ["its password, before it enrols", { mustChangePassword: true }, strict, "password"],
    ["enrolment, where the organization requires a factor", {}, strict, "enrolment"],
    ["nothing, where it has the factor that is required", { hasSecondFactor: true }, strict, null],
    ["nothing, where no organization requires a factor", { hasSecondFactor: false }, organization, null],
    [
      "nothing, opened by the organization's own provider",
      { boundTo: "org_a", mustChangePassword: true },
      strict,
      null,
    ],
  ];
  it.each(pending)("a session that lacks %s", (_title, changed, where, expected) => {
    expect(principalOf(facts(session(changed), { organization: where }), "session", arrival)).toMatchObject({
      pending: expected,
    });
  });
});

/** What the decision says of a caller, an object and a permission. */
function judged(principal: KeyFacts | SessionFacts, permission: Permission, changed: Partial<Facts> = {}): string {
  const said = facts(principal, changed);
  return outcomeOf(() => judge(principalOf(said, principal.kind, arrival), said, permission, about));
}

describe("the decision (DK-15)", () => {
  const nowhere = { object: null };
  const elsewhere = { projectId: "prj_other" };
  const inProject = { projectId: "prj_a" };
  const viewer = { standing: at(builtIn("viewer")) };

  const rows: [string, KeyFacts | SessionFacts, Permission, Partial<Facts>, string][] = [
    ["an owner, on what is theirs", session(), "security:create", {}, "yes"],
    ["an owner, on what is nowhere", session(), "security:create", nowhere, "notFound not_found"],
    ["404 comes before 403", session(viewer), "security:create", nowhere, "notFound not_found"],
    [
      "404 comes before 403, by key",
      key({ grant: builtIn("viewer") }),
      "security:create",
      nowhere,
      "notFound not_found",
    ],
    ["a viewer, on what is theirs to see", session(viewer), "security:create", {}, "forbidden forbidden"],

    ["no role at the organization", session({ standing: at(null) }), "organization:read", {}, "forbidden forbidden"],
    ["a member of no organization", session({ standing: null }), "project:create", {}, "forbidden no_organization"],
    [
      "a member of no organization, before 404",
      session({ standing: null }),
      "project:read",
      nowhere,
      "forbidden no_organization",
    ],
    ["a member of no organization asks who they are", session({ standing: null }), "session:read", {}, "yes"],
    ["a session at a stranger's organization", session(), "session:read", nowhere, "notFound not_found"],

    [
      "a project's developer, there",
      session({ standing: at(null, builtIn("developer")) }),
      "security:create",
      inProject,
      "yes",
    ],
    [
      "a project's developer, for what only the organization gives",
      session({ standing: at(null, builtIn("owner")) }),
      "project:create",
      {},
      "forbidden forbidden",
    ],
    [
      "a project role adds to the organization's",
      session({ standing: at(builtIn("viewer"), builtIn("admin")) }),
      "environment:delete",
      inProject,
      "yes",
    ],
    [
      "a project role takes nothing away",
      session({ standing: at(builtIn("admin"), builtIn("viewer")) }),
      "environment:delete",
      inProject,
      "yes",
    ],

    [
      "an own role, within its words",
      session({ standing: at(words("security:create")) }),
      "security:create",
      {},
      "yes",
    ],
    [
      "an own role, beyond its words",
      session({ standing: at(words("security:create")) }),
      "security:read",
      {},
      "forbidden forbidden",
    ],
    ["an own role of no words", session({ standing: at(words()) }), "organization:read", {}, "forbidden forbidden"],
    [
      "an own role at a project",
      session({ standing: at(null, words("route:delete")) }),
      "route:delete",
      inProject,
      "yes",
    ],
    [
      "an own role at a project with an organization's word",
      session({ standing: at(null, words("key:create", "organization:update")) }),
      "organization:update",
      inProject,
      "forbidden forbidden",
    ],
    [
      "an own role with a person's word",
      key({ standing: at(words("account:update")), grant: words("account:update") }),
      "account:update",
      {},
      "forbidden session_required",
    ],

    [
      "an owner's key of a viewer's role",
      key({ grant: builtIn("viewer") }),
      "security:create",
      {},
      "forbidden key_scope",
    ],
    ["an owner's key of a viewer's role reads", key({ grant: builtIn("viewer") }), "security:read", {}, "yes"],
    ["a viewer's key of an owner's role", key(viewer), "security:create", {}, "forbidden forbidden"],
    ["a viewer's key of an owner's role reads", key(viewer), "security:read", {}, "yes"],
    ["a key with the one scope", key({ grant: words("security:create") }), "security:create", {}, "yes"],
    [
      "a key with another scope",
      key({ grant: words("security:create") }),
      "security:delete",
      {},
      "forbidden key_scope",
    ],
    [
      "a key with a scope that its holder lost",
      key({ ...viewer, grant: words("security:create") }),
      "security:create",
      {},
      "forbidden forbidden",
    ],
    [
      "a key of a project's developer, there",
      key({ standing: at(null, builtIn("developer")), grant: builtIn("developer") }),
      "route:create",
      inProject,
      "yes",
    ],
    ["a project's key, there", key({ projectId: "prj_a" }), "route:create", inProject, "yes"],
    [
      "a project's key, at another project",
      key({ projectId: "prj_a" }),
      "route:create",
      elsewhere,
      "forbidden key_scope",
    ],
    ["a project's key, for the organization", key({ projectId: "prj_a" }), "project:create", {}, "forbidden key_scope"],
    [
      "a project's key, on another organization's project",
      key({ projectId: "prj_a" }),
      "route:create",
      { ...elsewhere, ...nowhere },
      "notFound not_found",
    ],
    ["any key asks who it is", key({ grant: words(), projectId: "prj_a" }), "session:read", {}, "yes"],
    ["a key at another organization asks who it is", key(), "session:read", nowhere, "notFound not_found"],

    ["an owner elsewhere, of a gateway", session(), "gateway:update", {}, "forbidden forbidden"],
    ["the founders' owner, of a gateway", session(), "gateway:update", { organization: founders }, "yes"],
    [
      "the founders' admin",
      session({ standing: at(builtIn("admin")) }),
      "gateway:update",
      { organization: founders },
      "forbidden forbidden",
    ],
    [
      "the founders' key for it",
      key({ grant: words("gateway:update") }),
      "gateway:update",
      { organization: founders },
      "yes",
    ],
    ["another's key for it", key({ grant: words("gateway:update") }), "gateway:update", {}, "forbidden forbidden"],
    ["the installation's log, elsewhere", session(), "installation-audit:read", {}, "forbidden forbidden"],
    [
      "the installation's log, by the founders' owner",
      session(),
      "installation-audit:read",
      { organization: founders },
      "yes",
    ],

    [
      "a session that waits for a second factor",
      session({ stage: "second_factor" }),
      "project:read",
      {},
      "forbidden second_factor_required",
    ],
    [
      "a session that waits asks before 404",
      session({ stage: "second_factor" }),
      "project:read",
      nowhere,
      "forbidden second_factor_required",
    ],
    ["a session that waits asks who it is", session({ stage: "second_factor" }), "session:read", {}, "yes"],
    ["a session that waits sees its own account", session({ stage: "second_factor" }), "account:read", {}, "yes"],
    [
      "a session that waits changes nothing of it",
      session({ stage: "second_factor" }),
      "account:update",
      {},
      "forbidden second_factor_required",
    ],
    [
      "a password that has to be changed",
      session({ mustChangePassword: true }),
      "project:read",
      {},
      "forbidden password_change_required",
    ],
    ["a password that has to be changed can be", session({ mustChangePassword: true }), "account:update", {}, "yes"],
    [
      "a factor that is required",
      session(),
      "project:read",
      { organization: strict },
      "forbidden second_factor_enrolment_required",
    ],
    ["a factor that is required can be enrolled", session(), "account:update", { organization: strict }, "yes"],
    ["a key where a factor is required", key(), "project:read", { organization: strict }, "yes"],

    ["one's own account", session({ standing: null }), "account:update", {}, "yes"],
    ["somebody else's session", session(), "account:update", nowhere, "notFound not_found"],
    ["an account, by key", key(), "account:read", {}, "forbidden session_required"],
    [
      "an account, by a session that is bound to an organization",
      session({ boundTo: "org_a" }),
      "account:read",
      {},
      "forbidden bound_session",
    ],
    [
      "an account, changed by a session that is bound to an organization",
      session({ boundTo: "org_a" }),
      "account:update",
      {},
      "forbidden bound_session",
    ],
    ["the organization that a session is bound to", session({ boundTo: "org_a" }), "project:create", {}, "yes"],
  ];
  it.each(rows)("%s: %s", (_title, principal, permission, changed, expected) => {
    expect(judged(principal, permission, changed)).toBe(expected);
  });

  const own = { object: { apiKeyId: "key_a", userId: "usr_a" } };
  const others = { object: { apiKeyId: "key_b", userId: "usr_b" } };
  const nobodys = { object: { apiKeyId: "key_c", userId: null } };
  const little = { standing: at(null) };
  const onKeys: [string, KeyFacts | SessionFacts, Permission, Partial<Facts>, string][] = [
    ["their own, read", session(little), "key:read", own, "yes"],
    ["their own, renamed", session(little), "key:update", own, "yes"],
    ["their own, revoked", session(little), "key:delete", own, "yes"],
    ["their own, as a maker", session(little), "key:create", own, "forbidden forbidden"],
    ["somebody else's", session(little), "key:read", others, "forbidden forbidden"],
    ["one of nobody's", session(little), "key:read", nobodys, "forbidden forbidden"],
    ["the key itself, read", key({ grant: words() }), "key:read", own, "yes"],
    ["the key itself, revoked", key({ grant: words() }), "key:delete", own, "yes"],
    ["the key itself, its limits", key({ grant: words() }), "key:update", own, "forbidden key_scope"],
    ["another of the same holder", key({ apiKeyId: "key_z", grant: words() }), "key:read", own, "forbidden key_scope"],
    [
      "a host's key beside another of nobody's",
      key({ userId: null, grant: words() }),
      "key:read",
      nobodys,
      "forbidden key_scope",
    ],
  ];
  it.each(onKeys)("on a key: %s: %s", (_title, principal, permission, changed, expected) => {
    expect(judged(principal, permission, changed)).toBe(expected);
  });

  it("lets the command line do for its organization what an owner may, and no person's own", () => {
    const commandLine = { kind: "commandLine", standing: at(builtIn("owner")) } as const;
    const asks = (permission: Permission, changed: Partial<Facts> = {}) =>
      outcomeOf(() => judge(commandLine, facts(commandLine, changed), permission, about));
    expect(asks("organization:delete")).toBe("yes");
    expect(asks("organization:delete", nowhere)).toBe("notFound not_found");
    expect(asks("gateway:create")).toBe("forbidden forbidden");
    expect(asks("account:update")).toBe("forbidden session_required");
  });

  it("never gives a key more than its holder and its own grant both have, for every word and pair of roles", () => {
    const all: Role[] = ["viewer", "developer", "admin", "owner"];
    for (const holder of all) {
      for (const made of all) {
        const principal = principalOf(
          facts(key({ standing: at(builtIn(holder)), grant: builtIn(made) })),
          "apiKey",
          arrival,
        );
        for (const permission of permissions) {
          const both = permissionsOf(holder).has(permission) && permissionsOf(made).has(permission);
          expect([holder, made, permission, isAllowed(principal, founders, permission)]).toEqual([
            holder,
            made,
            permission,
            both,
          ]);
        }
      }
    }
  });
});

describe("the projects at which somebody may do something", () => {
  const of = (principal: KeyFacts | SessionFacts): Principal => principalOf(facts(principal), principal.kind, arrival);
  const reach: Reach = {
    organizationId: "org_a",
    projects: [
      { projectId: "prj_a", grant: builtIn("developer") },
      { projectId: "prj_b", grant: builtIn("viewer") },
      { projectId: "prj_c", grant: null },
    ],
  };
  const nobody = { ...reach, projects: [] };
  const rows: [string, Principal, Reach, Permission, string[]][] = [
    ["by roles there", of(session({ standing: at(null) })), reach, "route:create", ["prj_a"]],
    ["by lesser roles there", of(session({ standing: at(null) })), reach, "route:read", ["prj_a", "prj_b"]],
    ["none by nothing", of(session({ standing: at(null) })), nobody, "route:read", []],
    ["a key's own, of who has no role there", of(key({ projectId: "prj_d" })), nobody, "route:read", ["prj_d"]],
    ["a key's own alone", of(key({ projectId: "prj_b", standing: at(null) })), reach, "route:read", ["prj_b"]],
    ["not beyond a key's words", of(key({ projectId: "prj_d", grant: words() })), nobody, "route:read", []],
  ];
  it.each(rows)("%s (KEY)", (_title, principal, projects, permission, expected) => {
    expect(projectsWith(principal, organization, projects, permission)).toEqual(expected);
  });
});

describe("giving", () => {
  const of = (principal: KeyFacts | SessionFacts): Principal => principalOf(facts(principal), principal.kind, arrival);
  const admin = of(session({ standing: at(builtIn("admin")) }));
  const owner = of(session());
  const rows: [string, Principal, Permission[], string | null, boolean][] = [
    ["nothing", of(session({ standing: at(null) })), [], null, true],
    ["an admin's own", admin, [...permissionsOf("admin")], null, true],
    ["one word more than an admin has", admin, ["project:read", "organization:delete"], null, false],
    ["what only the founders can use, by who has the word", owner, ["gateway:create"], null, true],
    ["what only the founders can use, by who has not", admin, ["gateway:create"], null, false],
    ["all that an owner has", owner, [...permissionsOf("owner")], null, true],
    ["an own role's words", of(session({ standing: at(words("route:read")) })), ["route:read"], null, true],
    ["beyond an own role's words", of(session({ standing: at(words("route:read")) })), ["route:create"], null, false],
    ["by a key, what it was made for", of(key({ grant: words("route:read") })), ["route:read"], null, true],
    ["by a key, what only its holder may", of(key({ grant: words("route:read") })), ["route:create"], null, false],
    ["by a project's key, there", of(key({ projectId: "prj_a" })), ["route:read"], "prj_a", true],
    ["by a project's key, elsewhere", of(key({ projectId: "prj_a" })), ["route:read"], "prj_b", false],
    ["by a project's key, for the organization", of(key({ projectId: "prj_a" })), ["route:read"], null, false],
    [
      "by a project's developer, what lies there",
      of(session({ standing: at(null, builtIn("developer")) })),
      ["route:create"],
      "prj_a",
      true,
    ],
    [
      "by a project's owner, an organization's word",
      of(session({ standing: at(null, builtIn("owner")) })),
      ["member:update"],
      "prj_a",
      false,
    ],
    ["by nobody's member", of(session({ standing: null })), ["project:read"], null, false],
  ];
  it.each(rows)("%s", (_title, principal, wanted, projectId, expected) => {
    expect(canGive(principal, organization, wanted, projectId)).toBe(expected);
  });
});
