import { setTimeout as delay } from "node:timers/promises";
import { auditEntries } from "#drizzle/audit";
import {
  countedAttempt,
  type RefusedAttempt,
  recordStranger,
  refusalStatement,
  writeAttempt,
} from "#src/access/refusals";
import type { Transaction } from "#src/database/database";
import type { Refusal } from "#src/platform/errors/refusal";
import { newId } from "#src/platform/ids";
import { firstOrganization, type Method } from "../sessions";
import type { SignInContext } from "../sign-in-context";

interface SignIn {
  readonly outcome: "done" | "refused";
  /** `auth.signIn`, `auth.signOut`, … */
  readonly action: string;
  /** The true reason, for the audit log only. */
  readonly reason?: string;
  /** Null for a person who has no account. */
  readonly person: { readonly userId: string; readonly email: string } | null;
  readonly sessionId?: string;
  readonly methods: readonly Method[];
  readonly changed?: Record<string, unknown>;
  /**
   * The organization whose log it belongs in, if it is not about the person alone: for example the provider's
   * organization.
   */
  readonly organizationId?: string;
}

/** What the audit log needs of an attempt. */
type RecordedAttempt = Pick<SignInContext, "runtime" | "requestId" | "ip" | "record">;

/**
 * Writes a sign-in, or a refused attempt, into the log of the organization that the person joined first, or into the
 * installation's own log. The typed text is not stored: people type passwords into the wrong field.
 */
export async function recordSignIn(tx: Transaction, attempt: RecordedAttempt, signIn: SignIn): Promise<void> {
  const { runtime } = attempt;
  const organizationId =
    signIn.organizationId ??
    (signIn.person && (await firstOrganization(tx, signIn.person.userId))) ??
    runtime.installationId;
  const entry = entryOf(attempt, signIn, organizationId);
  const now = runtime.clock.now();
  if (signIn.outcome === "refused") {
    await tx.execute(refusalStatement([{ first: [countedAttempt(entry, now)], all: 1 }]));
    attempt.record.isWritten = true;
    return;
  }
  const { outcome } = signIn;
  await tx.insert(auditEntries).values({ ...entry, auditId: newId("audit"), outcome, createdAt: now });
}

/**
 * Writes a refused attempt if nothing else is written with it. All refusals of the same moment share one commit, so a
 * flood of sign-ins costs a few commits a second, and not one each.
 */
export async function recordRefusedSignIn(attempt: RecordedAttempt, signIn: Omit<SignIn, "outcome">): Promise<void> {
  const { runtime } = attempt;
  const { person } = signIn;
  const organizationId =
    signIn.organizationId ??
    (person && (await runtime.database.batch("identity", null, 1, (tx) => firstOrganization(tx, person.userId)))) ??
    runtime.installationId;
  await nextWrite(runtime.signIn.responseFloorMs * shareOfFloor);
  await writeAttempt(runtime, entryOf(attempt, signIn, organizationId));
  attempt.record.isWritten = true;
}

/** No response to a sign-in comes sooner than the floor. A third of that time can be spent on waiting for others. */
const shareOfFloor = 1 / 3;

let writing: Promise<void> | null = null;

/** Resolves for all callers at once, after at most this number of milliseconds. */
function nextWrite(withinMs: number): Promise<void> {
  writing ??= delay(withinMs).then(() => {
    writing = null;
  });
  return writing;
}

function entryOf(attempt: RecordedAttempt, signIn: Omit<SignIn, "outcome">, organizationId: string): RefusedAttempt {
  const { requestId, ip } = attempt;
  const { action, reason, person, sessionId, methods, changed } = signIn;
  return {
    organizationId,
    actorKind: person ? "person" : "anonymous",
    actorId: person?.userId ?? null,
    actorName: person?.email ?? null,
    sessionId: sessionId ?? null,
    authenticatedBy: methods.join(",") || null,
    apiKeyId: null,
    requestId,
    ip,
    action,
    reason: reason ?? null,
    objectKind: person ? "person" : null,
    objectId: person?.userId ?? null,
    objectName: person?.email ?? null,
    changed: changed ?? null,
  };
}

/** Records, as a stranger's, a refused attempt that its method did not record: for example an unknown link. */
export async function recordUnwritten(attempt: RecordedAttempt, refusal: Refusal): Promise<void> {
  if (attempt.record.isWritten || refusal.kind === "unavailable") return;
  await recordStranger({ ...attempt, action: "auth.signIn" }, refusal);
}
