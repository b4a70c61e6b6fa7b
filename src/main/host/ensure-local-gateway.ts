import { eq, sql } from "drizzle-orm";
import { gateways } from "#drizzle/gateways";
import type { Runtime } from "#src/access/runtime";
import { gatewaySealContexts, newGatewaySecrets } from "#src/delivery/planner/gateway-secrets";
import { newId } from "#src/platform/ids";
import { localGateway } from "#src/platform/local-gateway";

/** An advisory lock number that no other code in this database uses. */
const gatewayLock = 7_402_118_338;

/**
 * Creates the gateway `local` at the first start, and updates its addresses from the settings at every start.
 * @returns its id
 */
export function ensureLocalGateway(
  { database, sealer, random, clock }: Pick<Runtime, "database" | "sealer" | "random" | "clock">,
  addresses: { readonly address: string; readonly probeAddress: string },
): Promise<string> {
  return database.transaction("host", null, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${gatewayLock}::bigint)`);
    const [row] = await tx
      .select({ gatewayId: gateways.gatewayId, address: gateways.address, probeAddress: gateways.probeAddress })
      .from(gateways)
      .where(eq(gateways.name, localGateway));
    if (row) {
      if (row.address !== addresses.address || row.probeAddress !== addresses.probeAddress) {
        await tx.update(gateways).set(addresses).where(eq(gateways.gatewayId, row.gatewayId));
      }
      return row.gatewayId;
    }
    const gatewayId = newId("gateway");
    const { tagKey, probeHost, epoch } = newGatewaySecrets(random);
    await tx.insert(gateways).values({
      gatewayId,
      name: localGateway,
      target: "file",
      ...addresses,
      tagKeySealed: sealer.seal(gatewaySealContexts.tagKey(gatewayId), tagKey),
      probeHostSealed: sealer.seal(gatewaySealContexts.probeHost(gatewayId), probeHost),
      epoch,
      createdAt: clock.now(),
    });
    return gatewayId;
  });
}
