import { z } from "zod";

export const SessionInput = z.strictObject({}).prefault({});

/** Who am I, in which organization, with which permissions. */
export const Session = z.object({
  principal: z.object({
    kind: z.enum(["apiKey", "commandLine", "session"]),
    apiKeyId: z.string().nullable(),
    userId: z.string().nullable(),
    serviceAccountId: z.string().nullable(),
    email: z.string().nullable(),
    /** The built-in role at the organization; null for a role of its own, for scopes, and for none. */
    role: z.enum(["viewer", "developer", "admin", "owner"]).nullable(),
    /** How the session was opened; empty for a key. */
    methods: z.array(z.string()),
  }),
  /** What has to be done before anything else. */
  pending: z.enum(["second_factor", "password", "enrolment"]).nullable(),
  /** For the header `x-csrf-token` of every change by this session; null for a key, which needs none. */
  csrfToken: z.string().nullable(),
  /** Null for a person who is no member of any. */
  organization: z
    .object({
      organizationId: z.string(),
      name: z.string(),
      slug: z.string(),
      founding: z.boolean(),
    })
    .nullable(),
  permissions: z.array(z.string()),
});
export type Session = z.infer<typeof Session>;
