import { gateways } from "../../../drizzle/gateways";

/** The columns of a gateway that anybody outside the sync may see: no nonce, no tag key, no probe host. */
export const gatewayColumns = {
  gatewayId: gateways.gatewayId,
  name: gateways.name,
  target: gateways.target,
  address: gateways.address,
  probeAddress: gateways.probeAddress,
  tags: gateways.tags,
  createdAt: gateways.createdAt,
};
