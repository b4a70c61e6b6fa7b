import { z } from "zod";
import { organization } from "#src/access/organization";
import { resource } from "#src/access/resource";

export const claim = resource({
  kind: "claim",
  field: "claimId",
  parent: organization,
  object: z.object({
    claimId: z.string(),
    organizationId: z.string(),
    gatewayId: z.string(),
    kind: z.enum(["host", "upstream"]),
    value: z.string(),
    denyGroup: z.number().nullable(),
  }),
  name: ({ value }) => value,
});
