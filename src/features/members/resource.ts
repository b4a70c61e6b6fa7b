import { z } from "zod";
import { organization } from "#src/access/organization";
import { roles } from "#src/access/permissions";
import { resource } from "#src/access/resource";

export const member = resource({
  kind: "member",
  field: "memberId",
  parent: organization,
  object: z.object({
    memberId: z.string(),
    organizationId: z.string(),
    userId: z.string(),
    email: z.string(),
    role: z.enum(roles).nullable(),
    roleId: z.string().nullable(),
    version: z.number(),
  }),
  version: ({ version }) => version,
  name: ({ email }) => email,
});
