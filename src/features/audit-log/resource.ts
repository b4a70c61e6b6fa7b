import { z } from "zod";
import { organization } from "#src/access/organization";
import { resource } from "#src/access/resource";

export const auditEntry = resource({
  kind: "auditEntry",
  field: "auditId",
  parent: organization,
  object: z.object({ auditId: z.string(), organizationId: z.string() }),
  name: () => null,
});
