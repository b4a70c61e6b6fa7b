import type { AdoptedGatewayFolder, AdoptGatewayFolder } from "../contracts/break-glass";
import { Conflict } from "../core/errors";
import { listFileGateways } from "../persistence/sync/lease";
import { findFoundingOrganization, type HostRuntime, hostWork } from "../services/host/host-work";
import { adoptGatewayFolder } from "../sync/claim-folder";
import { placesIn } from "../sync/gateway-folder";

/**
 * Takes the folder that the settings name for a gateway, by an explicit act of whoever runs the host.
 * @throws Conflict `no_such_gateway` | `not_set_up`
 */
export async function adoptGateway(
  runtime: HostRuntime & { readonly gatewayFolder: string },
  { gateway: name }: AdoptGatewayFolder,
): Promise<AdoptedGatewayFolder> {
  const { database, clock, random, gatewayFolder } = runtime;
  // One connection: it is looked up before the transaction.
  const gateway = (await listFileGateways(database)).find((candidate) => candidate.name === name);
  const { gatewayId } = await hostWork(runtime, "gateway.adopt", async (work) => {
    const organizationId = await findFoundingOrganization(work.tx);
    if (organizationId === null) throw new Conflict("not_set_up", 'Nothing is set up yet: "setup" comes first.');
    if (!gateway) throw new Conflict("no_such_gateway", "There is no gateway of this name with a folder.");
    work.audit(organizationId, "gateway.adopt", { kind: "gateway", id: gateway.gatewayId, name: gateway.name });
    return gateway;
  });
  await adoptGatewayFolder(database, { gatewayId }, placesIn(gatewayFolder), { random, now: clock.now() });
  return { gatewayId, folder: gatewayFolder };
}
