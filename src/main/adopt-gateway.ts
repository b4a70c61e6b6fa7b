import { findRootOrganization, type HostRuntime, hostWork } from "../access/host-work";
import { pathsIn } from "../delivery/applier/gateway-folder";
import { adoptGatewayFolder } from "../delivery/leader/adopt-gateway-folder";
import { listFileGateways } from "../delivery/leader/lease";
import { Refusal } from "../platform/errors/refusal";
import type { AdoptedGatewayFolder, AdoptGatewayFolder } from "./host/contract";

/**
 * Adopts the folder that the settings name for a gateway. The operator of the host requests this explicitly.
 * @throws Refusal `no_such_gateway` | `not_set_up`
 */
export async function adoptGateway(
  runtime: HostRuntime & { readonly gatewayFolder: string },
  { gateway: name }: AdoptGatewayFolder,
): Promise<AdoptedGatewayFolder> {
  const { database, clock, random, gatewayFolder } = runtime;
  // The lookup runs before the transaction, because only one connection is available.
  const gateway = (await listFileGateways(database)).find((candidate) => candidate.name === name);
  const { gatewayId } = await hostWork(runtime, "gateway.adopt", async (work) => {
    const organizationId = await findRootOrganization(work.tx);
    if (organizationId === null) throw new Refusal("not_set_up");
    if (!gateway) throw new Refusal("no_such_gateway", { name });
    work.audit(organizationId, { kind: "gateway", id: gateway.gatewayId, name: gateway.name });
    return gateway;
  });
  await adoptGatewayFolder(database, { gatewayId }, pathsIn(gatewayFolder), { random, now: clock.now() });
  return { gatewayId, folder: gatewayFolder };
}
