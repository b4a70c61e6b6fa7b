import { z } from "zod";
import { resource } from "#src/access/resource";
import { application, applicationFacts } from "../applications/resource";

export const route = resource({
  kind: "route",
  field: "routeId",
  parent: application,
  object: z.object({
    routeId: z.string(),
    host: z.string(),
    /** Empty for the whole host. */
    pathPrefix: z.string(),
    version: z.number(),
    application: applicationFacts,
  }),
  version: ({ version }) => version,
  name: ({ host, pathPrefix }) => `${host}${pathPrefix}`,
});
