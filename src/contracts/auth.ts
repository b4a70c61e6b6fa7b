import { z } from "zod";

export const SessionInput = z.strictObject({}).prefault({});

/** Who am I, in which organization, with which permissions. */
export const Session = z.object({
  principal: z.object({
    kind: z.enum(["apiKey", "commandLine"]),
    apiKeyId: z.string().nullable(),
    userId: z.string().nullable(),
    role: z.enum(["viewer", "developer", "admin", "owner"]),
  }),
  organization: z.object({
    organizationId: z.string(),
    name: z.string(),
    slug: z.string(),
    founding: z.boolean(),
  }),
  permissions: z.array(z.string()),
});
export type Session = z.infer<typeof Session>;
