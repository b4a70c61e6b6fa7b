import { z } from "zod";
import { Refusal } from "../platform/errors/refusal";
import { hasExpired, hasPassed, later, readMoment } from "../platform/moment";
import { isAmong } from "../platform/net/addresses";
import { grantSchema, standingSchema } from "./grant-schemas";
import { type Organization, readOrganization } from "./organization";
import type { Grant, Standing } from "./permissions";

/** Who acts. */
export type Principal = KeyPrincipal | SessionPrincipal | { readonly kind: "commandLine"; readonly standing: Standing };

export interface KeyPrincipal {
  readonly kind: "apiKey";
  readonly apiKeyId: string;
  readonly name: string;
  /** Whose it is; null for a service account's, and for one that the host's command line made. */
  readonly userId: string | null;
  readonly serviceAccountId: string | null;
  /** What its holder is now; null when they have left. */
  readonly standing: Standing | null;
  /** What it was made for: it may do what both this and its holder may. */
  readonly grant: Grant;
  /** The one project that it is for; null for all. */
  readonly projectId: string | null;
  /** When a key that was rotated stops, ISO 8601; null for others. */
  readonly overlapEndsAt: string | null;
}

export interface SessionPrincipal {
  readonly kind: "session";
  readonly sessionId: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string | null;
  /** What was shown to open it: `password`, `totp`, … */
  readonly methods: readonly string[];
  /** The organization whose own provider opened it: good for that one alone, and not for the person's account. */
  readonly boundTo: string | null;
  /** What they are in the organization of this request; null for who is no member of any. */
  readonly standing: Standing | null;
  /** What has to be done before anything else; null when nothing has. */
  readonly pending: Pending | null;
}

/** `second_factor`: still to be shown. `password`: has to be changed. `enrolment`: the organization requires a factor. */
export type Pending = "second_factor" | "password" | "enrolment";

/** What one statement said of the caller and of the object it names. */
export interface Facts<T = unknown> {
  readonly principal: PrincipalFacts;
  readonly organization: Organization;
  /** `null`: not in the caller's organization, or nowhere. */
  readonly object: T | null;
  /** The project that the object belongs to, if any. */
  readonly projectId: string | null;
}

const keyFacts = z.object({
  kind: z.literal("apiKey"),
  apiKeyId: z.string(),
  name: z.string(),
  userId: z.string().nullable(),
  serviceAccountId: z.string().nullable(),
  standing: standingSchema.nullable(),
  grant: grantSchema,
  projectId: z.string().nullable(),
  allowedIps: z.array(z.string()).readonly().nullable(),
  requestsPerMinute: z.number().nullable(),
  expiresAt: z.string().nullable(),
  revokedAt: z.string().nullable(),
  rotatedTo: z.string().nullable(),
  lastUsedAt: z.string().nullable(),
  lastUsedIp: z.string().nullable(),
});

const sessionFacts = z.object({
  kind: z.literal("session"),
  sessionId: z.string(),
  userId: z.string(),
  email: z.string(),
  name: z.string().nullable(),
  stage: z.enum(["second_factor", "full"]),
  methods: z.array(z.string()).readonly(),
  boundTo: z.string().nullable(),
  local: z.boolean(),
  expiresAt: z.string(),
  lastSeenAt: z.string(),
  idleSeconds: z.number(),
  mustChangePassword: z.boolean(),
  hasSecondFactor: z.boolean(),
  standing: standingSchema.nullable(),
});

const commandLineFacts = z.object({ kind: z.literal("commandLine"), standing: standingSchema });

const principalFacts = z.discriminatedUnion("kind", [keyFacts, sessionFacts, commandLineFacts]);

export type KeyFacts = Readonly<z.output<typeof keyFacts>>;
export type SessionFacts = Readonly<z.output<typeof sessionFacts>>;
export type PrincipalFacts = KeyFacts | SessionFacts | Readonly<z.output<typeof commandLineFacts>>;

