import { z } from "zod";
import { organization } from "#src/access/organization";
import { resource } from "#src/access/resource";

/** A role that an organization defined. */
export const role = resource({
  kind: "role",
  field: "roleId",
  parent: organization,
  object: z.object({
    roleId: z.string(),
    organizationId: z.string(),
    name: z.string(),
    permissions: z.array(z.string()).readonly(),
    version: z.number(),
  }),
  version: ({ version }) => version,
  name: ({ name }) => name,
});
