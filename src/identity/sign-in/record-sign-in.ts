import { setTimeout as delay } from "node:timers/promises";
import { auditEntries } from "../../../drizzle/audit";
import { countedTry, type RefusedTry, recordStranger, refusalStatement, writeTry } from "../../access/refusals";
import type { Transaction } from "../../database/database";
import type { Refusal } from "../../platform/errors/refusal";
import { newId } from "../../platform/ids";
import { firstOrganization, type Method } from "../sessions";
import type { Attempt } from "../sign-in-context";

interface SignIn {
  readonly outcome: "done" | "refused";
  /** `auth.signIn`, `auth.signOut`, … */
  readonly action: string;
  /** The true one, for the audit log alone. */
  readonly reason?: string;
  /** Null for somebody who is nobody here. */
  readonly person: { readonly userId: string; readonly email: string } | null;
  readonly sessionId?: string;
  readonly methods: readonly Method[];
  readonly changed?: Record<string, unknown>;
  /** Whose log it belongs in, where it is not about the person alone: the organization of the provider, say. */
  readonly organizationId?: string;
}

/**
 * Writes a sign-in, or a refused try, into the log of the organization that the person joined first, or into the
 * installation's own. What was typed is not kept: people type passwords into the wrong field.
 */
export async function recordSignIn(tx: Transaction, attempt: Attempt, signIn: SignIn): Promise<void> {
  const { runtime } = attempt;
  const organizationId =
    signIn.organizationId ??
    (signIn.person && (await firstOrganization(tx, signIn.person.userId))) ??
    runtime.installationId;
  const entry = entryOf(attempt, signIn, organizationId);
  const now = runtime.clock.now();
  if (signIn.outcome === "refused") {
    await tx.execute(refusalStatement([{ first: [countedTry(entry, now)], all: 1 }]));
    attempt.record.isWritten = true;
    return;
  }
  const { outcome } = signIn;
  await tx.insert(auditEntries).values({ ...entry, auditId: newId("audit"), outcome, createdAt: now });
}

/**
 * Writes a refused try where nothing else is written with it: together with what else is refused at the time, in one
 * commit. A flood of sign-ins costs a few commits a second, not one each.
 */
export async function recordRefusedSignIn(attempt: Attempt, signIn: Omit<SignIn, "outcome">): Promise<void> {
  const { runtime } = attempt;
  const { person } = signIn;
  const organizationId =
    signIn.organizationId ??
    (person && (await runtime.database.batch("identity", null, 1, (tx) => firstOrganization(tx, person.userId)))) ??
    runtime.installationId;
  await nextWriting(runtime.signIn.answerFloorMs * shareOfFloor);
  await writeTry(runtime, entryOf(attempt, signIn, organizationId));
  attempt.record.isWritten = true;
}

/** No answer to a sign-in comes sooner than the floor: a third of it can be spent on waiting for others. */
const shareOfFloor = 1 / 3;

let writing: Promise<void> | null = null;

/** Resolves for everybody at once, after at most so many milliseconds. */
function nextWriting(withinMs: number): Promise<void> {
  writing ??= delay(withinMs).then(() => {
    writing = null;
  });
  return writing;
}

function entryOf(attempt: Attempt, signIn: Omit<SignIn, "outcome">, organizationId: string): RefusedTry {
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

/** Writes down, as a stranger's, a refused try that its method has not written down: a link that nobody knows, say. */
export async function recordUnwritten(attempt: Attempt, refusal: Refusal): Promise<void> {
  if (attempt.record.isWritten || refusal.kind === "unavailable") return;
  await recordStranger({ ...attempt, action: "auth.signIn" }, refusal);
}
