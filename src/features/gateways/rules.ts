import { asc, eq } from "drizzle-orm";
import { organizationGateways } from "#drizzle/gateways";
import type { Authorized } from "#src/access/authorized";
import type { Permission } from "#src/access/permissions";
import { readAs } from "#src/access/read-as";
import { violatedConstraint } from "#src/database/database-errors";
import { Refusal } from "#src/platform/errors/refusal";
import { localGateway } from "#src/platform/local-gateway";

/** @throws Refusal `name_taken` for a name that another gateway has */
export function orNameTaken(error: unknown, name: string): never {
  if (violatedConstraint(error) === "gateways_name_unique") {
    throw new Refusal("name_taken", { kind: "gateway", name });
  }
  throw error;
}

/**
 * The gateway of this machine is identified by its name. Under another name, nothing would be delivered to it.
 * @throws Refusal `local_gateway`
 */
export function requireNoLocal(name: string): void {
  if (name !== localGateway) return;
  throw new Refusal("local_gateway");
}

/**
 * The named gateway, or the first one that the organization was allowed on.
 * @throws Refusal `no_gateway` | `not_found`
 */
export async function requireGateway<P extends Permission, O>(
  authorized: Authorized<P, O>,
  named: string | undefined,
): Promise<string> {
  const allowed = await readAs(authorized, (tx) =>
    tx
      .select({ gatewayId: organizationGateways.gatewayId })
      .from(organizationGateways)
      .where(eq(organizationGateways.organizationId, authorized.organization.organizationId))
      .orderBy(asc(organizationGateways.createdAt), asc(organizationGateways.gatewayId)),
  );
  const found = named === undefined ? allowed[0] : allowed.find((row) => row.gatewayId === named);
  if (found) return found.gatewayId;
  if (named !== undefined) throw new Refusal("not_found", { kind: "gateway", id: named });
  throw new Refusal("no_gateway");
}
