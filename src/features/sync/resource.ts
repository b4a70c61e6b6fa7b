import { z } from "zod";
import { organization } from "#src/access/organization";
import { resource } from "#src/access/resource";

export const change = resource({
  kind: "change",
  field: "changeId",
  parent: organization,
  object: z.object({ changeId: z.string(), organizationId: z.string() }),
  name: () => null,
});

export type LocatedChange = ReturnType<typeof change.read>;
