import type { PgTable } from "drizzle-orm/pg-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { router } from "#src/http/trpc/router";
import { type IdKind, newId } from "#src/platform/ids";
import { insertEnvironment, type ProjectAndEnvironment } from "../support/environment";
import { applicationRows, claimRows, credentialRows, routeRows } from "../support/rows/applications";
import { auditEntryRows } from "../support/rows/audit";
import { gatewayRows } from "../support/rows/delivery";
import type { Factory, Given } from "../support/rows/factory";
import { keyRows } from "../support/rows/keys";
import { invitationRows, memberRows, userRows } from "../support/rows/members";
import { organizationGatewayRows } from "../support/rows/organizations";
import { providerRows } from "../support/rows/persons";
import { environmentRows, projectRows } from "../support/rows/projects";
import { roleRows, serviceAccountRows } from "../support/rows/roles";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

interface Page {
  readonly items: Record<string, unknown>[];
  readonly nextCursor: string | null;
}

/** How to insert rows of one list. */
interface List {
  readonly kind: IdKind;
  readonly id: string;
  readonly insert: (ids: readonly string[]) => Promise<unknown>;
  readonly input?: () => Record<string, unknown>;
}

let world: World;
let acme: GivenOrganization;
let inserted: ProjectAndEnvironment;
let applicationId: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization({ root: true });
  inserted = await insertEnvironment(world, acme);
  ({ applicationId } = await given(acme).application({ environmentId: inserted.environmentId }));
});
afterAll(() => world.close());

/** The rows have the same time, so that their ids alone decide their order. */
const createdAt = new Date("2026-01-01T00:00:00Z");
const organizationId = () => acme.organizationId;

/** Inserts one row for each id, with what `values` returns. */
const each =
  <Table extends PgTable, Defaults>(rows: Factory<Table, Defaults>, values: (id: string) => Given<Table, Defaults>) =>
  (ids: readonly string[]): Promise<unknown> =>
    rows.insertAll(world.db.owner, ids.map(values));

