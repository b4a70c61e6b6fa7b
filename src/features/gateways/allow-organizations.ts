import { and, eq, inArray, notInArray } from "drizzle-orm";
import { applications } from "../../../drizzle/applications";
import { organizationGateways } from "../../../drizzle/gateways";
import { organizations } from "../../../drizzle/organizations";
import type { Transaction } from "../../database/database";
import { Refusal } from "../../platform/errors/refusal";

/**
 * Says which organizations may publish on a gateway: these, and no others.
 * @returns their ids, in order
 * @throws Refusal `not_found` one of them does not exist
 * @throws Refusal `gateway_in_use` one that is left out has applications on it
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
