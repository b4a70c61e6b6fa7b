import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { router } from "../../src/http/trpc/router";
import { type IdKind, newId } from "../../src/platform/ids";
import { insertPlace, type Place } from "../support/place";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

interface Page {
  readonly items: Record<string, unknown>[];
  readonly nextCursor: string | null;
}

/** How to insert rows of one list: the columns, and the values of a row after its id, which is the first column. */
interface List {
  readonly kind: IdKind;
  readonly id: string;
  readonly columns: string;
  readonly values: (id: string) => readonly unknown[];
  readonly input?: () => Record<string, unknown>;
  /** Inserts the rows to which the list's rows refer. */
  readonly before?: (ids: readonly string[]) => Promise<unknown>;
}

let world: World;
let acme: GivenOrganization;
let place: Place;
let applicationId: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization({ root: true });
  place = await insertPlace(world, acme);
  ({ applicationId } = await given(acme).application({ environmentId: place.environmentId }));
});
afterAll(() => world.close());

const organization = () => acme.organizationId;
const lists: Readonly<Record<string, List>> = {
  "projects.list": {
    kind: "project",
    id: "projectId",
    columns: "projects (project_id, organization_id, name, slug)",
    values: (id) => [organization(), "Project", id],
  },
  "environments.list": {
    kind: "environment",
    id: "environmentId",
    columns: "environments (environment_id, organization_id, project_id, name, slug, kind)",
    values: (id) => [organization(), place.projectId, "Production", id, "production"],
    input: () => ({ projectId: place.projectId }),
  },
  "applications.list": {
    kind: "application",
    id: "applicationId",
    columns: "applications (application_id, organization_id, environment_id, gateway_id, name, slug, access)",
    values: (id) => [organization(), place.environmentId, world.gatewayId, "Wiki", id, "protected"],
    input: () => ({ environmentId: place.environmentId }),
  },
  "security.list": {
    kind: "credential",
    id: "securityId",
    columns:
      "security (security_id, organization_id, application_id, username, hash_algorithm, hash_sealed, password_changed_at)",
    values: (id) => [organization(), applicationId, id, "apr1", "none", "2026-01-01T00:00:00Z"],
    input: () => ({ applicationId }),
  },
  "routes.list": {
    kind: "route",
    id: "routeId",
    columns: "routes (route_id, organization_id, application_id, gateway_id, host, upstreams, upstream_keys)",
    values: (id) => [organization(), applicationId, world.gatewayId, `${id}.example`, "[]", "{}"],
    input: () => ({ applicationId }),
  },
  "claims.list": {
    kind: "claim",
    id: "claimId",
    columns: "claims (claim_id, organization_id, gateway_id, kind, value, deny_group)",
    values: (id) => [organization(), world.gatewayId, "host", `${id}.example`, 0],
    input: () => ({ gatewayId: world.gatewayId }),
  },
  "gateways.list": {
    kind: "gateway",
    id: "gatewayId",
    columns: "gateways (gateway_id, name, target, address, probe_address, tag_key_sealed, probe_host_sealed, epoch)",
    values: (id) => [id, "file", "127.0.0.1:1", "127.0.0.1:2", "none", "none", "e0"],
  },
  "keys.list": {
    kind: "apiKey",
    id: "apiKeyId",
    columns: "api_keys (api_key_id, organization_id, name, role, hash)",
    values: (id) => [organization(), "ci", "viewer", `hash of ${id}`],
  },
  "serviceAccounts.list": {
    kind: "serviceAccount",
    id: "serviceAccountId",
    columns: "service_accounts (service_account_id, organization_id, name, role)",
    values: (id) => [organization(), id, "viewer"],
  },
  "providers.list": {
    kind: "provider",
    id: "providerId",
    columns: `oidc_providers (provider_id, organization_id, slug, name, issuer, client_id, scopes, allowed_emails,
      allowed_domains, allowed_groups, group_roles, trusted_domains, creates_persons)`,
    values: (id) => [organization(), id, "ID", "https://id.example", "c", "{}", "{}", "{}", "{}", "{}", "{}", false],
  },
  "roles.list": {
    kind: "role",
    id: "roleId",
    columns: "roles (role_id, organization_id, name, permissions)",
    values: (id) => [organization(), id, "{project:read}"],
  },
  "members.list": {
    kind: "member",
    id: "memberId",
    columns: "members (member_id, organization_id, user_id, role)",
    values: (id) => [organization(), id, "viewer"],
    before: (ids) =>
      world.db.asOwner(
        `insert into users (user_id, email, created_at) values ${ids.map((_, at) => `($${at + 1}, $${at + 1}, now())`)}`,
        ids,
      ),
  },
  "invitations.list": {
    kind: "invitation",
    id: "invitationId",
    columns: "invitations (invitation_id, organization_id, email, role, hash, expires_at)",
    values: (id) => [organization(), "a@example.org", "viewer", id, "2027-01-01T00:00:00Z"],
  },
  "audit.list": {
    kind: "audit",
    id: "auditId",
    columns: "audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome)",
    values: () => [organization(), "system", "req_1", "page.test", "done"],
    input: () => ({ action: "page.test" }),
  },
  "audit.installation.list": {
    kind: "audit",
    id: "auditId",
    columns: "audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome)",
    values: () => [world.runtime.installationId, "system", "req_1", "page.test", "done"],
    input: () => ({ action: "page.test" }),
  },
};

