import { makeApiKey } from "../../../src/access/api-keys";
import type { Grant, Role } from "../../../src/access/permissions";
import { newId } from "../../../src/platform/ids";
import { insertEnvironment, type ProjectAndEnvironment } from "../../support/environment";
import { givenMember } from "../../support/people";
import { registerSecret } from "../../support/secrets";
import { type GivenOrganization, given, insertGateway, type World } from "../../support/world";
import { customPermissions } from "./expected";

/** Acme owns the requested objects. Members of Beta request them too. */
export interface Acme {
  readonly world: World;
  readonly acme: GivenOrganization;
  readonly beta: GivenOrganization;
  /** The custom role with `customPermissions`. */
  readonly roleId: string;
  /** A project without objects of the rows. */
  readonly otherProjectId: string;
  /** A member without a role who becomes a developer of every project that `newEnvironment` creates. */
  readonly projectDeveloper: { readonly userId: string; readonly memberId: string };
  newEnvironment(): Promise<ProjectAndEnvironment>;
}

export async function openAcme(world: World): Promise<Acme> {
  const acme = await world.organization({ root: true });
  const beta = await world.organization({ gatewayId: await insertGateway(world.db, world.runtime) });
  const roleId = newId("role");
  await world.db.asOwner(
    `insert into roles (role_id, organization_id, name, permissions, created_at) values ($1, $2, 'Custom', $3, now())`,
    [roleId, acme.organizationId, [...customPermissions]],
  );
  const person = await insertPerson(world);
  const projectDeveloper = { ...person, memberId: await givenMember(world, acme.organizationId, person, null) };
  const { projectId: otherProjectId } = await insertEnvironment(world, acme);
  return {
    world,
    acme,
    beta,
    roleId,
    otherProjectId,
    projectDeveloper,
    newEnvironment: async () => {
      const inserted = await insertEnvironment(world, acme);
      await insertProjectRole(world, acme, projectDeveloper.memberId, inserted.projectId, "developer");
      return inserted;
    },
  };
}

/** Inserts a person without a password, for sessions and keys. */
export async function insertPerson({ db }: World): Promise<{ userId: string }> {
  const userId = newId("user");
  await db.asOwner("insert into users (user_id, email, created_at) values ($1, $2, now())", [
    userId,
    `${userId}@example.org`,
  ]);
  return { userId };
}

export async function insertProjectRole(
  { db }: World,
  { organizationId }: GivenOrganization,
  memberId: string,
  projectId: string,
  role: Role,
): Promise<void> {
  await db.asOwner(
    `insert into project_roles (project_role_id, organization_id, project_id, member_id, role, created_at)
     values ($1, $2, $3, $4, $5, now())`,
    [newId("projectRole"), organizationId, projectId, memberId, role],
  );
}

/** Inserts a key of a person or a service account, or of the host without either. */
export async function insertKey(
  { db, runtime }: World,
  { organizationId }: GivenOrganization,
  grant: Grant,
  owner: { userId?: string; serviceAccountId?: string; projectId?: string } = {},
): Promise<string> {
  const { key, hash } = makeApiKey(runtime.random);
  const { userId = null, serviceAccountId = null, projectId = null } = owner;
  await db.asOwner(
    `insert into api_keys (api_key_id, organization_id, name, role, scopes, user_id, service_account_id, project_id, hash, created_at)
     values ($1, $2, 'Matrix', $3, $4, $5, $6, $7, $8, now())`,
    [
      newId("apiKey"),
      organizationId,
      grant.role,
      grant.permissions === null ? null : [...grant.permissions],
      userId,
      serviceAccountId,
      projectId,
      registerSecret(hash),
    ],
  );
  return registerSecret(key);
}

export async function insertServiceAccount(
  { db }: World,
  { organizationId }: GivenOrganization,
  role: { role: Role | null; roleId: string | null },
): Promise<string> {
  const serviceAccountId = newId("serviceAccount");
  await db.asOwner(
    `insert into service_accounts (service_account_id, organization_id, name, role, role_id, created_at)
     values ($1, $2, $1, $3, $4, now())`,
    [serviceAccountId, organizationId, role.role, role.roleId],
  );
  return serviceAccountId;
}

let next = 0;

/** Factories that create objects, mostly through the API as the owner of Acme. */
export function factoriesOf({ acme, world, newEnvironment }: Acme) {
  const name = () => `Name ${next++}`;
  const application = async () =>
    (await given(acme).application({ environmentId: (await newEnvironment()).environmentId, access: "protected" }))
      .applicationId;
  const route = () => ({ host: `h${next++}.example.org`, upstreams: [{ url: `http://10.0.0.9:${20_000 + next}` }] });
  const routeOf = async () =>
    given(acme).ok<{ routeId: string; sync: { changeId: string } }>("routes.create", {
      applicationId: await application(),
      ...route(),
    });
  const idOf = async (statement: string, values: readonly unknown[]) =>
    (await world.db.asOwner<{ id: string }>(statement, values))[0]?.id ?? "";
  return {
    name,
    application,
    route,
    routeOf,
    credential: async () => (await given(acme).credential(await application())).securityId,
    releasable: async () => {
      const { routeId } = await routeOf();
      const { host } = await given(acme).ok<{ host: string }>("routes.delete", { routeId });
      return idOf(`select claim_id as id from claims where value = $1`, [host]);
    },
    apiKey: async () =>
      (await given(acme).ok<{ apiKeyId: string }>("keys.create", { name: name(), role: "viewer" })).apiKeyId,
    serviceAccount: () => insertServiceAccount(world, acme, { role: "viewer", roleId: null }),
    auditEntry: async () => {
      await application();
      return idOf(`select max(audit_id) as id from audit_entries where organization_id = $1`, [acme.organizationId]);
    },
    member: async (role: Role = "viewer") => givenMember(world, acme.organizationId, await insertPerson(world), role),
    role: async () => {
      const roleId = newId("role");
      await world.db.asOwner(
        `insert into roles (role_id, organization_id, name, permissions, created_at) values ($1, $2, $1, '{project:read}', now())`,
        [roleId, acme.organizationId],
      );
      return roleId;
    },
    invitation: async () => {
      const invitationId = newId("invitation");
      await world.db.asOwner(
        `insert into invitations (invitation_id, organization_id, email, role, hash, created_at, expires_at)
         values ($1, $2, $1 || '@example.org', 'viewer', $1, now(), now() + interval '7 days')`,
        [invitationId, acme.organizationId],
      );
      return invitationId;
    },
    gateway: () => insertGateway(world.db, world.runtime),
    provider: async () =>
      (
        await given(acme).ok<{ providerId: string }>("providers.create", {
          name: name(),
          issuer: "https://id.example.org",
          clientId: "portcullis",
        })
      ).providerId,
  };
}
