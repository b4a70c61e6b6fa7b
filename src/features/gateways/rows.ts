import { and, eq, inArray, notInArray } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { gateways, organizationGateways } from "#drizzle/gateways";
import { organizations } from "#drizzle/organizations";
import type { Authorized } from "#src/access/authorized";
import type { Permission } from "#src/access/permissions";
import { type SyncTicket, unchanged } from "#src/access/unit-of-work";
import type { Transaction } from "#src/database/database";
import { Refusal } from "#src/platform/errors/refusal";
import type { Gateway } from "./contract";

/** The columns of a gateway that are visible outside of the delivery: no nonce, no tag key, no probe host. */
export const gatewayColumns = {
  gatewayId: gateways.gatewayId,
  name: gateways.name,
  target: gateways.target,
  address: gateways.address,
  probeAddress: gateways.probeAddress,
  tags: gateways.tags,
  createdAt: gateways.createdAt,
  version: gateways.version,
};

/** The public form of a gateway. */
export function presentGateway(
  row: Pick<typeof gateways.$inferSelect, keyof typeof gatewayColumns>,
  sync: SyncTicket = unchanged,
): Gateway {
  return {
    gatewayId: row.gatewayId,
    name: row.name,
    target: row.target,
    address: row.address,
    probeAddress: row.probeAddress,
    tags: row.tags,
    createdAt: row.createdAt.toISOString(),
    version: row.version,
    sync: { changeId: sync.changeId, state: sync.state },
  };
}

/**
 * The root organization sees every gateway. Other organizations see the gateways that they are allowed on, enforced by
 * row-level security.
 */
export function asViewer<P extends Permission, O, T>(
  { request, organization }: Authorized<P, O>,
  body: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const role = organization.root ? "host" : "tenant";
  return request.runtime.database.transaction(role, organization.organizationId, body);
}

/**
 * Sets which organizations may publish on a gateway. All others lose that right.
 * @returns their ids, in order
 * @throws Refusal `not_found` one of them does not exist
 * @throws Refusal `gateway_in_use` an organization that is not in the list has applications on it
 */
export async function allowOrganizations(
  tx: Transaction,
  gatewayId: string,
  organizationIds: readonly string[],
  now: Date,
): Promise<string[]> {
  const wanted = [...new Set(organizationIds)].sort();
  const known =
    wanted.length === 0
      ? []
      : await tx
          .select({ organizationId: organizations.organizationId })
          .from(organizations)
          .where(inArray(organizations.organizationId, wanted))
          .for("key share");
  const missing = wanted.find((id) => !known.some(({ organizationId }) => organizationId === id));
  if (missing !== undefined) throw new Refusal("not_found", { kind: "organization", id: missing });
  const others = wanted.length === 0 ? undefined : notInArray(applications.organizationId, wanted);
  const [left] = await tx
    .select({ applicationId: applications.applicationId })
    .from(applications)
    .where(and(eq(applications.gatewayId, gatewayId), others))
    .limit(1);
  if (left) throw new Refusal("gateway_in_use");
  await tx
    .delete(organizationGateways)
    .where(
      and(
        eq(organizationGateways.gatewayId, gatewayId),
        wanted.length === 0 ? undefined : notInArray(organizationGateways.organizationId, wanted),
      ),
    );
  if (wanted.length === 0) return wanted;
  await tx
    .insert(organizationGateways)
    .values(wanted.map((organizationId) => ({ organizationId, gatewayId, createdAt: now })))
    .onConflictDoNothing();
  return wanted;
}

/** The ids of the organizations that may publish on a gateway now, in order. */
export async function allowedOrganizations(tx: Transaction, gatewayId: string): Promise<string[]> {
  const rows = await tx
    .select({ organizationId: organizationGateways.organizationId })
    .from(organizationGateways)
    .where(eq(organizationGateways.gatewayId, gatewayId));
  return rows.map(({ organizationId }) => organizationId).sort();
}
