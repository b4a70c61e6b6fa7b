import { z } from "zod";
import { IdInput, Moment, Name } from "../../platform/contract/page";

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
      root: z.boolean(),
    })
    .nullable(),
  /** Every organization that the person is a member of, by name; empty for a key. */
  organizations: z.array(z.object({ organizationId: z.string(), name: z.string(), slug: z.string() })),
  permissions: z.array(z.string()),
});
export type Session = z.infer<typeof Session>;

export const ListSessions = z.strictObject({}).prefault({});

/** One sign-in of one browser. */
export const OwnSession = z.object({
  sessionId: z.string(),
  /** Whether it is the one that asks. */
  current: z.boolean(),
  createdAt: Moment,
  /** Up to a minute old. */
  lastSeenAt: Moment,
  /** It ends then, whatever is done with it; earlier when it is not used. */
  expiresAt: Moment,
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  /** What was shown to open it: `password`, `totp`, … */
  methods: z.array(z.string()),
  /** Only lets its person show a second factor. */
  pending: z.boolean(),
});
export type OwnSession = z.infer<typeof OwnSession>;

/** Last used first, 200 at most. */
export const OwnSessions = z.object({ items: z.array(OwnSession) });
export type OwnSessions = z.infer<typeof OwnSessions>;

export const SessionById = z.strictObject({ sessionId: IdInput });
export type SessionById = z.infer<typeof SessionById>;

/** Signs out everywhere, here too unless it is said: a copy of this browser's cookie is as good as the cookie. */
export const RevokeAllSessions = z.strictObject({ keepThis: z.boolean().default(false) }).prefault({});
export type RevokeAllSessions = z.infer<typeof RevokeAllSessions>;

export const RevokedSessions = z.object({ ended: z.number().int() });
export type RevokedSessions = z.infer<typeof RevokedSessions>;

/** A password as typed; what it has to be like is judged with the account at hand. */
const Password = z.string().min(1).max(1_000);

/** The present one is needed, but by who has none. */
export const ChangePassword = z.strictObject({ currentPassword: Password.optional(), newPassword: Password });
export type ChangePassword = z.infer<typeof ChangePassword>;

/** The session goes on under a new cookie, which comes with the answer; all others have ended. */
export const ChangedPassword = z.object({
  /** For the header `x-csrf-token` from here on. */
  csrfToken: z.string(),
  endedSessions: z.number().int(),
});
export type ChangedPassword = z.infer<typeof ChangedPassword>;

export const SetActiveOrganization = z.strictObject({ organizationId: IdInput });
export type SetActiveOrganization = z.infer<typeof SetActiveOrganization>;

export const ActiveOrganization = z.object({ organizationId: z.string(), name: z.string(), slug: z.string() });
export type ActiveOrganization = z.infer<typeof ActiveOrganization>;

/** What a link of `/setup#<token>` is for. */
export const LookAtLink = z.strictObject({ token: z.string().max(100) });
export type LookAtLink = z.infer<typeof LookAtLink>;

export const Link = z.object({
  /** `unknown`: this installation never made it, or long ago. */
  state: z.enum(["good", "used", "ended", "expired", "unknown"]),
  /** Why it is no longer good, and what to do, in words for a person; null for a good one. */
  message: z.string().nullable(),
  /** What is chosen with it; null for an unknown one. */
  purpose: z.enum(["set_up", "password", "second_factor"]).nullable(),
  /** Whose password; null for the set-up of an empty installation, and where it is no longer good. */
  email: z.string().nullable(),
  expiresAt: Moment.nullable(),
});
export type Link = z.infer<typeof Link>;

/** What the set-up link's form sends beside its token, as text by name. */
export const SetUpByLink = z.object({
  email: z
    .string()
    .trim()
    .pipe(z.email().max(254))
    .transform((email) => email.toLowerCase()),
  organization: Name,
  name: z.preprocess((text) => (text === "" ? undefined : text), Name.optional()),
});
export type SetUpByLink = z.infer<typeof SetUpByLink>;
