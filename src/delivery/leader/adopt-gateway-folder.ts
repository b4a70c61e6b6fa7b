import { asSync } from "#src/database/as-sync";
import type { Database } from "#src/database/database";
import type { RandomBytes } from "#src/platform/values";
import { applicationFiles, writeClaim } from "../applier/claim-folder";
import type { FolderPaths } from "../applier/gateway-folder";
import { newEpoch } from "../planner/gateway-secrets";
import { beginEpoch, findInstallationId, type GatewayRow, replaceNonce } from "./lease";

/**
 * Adopts a folder for a gateway as an explicit act of the operator: after a restore, a move, or a removal. The present
 * leader is fenced, revisions start a new epoch, and everything is compared, delivered and proven again. If the
 * database is older than the folder, application files that it does not know are from then on treated as its own.
 */
export async function adoptGatewayFolder(
  database: Database,
  gateway: Pick<GatewayRow, "gatewayId">,
  paths: FolderPaths,
  { random, now }: { readonly random: RandomBytes; readonly now: Date },
): Promise<void> {
  const installationId = await findInstallationId(database);
  if (installationId === null) throw new Error("the database does not know its installation yet");
  const nonce = random(18).toString("base64url");
  const adopted = await applicationFiles(paths);
  await writeClaim(paths, { installationId, gatewayId: gateway.gatewayId, nonce });
  await asSync(database, async (tx) => {
    await beginEpoch(tx, gateway.gatewayId, { epoch: newEpoch(random), atLeastRevision: 0, adopted, now });
    await replaceNonce(tx, gateway.gatewayId, nonce);
  });
}
