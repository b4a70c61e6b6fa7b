import { z } from "zod";
import { resource } from "#src/access/resource";
import { environment } from "../environments/resource";

/** An application with its ancestors: environment, project, organization. */
export const applicationFacts = z.object({
  applicationId: z.string(),
  organizationId: z.string(),
  environmentId: z.string(),
  environmentKind: z.enum(["development", "production"]),
  projectId: z.string(),
  gatewayId: z.string(),
  name: z.string(),
  slug: z.string(),
  access: z.enum(["public-when-empty", "protected"]),
  /** Closed by hand: no visitor gets in, whatever else holds. */
  isClosed: z.boolean(),
  openedBy: z.enum(["create", "delete", "access"]).nullable(),
  hashAlgorithm: z.enum(["apr1", "bcrypt"]),
  /** The cost of its credentials, if they have one other than the product's own. */
  hashCost: z.number().int().nullable(),
  version: z.number(),
});

export const application = resource({
  kind: "application",
  field: "applicationId",
  parent: environment,
  object: applicationFacts,
  version: ({ version }) => version,
  name: ({ name }) => name,
});

export type LocatedApplication = ReturnType<typeof application.read>;
