import { z } from "zod";
import { organization } from "#src/access/organization";
import { resource } from "#src/access/resource";

export const project = resource({
  kind: "project",
  field: "projectId",
  parent: organization,
  object: z.object({
    projectId: z.string(),
    organizationId: z.string(),
    name: z.string(),
    slug: z.string(),
    version: z.number(),
  }),
  version: ({ version }) => version,
  name: ({ name }) => name,
});

export type LocatedProject = ReturnType<typeof project.read>;
