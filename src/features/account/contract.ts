import { z } from "zod";
import { IdInput, Moment, Name, Secret, Version } from "#src/platform/contract/fields";
import { Locale } from "../profile/contract";

export const SessionInput = z.strictObject({}).prefault({});

/** The caller, the organization of the request, and the caller's permissions. */
export const Session = z.object({
  principal: z.object({
    kind: z.enum(["apiKey", "commandLine", "session"]),
    apiKeyId: z.string().nullable(),
    userId: z.string().nullable(),
    serviceAccountId: z.string().nullable(),
    email: z.string().nullable(),
    /** The person's name, or the key's. */
    name: z.string().nullable(),
    /** The person's language; null for the language of the browser, and for a key. */
    locale: Locale.nullable(),
    /** The version of the person's name and language, for `profile.update`; null for a key. */
    version: Version.nullable(),
    /** The built-in role at the organization; null for a custom role, for scopes, and for no role. */
    role: z.enum(["viewer", "developer", "admin", "owner"]).nullable(),
    /** How the session was opened; empty for a key. */
    methods: z.array(z.string()),
  }),
  /** The step that has to be completed before anything else. */
  pending: z.enum(["second_factor", "password", "enrolment"]).nullable(),
  /** For the header `x-csrf-token` of every change by this session; null for a key, which needs no token. */
  csrfToken: Secret.nullable(),
  /** Null for a person who is not a member of any organization. */
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
  /** At the organization. They count for everything in it. */
  permissions: z.array(z.string()),
  /** The projects at which the caller has further permissions, by roles at projects or by a key for one project. */
  projects: z.array(z.object({ projectId: z.string(), permissions: z.array(z.string()) })),
});
export type Session = z.infer<typeof Session>;

export const ListSessions = z.strictObject({}).prefault({});

/** A session of one browser. */
export const OwnSession = z.object({
  sessionId: z.string(),
  /** Whether it is the session of this request. */
  current: z.boolean(),
  createdAt: Moment,
  /** Up to one minute old. */
  lastSeenAt: Moment,
  /** The session ends then, whether or not it is used; earlier if it is not used. */
  expiresAt: Moment,
  ip: z.string().nullable(),
  userAgent: z.string().nullable(),
  /** The methods that opened it: `password`, `totp`, … */
  methods: z.array(z.string()),
  /** The session can only be used to present a second factor. */
  pending: z.boolean(),
});
export type OwnSession = z.infer<typeof OwnSession>;

/** Last used first, 200 at most. */
export const OwnSessions = z.object({ items: z.array(OwnSession) });
export type OwnSessions = z.infer<typeof OwnSessions>;

export const SessionById = z.strictObject({ sessionId: IdInput });
export type SessionById = z.infer<typeof SessionById>;

/**
 * Signs out everywhere, including this browser unless the input excludes it: a copy of this browser's cookie works like
 * the cookie.
 */
export const RevokeAllSessions = z.strictObject({ keepThis: z.boolean().default(false) }).prefault({});
export type RevokeAllSessions = z.infer<typeof RevokeAllSessions>;

export const RevokedSessions = z.object({ ended: z.number().int() });
export type RevokedSessions = z.infer<typeof RevokedSessions>;

/** A password as typed. Its rules are checked when the account is known. */
const Password = z.string().min(1).max(1_000);

/** The current password is required, unless the account has none. */
export const ChangePassword = z.strictObject({ currentPassword: Password.optional(), newPassword: Password });
export type ChangePassword = z.infer<typeof ChangePassword>;

/** The session continues under a new cookie, which is set by the response. All other sessions have ended. */
export const ChangedPassword = z.object({
  /** For the header `x-csrf-token` from now on. */
  csrfToken: Secret,
  endedSessions: z.number().int(),
});
export type ChangedPassword = z.infer<typeof ChangedPassword>;

export const SetActiveOrganization = z.strictObject({ organizationId: IdInput });
export type SetActiveOrganization = z.infer<typeof SetActiveOrganization>;

export const ActiveOrganization = z.object({ organizationId: z.string(), name: z.string(), slug: z.string() });
export type ActiveOrganization = z.infer<typeof ActiveOrganization>;

/** The purpose of a link of the form `/setup#<token>`. */
export const LookAtLink = z.strictObject({ token: z.string().max(100) });
export type LookAtLink = z.infer<typeof LookAtLink>;

export const Link = z.object({
  /** `unknown`: this installation did not create the link, or has deleted it. */
  state: z.enum(["good", "used", "ended", "expired", "unknown"]),
  /** Why it is no longer valid, and what to do, as a sentence; null for a valid link. */
  message: z.string().nullable(),
  /** What the person sets with it; null for an unknown link. */
  purpose: z.enum(["set_up", "password", "second_factor"]).nullable(),
  /**
   * The person whose password it sets; null for the set-up of an empty installation, and if the link is no longer
   * valid.
   */
  email: z.string().nullable(),
  expiresAt: Moment.nullable(),
});
export type Link = z.infer<typeof Link>;

/** An e-mail address as a person types it. */
const TypedEmail = z
  .string()
  .max(1_000)
  .trim()
  .pipe(z.email().max(254))
  .transform((email) => email.toLowerCase());

export const RequestPasswordReset = z.strictObject({ email: TypedEmail });
export type RequestPasswordReset = z.infer<typeof RequestPasswordReset>;

/** The same for every e-mail address: it does not say whether a message is sent. */
export const RequestedPasswordReset = z.object({ accepted: z.literal(true) });
export type RequestedPasswordReset = z.infer<typeof RequestedPasswordReset>;

/** The fields that the set-up link's form sends in addition to its token, as text by name. */
export const SetUpByLink = z.object({
  email: TypedEmail,
  organization: Name,
  name: z.preprocess((text) => (text === "" ? undefined : text), Name.optional()),
});
export type SetUpByLink = z.infer<typeof SetUpByLink>;
