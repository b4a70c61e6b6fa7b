import { z } from "zod";
import { organization } from "#src/access/organization";
import { resource } from "#src/access/resource";

export const provider = resource({
  kind: "provider",
  field: "providerId",
  parent: organization,
  object: z.object({
    providerId: z.string(),
    organizationId: z.string(),
    name: z.string(),
    slug: z.string(),
    version: z.number(),
  }),
  version: ({ version }) => version,
  name: ({ name }) => name,
});
