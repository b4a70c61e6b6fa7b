import { z } from "zod";
import { grantSchema, standingSchema } from "../../access/grant-schemas";
import { organization } from "../../access/organization";
import { roles } from "../../access/permissions";
import { resource } from "../../access/resource";

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
    /** The one project that it is for; null for all. */
    projectId: z.string().nullable(),
    /** What it may do at most. */
    grant: grantSchema,
    /** The roles of its holder now, at that project too; null if the holder has left. */
    holder: standingSchema.nullable(),
    expiresAt: z.string().nullable(),
    revokedAt: z.string().nullable(),
  }),
  name: ({ name }) => name,
});

export type LocatedKey = ReturnType<typeof apiKey.read>;