/** Inserts rows and returns their ids, newest first. */
async function insert(procedure: string, { kind, columns, values, before }: List, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId(kind));
  await before?.(ids);
  const rows = ids.map((id) => [id, ...values(id), "2026-01-01T00:00:00Z"]);
  const width = rows[0]?.length ?? 0;
  const holders = rows.map((_, row) => `(${Array.from({ length: width }, (_, at) => `$${row * width + at + 1}`)})`);
  await world.db.asOwner(`insert into ${columns.replace(/\)$/, ", created_at)")} values ${holders}`, rows.flat());
  if (procedure === "gateways.list") {
    const allowed = ids.map((_, at) => `($1, $${at + 2}, now())`);
    await world.db.asOwner(
      `insert into organization_gateways (organization_id, gateway_id, created_at) values ${allowed}`,
      [organization(), ...ids],
    );
  }
  return ids.reverse();
}

/** These lists are short and always complete. */
const unpaged = ["proofs.list", "organizations.list", "auth.passkeys.list", "auth.sessions.list"];

test("every list of the router with pages has a row in this table", () => {
  const found = Object.keys(router._def.procedures).filter((name) => name.endsWith(".list"));
  expect(found.sort()).toEqual([...Object.keys(lists), ...unpaged].sort());
});

describe.each(Object.entries(lists))("%s", (procedure, list) => {
  const page = async (input: Record<string, unknown> = {}) => {
    const answer = await acme.call<Page>(procedure, { ...list.input?.(), ...input });
    expect(answer.status, answer.text).toBe(200);
    const ids = answer.data.items.map((item) => String(item[list.id]));
    return { ids, nextCursor: answer.data.nextCursor };
  };
  const rest = async (cursor: string | null, limit?: number) => {
    const collected: string[] = [];
    for (let next = cursor; next !== null; ) {
      const { ids, nextCursor } = await page({ cursor: next, ...(limit === undefined ? {} : { limit }) });
      collected.push(...ids);
      next = nextCursor;
    }
    return collected;
  };

  test("DK-6: returns 50 items by default, newest first, then the remaining ones, each item once", async () => {
    const created = await insert(procedure, list, 53);
    const first = await page();
    expect(first.ids).toEqual(created.slice(0, 50));
    expect(first.nextCursor).toBe(first.ids.at(-1));
    const remaining = await rest(first.nextCursor);
    expect(remaining.slice(0, 3)).toEqual(created.slice(50));
    const all = [...first.ids, ...remaining];
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual([...all].sort().reverse());
  });

  test("continues after the cursor even if items were created in between", async () => {
    const before = await page({ limit: 200 });
    const first = await page({ limit: 7 });
    const newer = await insert(procedure, list, 3);
    const remaining = await rest(first.nextCursor, 20);
    expect([...first.ids, ...remaining]).toEqual(before.ids);
    expect((await page({ limit: 3 })).ids).toEqual(newer);
  });

  test("accepts a limit from 1 to 200 and returns no cursor with the last page", async () => {
    await insert(procedure, list, 2);
    const all = await page({ limit: 200 });
    expect(all.nextCursor).toBeNull();
    expect((await page({ limit: 1 })).ids).toEqual(all.ids.slice(0, 1));
    expect((await page({ limit: all.ids.length })).nextCursor).toBeNull();
    expect((await page({ cursor: all.ids.at(-1) })).ids).toEqual([]);
    for (const limit of [0, 201, -1, 1.5, "5", null, 1e9]) {
      const refused = await acme.call(procedure, { ...list.input?.(), limit });
      expect([refused.status, refused.error?.data.fields?.limit], `limit ${limit}`).toEqual([400, expect.any(String)]);
    }
  });

  test.each(["' or 1=1 --", "", "x".repeat(101), "ä", 7])("rejects the cursor %j", async (cursor) => {
    const refused = await acme.call(procedure, { ...list.input?.(), cursor });
    expect([refused.status, refused.error?.data.reason]).toEqual([400, "invalid_input"]);
  });
});

test("organizations.list returns only the caller's organization, on one page", async () => {
  await world.organization();
  const all = await acme.call<Page>("organizations.list");
  expect(all.data.items.map((item) => item.organizationId)).toEqual([acme.organizationId]);
  expect(all.data.nextCursor).toBeNull();
  const past = await acme.call<Page>("organizations.list", { cursor: acme.organizationId });
  expect(past.data).toEqual({ items: [], nextCursor: null });
});
