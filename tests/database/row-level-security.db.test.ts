import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DatabaseRole } from "#src/database/database";
import { databaseRoles } from "#src/database/database-roles";
import { newId } from "#src/platform/ids";
import { insertEnvironment } from "../support/environment";
import { givenMember, givenPerson } from "../support/people";
import { checkpointRows } from "../support/rows/audit";
import { applicationStateRows } from "../support/rows/delivery";
import { keyRows } from "../support/rows/keys";
import { invitationRows, projectRoleRows } from "../support/rows/members";
import { providerRows } from "../support/rows/persons";
import { roleRows, serviceAccountRows } from "../support/rows/roles";
import { outcomeOf, quoted, runAs } from "../support/run-as";
import { type GivenOrganization, given, insertGateway, openWorld, type World } from "../support/world";

/**
 * The condition that selects an organization's rows. A new table with tenant privileges needs a line here, and rows
 * below.
 */
const ofOrganization = (org: Seeded) => `organization_id = ${quoted(org.organizationId)}`;
const rowsOfTable: Record<string, (org: Seeded) => string> = {
  api_keys: ofOrganization,
  application_states: ofOrganization,
  applications: ofOrganization,
  audit_checkpoints: ofOrganization,
  audit_entries: ofOrganization,
  changes: ofOrganization,
  claims: ofOrganization,
  environments: ofOrganization,
  gateways: (org) => `gateway_id = ${quoted(org.gatewayId)}`,
  invitations: ofOrganization,
  members: ofOrganization,
  oidc_providers: ofOrganization,
  organization_gateways: ofOrganization,
  organizations: ofOrganization,
  project_roles: ofOrganization,
  projects: ofOrganization,
  roles: ofOrganization,
  routes: ofOrganization,
  security: ofOrganization,
  service_accounts: ofOrganization,
  users: (org) => `user_id = ${quoted(org.userId)}`,
};

interface Seeded extends GivenOrganization {
  readonly userId: string;
  readonly applicationId: string;
}

/** Tables of persons, which belong to no organization. Only the identity role and the host role may read them. */
const ofPersons = [
  "passwords",
  "totp_secrets",
  "recovery_codes",
  "passkeys",
  "sessions",
  "challenges",
  "links",
  "limits",
  "identities",
  "member_roles",
];

const refused = "42501"; // insufficient_privilege: a missing grant, or a policy that refuses
const foreignKeyViolation = "23503";

let world: World;
let acme: Seeded;
let beta: Seeded;

beforeAll(async () => {
  world = await openWorld();
  acme = await seeded("a.example.org", "http://10.0.0.1:8080");
  beta = await seeded("b.example.org", "http://10.0.0.2:8080");
});
afterAll(() => world.close());

async function seeded(host: string, upstream: string): Promise<Seeded> {
  const gatewayId = await insertGateway(world.db, world.runtime);
  const org = await world.organization({ gatewayId });
  const { projectId, environmentId } = await insertEnvironment(world, org);
  const { applicationId } = await given(org).application({
    environmentId,
    route: { host, upstreams: [{ url: upstream }] },
    credential: { username: `ada@${host}` },
  });
  const { organizationId } = org;
  const person = await givenPerson(world, `ada@${host}`);
  const memberId = await givenMember(world, organizationId, person, "owner");
  const { owner } = world.db;
  const { roleId } = await roleRows.insert(owner, { organizationId });
  await serviceAccountRows.insert(owner, { organizationId, roleId });
  await projectRoleRows.insert(owner, { organizationId, projectId, memberId, role: "viewer" });
  await invitationRows.insert(owner, { organizationId, role: "viewer" });
  await providerRows.insert(owner, {
    organizationId,
    slug: host,
    name: "Example",
    issuer: "https://i.example",
    clientId: "c",
    clientSecretSealed: "s",
  });
  await checkpointRows.insert(owner, { organizationId, sequence: 1, hash: "h", kind: "checkpoint" });
  await applicationStateRows.insert(owner, { gatewayId, applicationId, organizationId });
  return { ...org, userId: person.userId, applicationId };
}

