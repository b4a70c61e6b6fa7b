import { z } from "zod";
import { resource } from "#src/access/resource";
import { application, applicationFacts } from "../applications/resource";

export const credential = resource({
  kind: "credential",
  field: "securityId",
  parent: application,
  object: z.object({
    securityId: z.string(),
    username: z.string(),
    version: z.number(),
    application: applicationFacts,
  }),
  version: ({ version }) => version,
  name: ({ username }) => username,
});