/** The row that `portcullis_authorize` returns. */
export interface FactsRow {
  readonly principal: unknown;
  readonly organization: unknown;
  readonly object: unknown;
  readonly project_id: string | null;
}

/**
 * Checks what the database returned, so that nothing is decided on what it does not understand.
 * @param readObject checks the located object
 * @returns null if nobody is authenticated, or the organization does not exist
 * @throws ZodError
 */
export function readFacts<T>(rows: readonly FactsRow[], readObject: (json: unknown) => T): Facts<T> | null {
  const row = rows[0];
  if (!row) return null;
  return {
    principal: principalFacts.parse(row.principal),
    organization: readOrganization(row.organization),
    object: row.object === null ? null : readObject(row.object),
    projectId: row.project_id,
  };
}

/** How a request came, as far as it decides who is asking. */
export interface Arrival {
  /** The moment by which a key or a session has ended or not. */
  readonly now: Date;
  /** The caller's address; null where there is none. */
  readonly ip: string | null;
  /** Whether it came to a loopback address of the host, not to the public one. */
  readonly local: boolean;
}

/**
 * Who is asking: 401 for nobody.
 * @throws Refusal `key_unknown`, `key_revoked`, `key_expired`, `key_holder_left`, `key_ip_refused`, `session_ended`
 */
export function principalOf(
  facts: Facts | null,
  presented: "apiKey" | "session" | "commandLine",
  arrival: Arrival,
): Principal {
  if (!facts) {
    throw new Refusal(presented === "session" ? "session_ended" : "key_unknown");
  }
  const { principal } = facts;
  if (principal.kind === "apiKey") return keyPrincipal(principal, arrival);
  if (principal.kind === "session") return sessionPrincipal(principal, facts.organization, arrival);
  return { kind: "commandLine", standing: principal.standing };
}

function keyPrincipal(key: KeyFacts, { now, ip }: Arrival): KeyPrincipal {
  if (key.revokedAt) throw new Refusal("key_revoked");
  if (hasExpired(key.expiresAt, now)) throw new Refusal("key_expired");
  if (key.standing === null) throw new Refusal("key_holder_left");
  if (key.allowedIps !== null && (ip === null || !isAmong(ip, key.allowedIps))) {
    throw new Refusal("key_ip_refused", { ip });
  }
  const { apiKeyId, name, userId, serviceAccountId, standing, grant, projectId, rotatedTo, expiresAt } = key;
  const overlapEndsAt = rotatedTo === null ? null : expiresAt;
  return { kind: "apiKey", apiKeyId, name, userId, serviceAccountId, standing, grant, projectId, overlapEndsAt };
}

function sessionPrincipal(
  session: SessionFacts,
  organization: Organization,
  { now, local }: Arrival,
): SessionPrincipal {
  const idleEnd = later(readMoment(session.lastSeenAt), session.idleSeconds * 1_000);
  if (hasPassed(session.expiresAt, now) || hasPassed(idleEnd, now) || session.local !== local) {
    throw new Refusal("session_ended");
  }
  const { sessionId, userId, email, name, methods, boundTo, standing } = session;
  return {
    kind: "session",
    sessionId,
    userId,
    email,
    name,
    methods,
    boundTo,
    standing,
    pending: pendingOf(session, organization),
  };
}

function pendingOf(session: SessionFacts, organization: Organization): Pending | null {
  if (session.stage === "second_factor") return "second_factor";
  // Who came by the organization's own provider has shown there what the organization asks for, and can change nothing here.
  if (session.boundTo !== null) return null;
  if (session.mustChangePassword) return "password";
  return organization.requireSecondFactor && !session.hasSecondFactor ? "enrolment" : null;
}

/** The person behind a principal; null where there is none. */
export function personOf(principal: Principal): string | null {
  return principal.kind === "commandLine" ? null : principal.userId;
}
