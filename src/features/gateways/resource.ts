import { z } from "zod";
import { resource } from "#src/access/resource";

export const gateway = resource({
  kind: "gateway",
  field: "gatewayId",
  parent: null,
  object: z.object({
    gatewayId: z.string(),
    name: z.string(),
    address: z.string(),
    probeAddress: z.string(),
    tags: z.boolean(),
    version: z.number(),
  }),
  version: ({ version }) => version,
  name: ({ name }) => name,
});

export type LocatedGateway = ReturnType<typeof gateway.read>;