const asTenant = (org: Seeded, statement: string) => runAs(world, "tenant", org.organizationId, statement);

async function tables(privilegesOf: string): Promise<string[]> {
  const rows = await world.db.asOwner<{ name: string }>(
    `select c.relname as name from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
       and (has_table_privilege('${privilegesOf}', c.oid, 'select, insert, update, delete, truncate, references, trigger')
         or has_any_column_privilege('${privilegesOf}', c.oid, 'select, insert, update, references'))
     order by 1`,
  );
  return rows.map((row) => row.name);
}

test("every table on which the tenant role has a privilege is tested", async () => {
  expect(await tables("portcullis_tenant")).toEqual(Object.keys(rowsOfTable).sort());
});

describe.each(Object.entries(rowsOfTable))("%s", (table, where) => {
  async function visible(reader: Seeded, org: Seeded): Promise<number> {
    const [row] = await asTenant(reader, `select count(*)::int as n from ${table} where ${where(org)}`);
    return Number(row?.n);
  }

  test("an organization reads its own rows and no rows of another one", async () => {
    expect(await visible(acme, acme)).toBeGreaterThan(0);
    expect(await visible(acme, beta)).toBe(0);
    expect(await visible(beta, beta)).toBeGreaterThan(0);
    expect(await visible(beta, acme)).toBe(0);
    const [all] = await asTenant(acme, `select count(*)::int as n from ${table}`);
    expect(Number(all?.n)).toBe(await visible(acme, acme));
  });

  test("the tenant role without an organization reads nothing", async () => {
    const [row] = await runAs<{ n: number }>(world, "tenant", "", `select count(*)::int as n from ${table}`);
    expect(Number(row?.n)).toBe(0);
  });

  test("an organization cannot change, move or remove rows of another one", async () => {
    const before = await fingerprint(table, where(beta));
    const columns = await columnsOf(table);
    for (const column of columns) {
      const statement = `update ${table} set ${column} = ${column} where ${where(beta)} returning 1`;
      expect([refused, "no row", "generated"]).toContain(await effectOf(asTenant(acme, statement)));
    }
    expect([refused, "no row"]).toContain(
      await effectOf(asTenant(acme, `delete from ${table} where ${where(beta)} returning 1`)),
    );
    expect(await fingerprint(table, where(beta))).toBe(before);
  });

  test("an organization cannot insert a row for another one, or give its own row to it", async () => {
    const [row] = await world.db.asOwner<{ json: string }>(
      `select row_to_json(t)::text as json from ${table} t where ${where(beta)} limit 1`,
    );
    const insert = `insert into ${table} overriding system value select * from json_populate_record(null::${table}, ${quoted(row?.json ?? "")})`;
    expect(await outcomeOf(asTenant(acme, insert))).toBe(refused);
    if ((await columnsOf(table)).includes("organization_id")) {
      const move = `update ${table} set organization_id = ${quoted(beta.organizationId)} where ${where(acme)}`;
      expect(await outcomeOf(asTenant(acme, move))).toBe(refused);
    }
  });

  test("the table belongs to none of the roles, and row-level security is on", async () => {
    const [row] = await world.db.asOwner(
      `select c.relrowsecurity as on, o.rolname as owner from pg_class c join pg_roles o on o.oid = c.relowner where c.relname = '${table}'`,
    );
    expect(row?.on).toBe(true);
    expect(row?.owner).not.toMatch(/^portcullis_/);
  });
});

