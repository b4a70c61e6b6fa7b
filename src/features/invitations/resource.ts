import { z } from "zod";
import { organization } from "#src/access/organization";
import { resource } from "#src/access/resource";

export const invitation = resource({
  kind: "invitation",
  field: "invitationId",
  parent: organization,
  object: z.object({ invitationId: z.string(), organizationId: z.string(), email: z.string() }),
  name: ({ email }) => email,
});
