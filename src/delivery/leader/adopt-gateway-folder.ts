import { asSync } from "../../database/as-sync";
import type { Database } from "../../database/database";
import type { RandomBytes } from "../../platform/values";
import { applicationFiles, writeClaim } from "../applier/claim-folder";
import type { Places } from "../applier/gateway-folder";
import { newEpoch } from "../planner/gateway-secrets";
import { beginEpoch, findInstallationId, type GatewayRow, replaceNonce } from "./lease";

/**
 * Takes a folder for a gateway, by an explicit act of the operator: after a restore, a move, or its removal. The present
 * leader is fenced, revisions start a new epoch, and everything is compared, delivered and proven again. Application files
 * that the database does not know (it may be older than the folder) count as written by it from now on.
 */
export async function adoptGatewayFolder(
  database: Database,
  gateway: Pick<GatewayRow, "gatewayId">,
  places: Places,
  { random, now }: { readonly random: RandomBytes; readonly now: Date },
): Promise<void> {
  const installationId = await findInstallationId(database);
  if (installationId === null) throw new Error("the database does not know its installation yet");
  const nonce = random(18).toString("base64url");
  const adopted = await applicationFiles(places);
  await writeClaim(places, { installationId, gatewayId: gateway.gatewayId, nonce });
  await asSync(database, async (tx) => {
    await beginEpoch(tx, gateway.gatewayId, { epoch: newEpoch(random), atLeastRevision: 0, adopted, now });
    await replaceNonce(tx, gateway.gatewayId, nonce);
  });
}
