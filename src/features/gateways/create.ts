import { eq } from "drizzle-orm";
import { gateways } from "#drizzle/gateways";
import { unitOfWork } from "#src/access/unit-of-work";
import { gatewaySealContexts, newGatewaySecrets } from "#src/delivery/planner/gateway-secrets";
import { operation } from "#src/operations/operation";
import { caller } from "#src/operations/subject";
import { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { CreateGateway, Gateway } from "./contract";
import { allowOrganizations, gatewayColumns, presentGateway } from "./rows";
import { orNameTaken } from "./rules";

/**
 * Creates a gateway. A process that has its folder starts to deliver to it within seconds. Without `organizationIds`,
 * only the root organization may publish on it.
 * @throws Refusal `name_taken`
 */
export const create = operation(
  {
    name: "gateways.create",
    summary: "Add a gateway to the installation",
    permission: "gateway:create",
    on: caller,
    input: CreateGateway,
    output: Gateway,
    errors: ["name_taken"],
    rest: { method: "POST", path: "/gateways", status: 201 },
  },
  async (authorized, input) => {
    const { random, sealer } = authorized.request.runtime;
    return unitOfWork(
      authorized,
      async (work) => {
        const gatewayId = newId("gateway");
        const { tagKey, probeHost, epoch } = newGatewaySecrets(random);
        const row = {
          gatewayId,
          name: input.name,
          target: "file" as const,
          address: input.address,
          probeAddress: input.probeAddress,
          tags: input.tags,
          createdAt: work.now,
        };
        await work.tx
          .insert(gateways)
          .values({
            ...row,
            tagKeySealed: sealer.seal(gatewaySealContexts.tagKey(gatewayId), tagKey),
            probeHostSealed: sealer.seal(gatewaySealContexts.probeHost(gatewayId), probeHost),
            epoch,
          })
          .catch((error: unknown) => orNameTaken(error, input.name));
        await allowOrganizations(work.tx, gatewayId, input.organizationIds ?? [work.organizationId], work.now);
        const { name, address, probeAddress } = row;
        work.audit({ kind: "gateway", id: gatewayId, name }, { name, address, probeAddress });
        const [created] = await work.tx.select(gatewayColumns).from(gateways).where(eq(gateways.gatewayId, gatewayId));
        if (!created) throw new Refusal("not_found", { kind: "gateway", id: gatewayId });
        return presentGateway(created, work.sync);
      },
      { role: "host", lock: "share" },
    );
  },
);
