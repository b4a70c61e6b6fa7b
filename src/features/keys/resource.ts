import { z } from "zod";
import { grantSchema, standingSchema } from "#src/access/grant-schemas";
import { organization } from "#src/access/organization";
import { roles } from "#src/access/permissions";
import { resource } from "#src/access/resource";

export const apiKey = resource({
  kind: "apiKey",
  field: "apiKeyId",
  parent: organization,
  object: z.object({
    apiKeyId: z.string(),
    organizationId: z.string(),
    name: z.string(),
    /** Its holder; both are null for a key that the host's command line created. */
    userId: z.string().nullable(),
    serviceAccountId: z.string().nullable(),
    role: z.enum(roles).nullable(),
    /** The only project that it is for; null for all projects. */
    projectId: z.string().nullable(),
    /** The upper limit of its permissions. */
    grant: grantSchema,
    /** The current roles of its holder, also at that project; null if the holder has left. */
    holder: standingSchema.nullable(),
    expiresAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
    version: z.number(),
  }),
  version: ({ version }) => version,
  name: ({ name }) => name,
});

export type LocatedKey = ReturnType<typeof apiKey.read>;
