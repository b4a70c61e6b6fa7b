import { z } from "zod";
import { resource } from "#src/access/resource";
import { project } from "../projects/resource";

export const environment = resource({
  kind: "environment",
  field: "environmentId",
  parent: project,
  object: z.object({
    environmentId: z.string(),
    organizationId: z.string(),
    projectId: z.string(),
    name: z.string(),
    slug: z.string(),
    kind: z.enum(["development", "production"]),
    version: z.number(),
  }),
  version: ({ version }) => version,
  name: ({ name }) => name,
});

export type LocatedEnvironment = ReturnType<typeof environment.read>;
