import { z } from "zod";
import { organization } from "#src/access/organization";
import { roles } from "#src/access/permissions";
import { resource } from "#src/access/resource";

export const serviceAccount = resource({
  kind: "serviceAccount",
  field: "serviceAccountId",
  parent: organization,
  object: z.object({
    serviceAccountId: z.string(),
    organizationId: z.string(),
    name: z.string(),
    role: z.enum(roles).nullable(),
    roleId: z.string().nullable(),
    version: z.number(),
  }),
  version: ({ version }) => version,
  name: ({ name }) => name,
});