const lists: Readonly<Record<string, List>> = {
  "projects.list": {
    kind: "project",
    id: "projectId",
    insert: each(projectRows, (projectId) => ({
      projectId,
      organizationId: organizationId(),
      slug: projectId,
      createdAt,
    })),
  },
  "environments.list": {
    kind: "environment",
    id: "environmentId",
    insert: each(environmentRows, (environmentId) => ({
      environmentId,
      organizationId: organizationId(),
      projectId: inserted.projectId,
      slug: environmentId,
      createdAt,
    })),
    input: () => ({ projectId: inserted.projectId }),
  },
  "applications.list": {
    kind: "application",
    id: "applicationId",
    insert: each(applicationRows, (id) => ({
      applicationId: id,
      organizationId: organizationId(),
      environmentId: inserted.environmentId,
      gatewayId: world.gatewayId,
      slug: id,
      createdAt,
    })),
    input: () => ({ environmentId: inserted.environmentId }),
  },
  "security.list": {
    kind: "credential",
    id: "securityId",
    insert: each(credentialRows, (securityId) => ({
      securityId,
      organizationId: organizationId(),
      applicationId,
      username: securityId,
      hashSealed: "none",
      createdAt,
    })),
    input: () => ({ applicationId }),
  },
  "routes.list": {
    kind: "route",
    id: "routeId",
    insert: each(routeRows, (routeId) => ({
      routeId,
      organizationId: organizationId(),
      applicationId,
      gatewayId: world.gatewayId,
      host: `${routeId}.example`,
      createdAt,
    })),
    input: () => ({ applicationId }),
  },
  "claims.list": {
    kind: "claim",
    id: "claimId",
    insert: each(claimRows, (claimId) => ({
      claimId,
      organizationId: organizationId(),
      gatewayId: world.gatewayId,
      kind: "host" as const,
      value: `${claimId}.example`,
      denyGroup: 0,
      createdAt,
    })),
    input: () => ({ gatewayId: world.gatewayId }),
  },
  "gateways.list": {
    kind: "gateway",
    id: "gatewayId",
    insert: async (ids) => {
      const gateway = (gatewayId: string) => ({ gatewayId, name: gatewayId, createdAt });
      const sealed = { tagKeySealed: "none", probeHostSealed: "none" };
      await each(gatewayRows, (gatewayId) => ({ ...gateway(gatewayId), ...sealed }))(ids);
      await each(organizationGatewayRows, (gatewayId) => ({ organizationId: organizationId(), gatewayId }))(ids);
    },
  },
  "keys.list": {
    kind: "apiKey",
    id: "apiKeyId",
    insert: each(keyRows, (apiKeyId) => ({
      apiKeyId,
      organizationId: organizationId(),
      role: "viewer" as const,
      hash: `hash of ${apiKeyId}`,
      createdAt,
    })),
  },
  "serviceAccounts.list": {
    kind: "serviceAccount",
    id: "serviceAccountId",
    insert: each(serviceAccountRows, (serviceAccountId) => ({
      serviceAccountId,
      organizationId: organizationId(),
      name: serviceAccountId,
      role: "viewer" as const,
      createdAt,
    })),
  },
  "providers.list": {
    kind: "provider",
    id: "providerId",
    insert: each(providerRows, (providerId) => ({
      providerId,
      organizationId: organizationId(),
      slug: providerId,
      name: "ID",
      issuer: "https://id.example",
      clientId: "c",
      createdAt,
    })),
  },
  "roles.list": {
    kind: "role",
    id: "roleId",
    insert: each(roleRows, (roleId) => ({ roleId, organizationId: organizationId(), name: roleId, createdAt })),
  },
  "members.list": {
    kind: "member",
    id: "memberId",
    insert: async (ids) => {
      await each(userRows, (userId) => ({ userId, email: userId }))(ids);
      await each(memberRows, (memberId) => ({
        memberId,
        organizationId: organizationId(),
        userId: memberId,
        role: "viewer" as const,
        createdAt,
      }))(ids);
    },
  },
  "invitations.list": {
    kind: "invitation",
    id: "invitationId",
    insert: each(invitationRows, (invitationId) => ({
      invitationId,
      organizationId: organizationId(),
      role: "viewer" as const,
      hash: invitationId,
      expiresAt: new Date("2027-01-01T00:00:00Z"),
      createdAt,
    })),
  },
  "audit.list": {
    kind: "audit",
    id: "auditId",
    insert: each(auditEntryRows, (auditId) => ({
      auditId,
      organizationId: organizationId(),
      action: "page.test",
      createdAt,
    })),
    input: () => ({ action: "page.test" }),
  },
  "audit.installation.list": {
    kind: "audit",
    id: "auditId",
    insert: each(auditEntryRows, (auditId) => ({
      auditId,
      organizationId: world.runtime.installationId,
      action: "page.test",
      createdAt,
    })),
    input: () => ({ action: "page.test" }),
  },
};

/** Inserts rows and returns their ids, newest first. */
async function insert({ kind, insert }: List, count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId(kind));
  await insert(ids);
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
    const created = await insert(list, 53);
    const first = await page();
    expect(first.ids).toEqual(created.slice(0, 50));
    expect(first.nextCursor).toBe(first.ids.at(-1));
    const remaining = await rest(first.nextCursor);
    expect(remaining.slice(0, 3)).toEqual(created.slice(50));
    const all = [...first.ids, ...remaining];
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual([...all].sort().reverse());
  });

  test("a list continues after the cursor even if items were created in between", async () => {
    const before = await page({ limit: 200 });
    const first = await page({ limit: 7 });
    const newer = await insert(list, 3);
    const remaining = await rest(first.nextCursor, 20);
    expect([...first.ids, ...remaining]).toEqual(before.ids);
    expect((await page({ limit: 3 })).ids).toEqual(newer);
  });

  test("a list accepts a limit from 1 to 200 and returns no cursor with the last page", async () => {
    await insert(list, 2);
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

  test.each(["' or 1=1 --", "", "x".repeat(101), "ä", 7])("a list rejects the cursor %j", async (cursor) => {
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
