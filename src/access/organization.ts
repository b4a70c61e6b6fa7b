import { z } from "zod";
import { grantSchema } from "./grant-schemas";
import { resource } from "./resource";

const organizationSchema = z.object({
  organizationId: z.string(),
  name: z.string(),
  slug: z.string(),
  defaultAccess: z.enum(["public-when-empty", "protected"]),
  neverPublic: z.boolean(),
  passwordPolicy: z.enum(["advise", "enforce"]),
  upstreams: z.enum(["any", "checked"]),
  root: z.boolean(),
  requireSecondFactor: z.boolean(),
  /** In days; null for no limit. */
  maxKeyDays: z.number().nullable(),
  maxKeysPerMember: z.number(),
  keyRequestsPerMinute: z.number().nullable(),
  version: z.number(),
});

/** The organization of a request, as authorization and use cases know it. */
export type Organization = Readonly<z.output<typeof organizationSchema>>;

/** Checks what the database returned. @throws ZodError */
export const readOrganization = (json: unknown): Organization => organizationSchema.parse(json);

export const organization = resource({
  kind: "organization",
  field: "organizationId",
  parent: null,
  object: organizationSchema,
  version: ({ version }) => version,
  name: ({ name }) => name,
});

/** The caller's organization, and the projects at which the caller has a role. */
export const reach = resource({
  kind: "reach",
  field: "organizationId",
  parent: null,
  object: z.object({
    organizationId: z.string(),
    projects: z.array(z.object({ projectId: z.string(), grant: grantSchema.nullable() })).readonly(),
  }),
  name: () => null,
});

export type Reach = ReturnType<typeof reach.read>;

/** The signed-in person. */
export const person = resource({
  kind: "person",
  field: "userId",
  parent: null,
  object: z.object({ userId: z.string(), email: z.string(), name: z.string().nullable(), version: z.number() }),
  version: ({ version }) => version,
  name: ({ email }) => email,
});

export type Person = ReturnType<typeof person.read>;
