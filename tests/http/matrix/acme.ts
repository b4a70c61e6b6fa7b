import { auditEntries } from "#drizzle/audit";
import { claims } from "#drizzle/routes";
import { makeApiKey } from "#src/access/api-keys";
import type { Grant, Role } from "#src/access/permissions";
import { insertEnvironment, type ProjectAndEnvironment } from "#tests/support/environment";
import { givenMember } from "#tests/support/people";
import { keyRows } from "#tests/support/rows/keys";
import { invitationRows, projectRoleRows, userRows } from "#tests/support/rows/members";
import { roleRows, serviceAccountRows } from "#tests/support/rows/roles";
import { lastRow, readRows } from "#tests/support/rows/table";
import { registerSecret } from "#tests/support/secrets";
import { type GivenOrganization, given, insertGateway, type World } from "#tests/support/world";
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
  const { roleId } = await roleRows.insert(world.db.owner, {
    organizationId: acme.organizationId,
    name: "Custom",
    permissions: [...customPermissions],
  });
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
export async function insertPerson({ db }: World): Promise<{ userId: string; email: string }> {
  const { userId, email } = await userRows.insert(db.owner, {});
  return { userId, email };
}

export async function insertProjectRole(
  { db }: World,
  { organizationId }: GivenOrganization,
  memberId: string,
  projectId: string,
  role: Role,
): Promise<void> {
  await projectRoleRows.insert(db.owner, { organizationId, projectId, memberId, role });
}

/** Inserts a key of a person or a service account, or of the host without either. */
export async function insertKey(
  { db, runtime }: World,
  { organizationId }: GivenOrganization,
  grant: { readonly role: Role | null; readonly permissions: Grant["permissions"] },
  owner: { userId?: string; serviceAccountId?: string; projectId?: string } = {},
): Promise<string> {
  const { key, hash } = makeApiKey(runtime.random);
  const { userId = null, serviceAccountId = null, projectId = null } = owner;
  await keyRows.insert(db.owner, {
    organizationId,
    name: "Matrix",
    role: grant.role,
    scopes: grant.permissions === null ? null : [...grant.permissions],
    userId,
    serviceAccountId,
    projectId,
    hash: registerSecret(hash),
  });
  return registerSecret(key);
}

export async function insertServiceAccount(
  { db }: World,
  { organizationId }: GivenOrganization,
  role: { role: Role | null; roleId: string | null },
): Promise<string> {
  const { serviceAccountId } = await serviceAccountRows.insert(db.owner, {
    organizationId,
    role: role.role,
    roleId: role.roleId,
  });
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
  return {
    name,
    application,
    route,
    routeOf,
    credential: async () => (await given(acme).credential(await application())).securityId,
    releasable: async () => {
      const { routeId } = await routeOf();
      const { host } = await given(acme).ok<{ host: string }>("routes.delete", { routeId });
      const [claim] = await readRows(world.db.owner, claims, { value: host }, ["claimId"]);
      return claim?.claimId ?? "";
    },
    apiKey: async () =>
      (await given(acme).ok<{ apiKeyId: string }>("keys.create", { name: name(), role: "viewer" })).apiKeyId,
    serviceAccount: () => insertServiceAccount(world, acme, { role: "viewer", roleId: null }),
    auditEntry: async () => {
      await application();
      const entry = await lastRow(world.db.owner, auditEntries, { organizationId: acme.organizationId }, ["auditId"]);
      return entry?.auditId ?? "";
    },
    member: async (role: Role = "viewer") => givenMember(world, acme.organizationId, await insertPerson(world), role),
    role: async () => {
      const { roleId } = await roleRows.insert(world.db.owner, { organizationId: acme.organizationId });
      return roleId;
    },
    invitation: async () => {
      const { organizationId } = acme;
      return (await invitationRows.insert(world.db.owner, { organizationId, role: "viewer" })).invitationId;
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
