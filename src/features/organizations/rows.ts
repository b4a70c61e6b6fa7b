import { eq, sql } from "drizzle-orm";
import { gateways, organizationGateways } from "#drizzle/gateways";
import { members, users } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import type { HostWork } from "#src/access/host-work";
import { type SyncTicket, unchanged } from "#src/access/unit-of-work";
import { newId } from "#src/platform/ids";
import { localGateway } from "#src/platform/local-gateway";
import { nextSlug, slugOf } from "#src/platform/slugs";
import type { Organization } from "./contract";

/** The public form of an organization. */
export function presentOrganization(
  row: typeof organizations.$inferSelect,
  sync: SyncTicket = unchanged,
): Organization {
  return {
    organizationId: row.organizationId,
    name: row.name,
    slug: row.slug,
    defaultAccess: row.defaultAccess,
    neverPublic: row.neverPublic,
    passwordPolicy: row.passwordPolicy,
    requireSecondFactor: row.requireSecondFactor,
    maxKeyDays: row.maxKeyDays,
    maxKeysPerMember: row.maxKeysPerMember,
    keyRequestsPerMinute: row.keyRequestsPerMinute,
    upstreams: row.upstreams,
    root: row.root,
    createdAt: row.createdAt.toISOString(),
    version: row.version,
    sync: { changeId: sync.changeId, state: sync.state },
  };
}

interface NewOrganization {
  readonly name: string;
  readonly email: string;
  /** Of the owner, if there is no account with this e-mail address yet. */
  readonly ownerName: string | null;
  readonly upstreams: "any" | "checked";
  readonly root: boolean;
}

export interface InsertedOrganization {
  readonly organizationId: string;
  /** Of the owner. */
  readonly userId: string;
  /** The account of the owner was created with the organization. */
  readonly isNewUser: boolean;
}

/** Records one entry in the log of an organization. */
export type HostAudit = HostWork["auditAs"];

/** An arbitrary number that no other advisory lock in this database uses. */
const organizationsLock = 7_402_118_335;

/** Inserts an organization with its owner, allowed on the gateway `local`. */
export async function insertOrganization(
  work: Omit<HostWork, "audit">,
  wanted: NewOrganization,
): Promise<InsertedOrganization> {
  const { tx, now } = work;
  // creates one slug and one account at a time
  await tx.execute(sql`select pg_advisory_xact_lock(${organizationsLock}::bigint)`);
  const organizationId = newId("organization");
  const { name, upstreams, root } = wanted;
  const slug = await freeSlug(work, name);
  await tx.insert(organizations).values({ organizationId, name, slug, upstreams, root, createdAt: now });
  const object = { kind: "organization" as const, id: organizationId, name };
  work.auditAs(organizationId, "organization.create", object, { name, upstreams });

  const { userId, isNewUser } = await findOrInsertUser(work, wanted.email, wanted.ownerName);
  await tx.insert(members).values({ memberId: newId("member"), organizationId, userId, role: "owner", createdAt: now });
  await tx.insert(organizationGateways).select(
    tx
      .select({
        organizationId: sql<string>`${organizationId}`.as("organization_id"),
        gatewayId: gateways.gatewayId,
        createdAt: sql<Date>`${now.toISOString()}::timestamptz`.as("created_at"),
      })
      .from(gateways)
      .where(eq(gateways.name, localGateway)),
  );
  return { organizationId, userId, isNewUser };
}

async function freeSlug({ tx }: Pick<HostWork, "tx">, name: string): Promise<string> {
  const base = slugOf(name);
  const rows = await tx
    .select({ slug: organizations.slug })
    .from(organizations)
    .where(sql`${organizations.slug} = ${base} or ${organizations.slug} like ${`${base.slice(0, 50)}%`}`);
  return nextSlug(base, new Set(rows.map((row) => row.slug)));
}

async function findOrInsertUser({ tx, now }: Pick<HostWork, "tx" | "now">, email: string, name: string | null) {
  const [known] = await tx.select({ userId: users.userId }).from(users).where(eq(users.email, email));
  if (known) return { userId: known.userId, isNewUser: false };
  const userId = newId("user");
  await tx.insert(users).values({ userId, email, name, createdAt: now });
  return { userId, isNewUser: true };
}