async function columnsOf(table: string): Promise<string[]> {
  const rows = await world.db.asOwner<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = '${table}'::regclass and attnum > 0 and not attisdropped`,
  );
  return rows.map((row) => `"${row.name}"`.replaceAll('"', ""));
}

/** `no row`: the statement ran and affected no row. `generated`: the column cannot be set at all. */
async function effectOf(statement: Promise<unknown[]>): Promise<string> {
  const outcome = await outcomeOf(statement);
  if (outcome === "428C9") return "generated";
  if (outcome !== "done") return outcome;
  return (await statement).length === 0 ? "no row" : "done";
}

async function fingerprint(table: string, where: string): Promise<string> {
  const [row] = await world.db.asOwner<{ rows: string }>(
    `select md5(string_agg(t::text, '|' order by t::text)) as rows from ${table} t where ${where}`,
  );
  return row?.rows ?? "none";
}

describe("the roles", () => {
  test.each(databaseRoles)(
    "%s is not a superuser, cannot bypass row-level security or log in, and is in no other role",
    async (role) => {
      const [row] = await world.db.asOwner(
        `select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolcanlogin as powerful,
         (select count(*)::int from pg_auth_members m where m.member = r.oid) as memberships,
         (select count(*)::int from pg_class c where c.relowner = r.oid) + (select count(*)::int from pg_proc p where p.proowner = r.oid) as owned,
         has_schema_privilege(r.oid, 'public', 'create') as creates
       from pg_roles r where rolname = '${role}'`,
      );
      expect(row).toEqual({ powerful: false, memberships: 0, owned: 0, creates: false });
    },
  );

  test("the gate role cannot read any table", async () => {
    expect(await tables("portcullis_gate")).toEqual([]);
    for (const table of Object.keys(rowsOfTable)) {
      expect(await outcomeOf(world.runtime.database.call(sql.raw(`select 1 from ${table}`)))).toBe(refused);
    }
  });

  test("every session has the gate role, at its start and after each transaction", async () => {
    const currentRole = async () =>
      (await world.runtime.database.call<{ who: string }>(sql`select current_user as who`))[0]?.who;
    expect(await currentRole()).toBe("portcullis_gate");
    await asTenant(acme, "select 1");
    expect(await currentRole()).toBe("portcullis_gate");
    await outcomeOf(asTenant(acme, "select 1 / 0"));
    expect(await currentRole()).toBe("portcullis_gate");
    const [setting] = await world.runtime.database.call<{ org: string | null }>(
      sql`select nullif(current_setting('portcullis.organization_id', true), '') as org`,
    );
    expect(setting?.org).toBeNull();
  });

  test("security definer functions have a fixed search path, and PUBLIC cannot execute any function", async () => {
    const rows = await world.db.asOwner<{
      name: string;
      config: string[] | null;
      executable: boolean;
      definer: boolean;
    }>(
      `select p.proname as name, p.proconfig as config, p.prosecdef as definer,
         exists (select 1 from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0) as executable
       from pg_proc p where p.proname like 'portcullis%'`,
    );
    expect(rows.filter((row) => row.definer).length).toBeGreaterThanOrEqual(6);
    expect(rows.filter((row) => row.executable).map((row) => row.name)).toEqual([]);
    for (const row of rows.filter((one) => one.definer)) {
      expect([row.name, row.config]).toEqual([row.name, ["search_path=public, pg_temp"]]);
    }
  });

  test("the sync role may write only its own columns", async () => {
    const rows = await world.db.asOwner<{ entry: string }>(
      `select c.relname || '.' || a.attname || ':' || p.privilege as entry
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         cross join (values ('insert'), ('update')) as p (privilege)
       where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
         and has_column_privilege('portcullis_sync', c.oid, a.attnum, p.privilege)`,
    );
    const written = (privilege: string) =>
      [...new Set(rows.filter((row) => row.entry.endsWith(privilege)).map((row) => row.entry.split(/[.:]/)[0]))].sort();
    expect(written("insert")).toEqual([
      "application_states",
      "audit_checkpoints",
      "audit_entries",
      "changes",
      "deliveries",
    ]);
    expect(written("update")).toEqual([
      "application_states",
      "applications",
      "audit_entries",
      "changes",
      "deliveries",
      "gateways",
    ]);
    const columns = (table: string) =>
      rows
        .filter((row) => row.entry.startsWith(`${table}.`) && row.entry.endsWith(":update"))
        .map((row) => row.entry.split(/[.:]/)[1]);
    // What is closed by hand is out of its reach, so it can only close.
    const closing = ["closed_at", "closed_by_id", "closed_by_kind", "closed_by_name", "closed_reason"];
    expect(columns("applications").sort()).toEqual([...closing, "opened_by"]);
    expect(columns("audit_entries").sort()).toEqual(["hash", "sequence"]);
    for (const kept of [
      "gateway_id",
      "name",
      "address",
      "probe_address",
      "tag_key_sealed",
      "probe_host_sealed",
      "tags",
    ]) {
      expect(columns("gateways")).not.toContain(kept);
    }
  });

  const forbiddenToSync = [
    "update applications set access = 'public-when-empty'",
    "update applications set opened_by = 'delete'",
    "delete from security",
    "update security set hash_sealed = ''",
    "insert into routes select * from routes",
    "delete from claims",
    "update organizations set never_public = false",
    "select hash from api_keys",
    "select * from users",
    "update gateways set tag_key_sealed = ''",
    "update audit_entries set action = 'x'",
    "delete from audit_entries",
    "insert into audit_entries select * from audit_entries",
    "insert into audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome, created_at) values ('x', 'x', 'apiKey', 'x', 'x', 'done', now())",
    "insert into audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome, created_at, sequence, hash) values ('x', 'x', 'system', 'x', 'x', 'done', now(), 1, 'x')",
  ];
  test.each(forbiddenToSync)("the sync role is refused: %s", async (statement) => {
    expect(await outcomeOf(runAs(world, "sync", null, statement))).toBe(refused);
  });

  test("the sync role reads every organization's rows", async () => {
    for (const table of ["applications", "security", "routes", "claims", "changes", "application_states"]) {
      const [row] = await runAs<{ n: number }>(
        world,
        "sync",
        null,
        `select count(distinct organization_id)::int as n from ${table}`,
      );
      expect([table, row?.n]).toEqual([table, 2]);
    }
  });

  const forbiddenToHost = [
    "select username from security",
    "update security set username = 'x'",
    "delete from security",
    "delete from applications",
    "delete from audit_entries",
  ];
  test.each(forbiddenToHost)("the host role is refused: %s", async (statement) => {
    expect(await outcomeOf(runAs(world, "host", null, statement))).toBe(refused);
  });

  test.each(ofPersons)("only the identity role and the host role can read the table %s", async (table) => {
    for (const role of ["tenant", "sync", "retention"] as const) {
      const organizationId = role === "tenant" ? acme.organizationId : null;
      for (const statement of [`select 1 from ${table}`, `delete from ${table}`]) {
        expect([role, await outcomeOf(runAs(world, role, organizationId, statement))]).toEqual([role, refused]);
      }
    }
    expect(await outcomeOf(world.runtime.database.call(sql.raw(`select 1 from ${table}`)))).toBe(refused);
    expect(await outcomeOf(runAs(world, "identity", null, `select 1 from ${table}`))).toBe("done");
    const [row] = await world.db.asOwner(`select relrowsecurity as on from pg_class where relname = '${table}'`);
    expect(row?.on).toBe(true);
  });

  const forbiddenToIdentity = [
    "select 1 from security",
    "select 1 from routes",
    "select 1 from applications",
    "select 1 from api_keys",
    "select 1 from audit_entries",
    "select 1 from gateways",
    "update audit_entries set action = 'x'",
    "delete from audit_entries",
    "update organizations set require_second_factor = false",
    "update roles set permissions = '{}'",
    "delete from members",
    "update invitations set role = 'owner'",
    "delete from users",
  ];
  test.each(forbiddenToIdentity)("the identity role is refused: %s", async (statement) => {
    expect(await outcomeOf(runAs(world, "identity", null, statement))).toBe(refused);
  });

  const forbiddenToRetention = [
    "select 1 from users",
    "select 1 from organizations",
    "update audit_entries set action = 'x'",
    "insert into audit_entries select * from audit_entries",
    "update audit_checkpoints set hash = 'x'",
    "truncate audit_checkpoints",
  ];
  test.each(forbiddenToRetention)("the retention role is refused: %s", async (statement) => {
    expect(await outcomeOf(runAs(world, "retention", null, statement))).toBe(refused);
  });

  test.each<[DatabaseRole, string]>([
    ["tenant", "portcullis_touch_key('x', now(), 'x')"],
    ["tenant", "portcullis_touch_session('x', 'y', now())"],
    ["tenant", "portcullis_take('x', 1, 1, now())"],
    ["tenant", "portcullis_principal('session', 'x', null)"],
    ["tenant", "portcullis_standing('x', 'x', null)"],
    ["identity", "portcullis_leave('x')"],
    ["sync", "portcullis_leave('x')"],
    ["retention", "portcullis_authorize('commandLine', null, 'x', 'organization', null, '')"],
    ["sync", "portcullis_authorize('commandLine', null, 'x', 'organization', null, '')"],
    ["sync", "portcullis_claim_host('c', 'g', 'h', 'p', false, now())"],
    ["host", "portcullis_claim_host('c', 'g', 'h', 'p', false, now())"],
    ["tenant", "portcullis_lock_claims('g')"],
    ["tenant", "portcullis_sweep_claims(now(), 1)"],
    ["sync", "portcullis_end_claims(now())"],
    ["host", "portcullis_sweep_claims(now(), 1)"],
    ["tenant", "portcullis_owner_addresses('o')"],
    ["identity", "portcullis_owner_addresses('o')"],
    ["tenant", "portcullis_application_facts('a', 'o', '')"],
    ["tenant", "portcullis_locate_application('a', 'o', '{}', '')"],
  ])("the %s role may not call %s", async (role, call) => {
    expect(await outcomeOf(runAs(world, role, role === "tenant" ? acme.organizationId : null, `select ${call}`))).toBe(
      refused,
    );
  });
});

test("in an organization's transaction, portcullis_authorize reveals nothing about another organization", async () => {
  const ask = (asked: Seeded) =>
    asTenant(
      acme,
      `select * from portcullis_authorize('commandLine', null, ${quoted(asked.organizationId)}, 'application', ${quoted(asked.applicationId)}, 'update')`,
    );
  expect(await ask(acme)).toMatchObject([{ object: { applicationId: acme.applicationId } }]);
  const [answer] = await ask(beta);
  expect(answer).toMatchObject({
    principal: { kind: "commandLine", standing: { organization: null, project: null } },
    organization: { organizationId: beta.organizationId, name: "", slug: "", root: false, maxKeysPerMember: 0 },
    object: null,
    project_id: null,
  });
});

const forbiddenToTenant = [
  "update organizations set upstreams = 'any'",
  "update organizations set root = true",
  "update organizations set slug = 'x'",
  "update applications set slug = 'x'",
  "update applications set gateway_id = 'x'",
  "update api_keys set role = 'owner'",
  "update api_keys set role_id = null",
  "update api_keys set scopes = '{organization:delete}'",
  "update api_keys set user_id = null",
  "update api_keys set project_id = null",
  "select hash from api_keys",
  "update members set user_id = 'x'",
  "update project_roles set member_id = 'x'",
  "update service_accounts set created_at = now()",
  "update invitations set role = 'owner'",
  "update invitations set email = 'x'",
  "update invitations set expires_at = now() + interval '1 year'",
  "select hash from invitations",
  "select client_secret_sealed from oidc_providers",
  "delete from audit_checkpoints",
  "update audit_checkpoints set hash = 'x'",
  "update users set email = 'x'",
  "select hash_sealed from security",
];
test.each(forbiddenToTenant)("the tenant role is refused in its own organization: %s", async (statement) => {
  expect(await outcomeOf(asTenant(acme, statement))).toBe(refused);
});

test("the tenant role cannot move an application to another organization's environment", async () => {
  const [theirs] = await world.db.asOwner<{ environment_id: string }>(
    "select environment_id from environments where organization_id = $1",
    [beta.organizationId],
  );
  const statement = `update applications set environment_id = '${theirs?.environment_id}'`;
  expect(theirs).toBeDefined();
  expect(await outcomeOf(asTenant(acme, statement))).toBe("23503"); // the foreign key includes the organization
});

test.each(["tenant", "host", "identity"] as const)(
  "the %s role cannot give an audit entry a place in the chain (AUD)",
  async (role) => {
    const insert = (columns: string, values: string) =>
      runAs(
        world,
        role,
        acme.organizationId,
        `insert into audit_entries (audit_id, organization_id, actor_kind, request_id, action, outcome, created_at${columns})
         values (${quoted(newId("audit"))}, ${quoted(acme.organizationId)}, 'person', 'x', 'x', 'done', now()${values})`,
      );
    expect(await outcomeOf(insert(", sequence, hash", ", 1000000, 'x'"))).toBe(refused);
    expect(await outcomeOf(insert(", sequence", ", 1000000"))).toBe(refused);
    expect(await outcomeOf(insert(", hash", ", 'x'"))).toBe(refused);
    expect(await outcomeOf(insert("", ""))).toBe("done");
  },
);

test("the expiry of an API key can only be brought forward, and a revoked key stays revoked", async () => {
  const key = async (expiresAt: Date | null) => {
    const { organizationId } = acme;
    const { apiKeyId } = await keyRows.insert(world.db.owner, { organizationId, role: "viewer", expiresAt });
    return (set: string) => outcomeOf(asTenant(acme, `update api_keys set ${set} where api_key_id = '${apiKeyId}'`));
  };
  const ends = await key(new Date("2999-01-01"));
  for (const set of ["expires_at = null", "expires_at = '2999-01-02'"]) expect(await ends(set)).toBe(refused);
  for (const set of ["expires_at = '2998-01-01'", "revoked_at = now()"]) expect(await ends(set)).toBe("done");
  expect(await ends("revoked_at = null")).toBe(refused);
  expect(await ends("name = 'renamed'")).toBe("done");
  expect(await (await key(null))("expires_at = '2999-01-01'")).toBe("done");
});

describe("a child row with a parent of another organization", () => {
  test.each([
    ["environments", "project_id", "projects"],
    ["applications", "environment_id", "environments"],
    ["security", "application_id", "applications"],
    ["routes", "application_id", "applications"],
  ])(
    "the database refuses a row of %s with a parent of another organization, for every writer",
    async (table, column, parent) => {
      const [other] = await world.db.asOwner<{ id: string }>(
        `select ${column} as id from ${parent} where organization_id = $1`,
        [beta.organizationId],
      );
      const adopt = `update ${table} set ${column} = ${quoted(other?.id ?? "")} where ${ofOrganization(acme)}`;
      expect(await outcomeOf(world.db.asOwner(adopt))).toBe(foreignKeyViolation);
      // A column that no operation changes is not granted at all.
      expect([foreignKeyViolation, refused]).toContain(await outcomeOf(asTenant(acme, adopt)));
    },
  );

  test("every foreign key of the chain organization → project → environment → application names the organization (DK-16)", async () => {
    const rows = await world.db.asOwner<{ child: string; parent: string; columns: string[] }>(
      `select f.conrelid::regclass::text as child, f.confrelid::regclass::text as parent,
         (select array_agg(a.attname::text) from pg_attribute a where a.attrelid = f.conrelid and a.attnum = any (f.conkey)) as columns
       from pg_constraint f where f.contype = 'f'
         and f.confrelid::regclass::text not in ('organizations', 'gateways', 'users', 'api_keys')`,
    );
    expect([...new Set(rows.map((row) => row.child))].sort()).toEqual([
      "api_keys",
      "applications",
      "environments",
      "invitations",
      "member_roles",
      "members",
      "project_roles",
      "routes",
      "security",
      "service_accounts",
    ]);
    for (const row of rows)
      expect([row.child, row.columns]).toEqual([row.child, expect.arrayContaining(["organization_id"])]);
  });
});
