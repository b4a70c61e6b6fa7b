import { eq } from "drizzle-orm";
import { passwords, sessions } from "#drizzle/persons";
import type { Principal, SessionPrincipal } from "../access/principal";
import type { RequestContext } from "../access/request-context";
import { Refusal } from "../platform/errors/refusal";
import { isRecent } from "../platform/moment";
import { type Limit, limits, take } from "./limits";
import { verifyPassword } from "./passwords";
import { codeFailuresByAccount, spendCode } from "./second-factors";

/** What a signed-in person presents again: one of the two. */
export interface PresentedProof {
  readonly password?: string | undefined;
  /** A code of an authenticator app, or a recovery code. */
  readonly code?: string | undefined;
}

/** An authorized request of a person. */
interface PersonRequest {
  readonly request: RequestContext;
  readonly principal: Principal;
}

/** Seconds for which a sign-in counts as recent. */
const recentSeconds = 600;

/**
 * Wrong passwords of a signed-in person. A person who finds an open session cannot guess the password without limit.
 */
export const proofFailuresByAccount = {
  name: "proof-failures:account",
  attempts: 5,
  windowSeconds: 300,
} as const satisfies Limit;

/** Counts one change of passwords or second factors from this address. @throws Refusal `rate_limited` */
export async function takeManagement({ runtime, ip }: RequestContext): Promise<void> {
  await take(runtime, limits.managementByAddress, ip ?? "unknown");
}

/**
 * For changes that weaken or strengthen an account. The session was opened in the last ten minutes, or the password or
 * a code is presented again. A presented proof has to be right in either case. Do not call it inside a transaction: it
 * hashes, and it has its own transactions.
 * @throws Refusal `rate_limited` | `recent_sign_in_required`, `wrong_password`, `wrong_code`
 */
export async function requireRecent(personRequest: PersonRequest, proof: PresentedProof): Promise<void> {
  await takeManagement(personRequest.request);
  const { userId, sessionId } = requireSession(personRequest.principal);
  if (await isProofValid(personRequest.request, userId, proof)) return;
  const { database, clock } = personRequest.request.runtime;
  const [session] = await database.transaction("identity", null, (tx) =>
    tx.select({ createdAt: sessions.createdAt }).from(sessions).where(eq(sessions.sessionId, sessionId)),
  );
  if (!isRecent(session?.createdAt, clock.now(), recentSeconds * 1_000)) {
    throw new Refusal("recent_sign_in_required");
  }
}

/**
 * For changes that remove a protection. The password or a code is presented again, however recent the sign-in is.
 * @throws Refusal `rate_limited` | `proof_required`, `wrong_password`, `wrong_code`
 */
export async function requireProof(personRequest: PersonRequest, proof: PresentedProof): Promise<void> {
  await takeManagement(personRequest.request);
  if (await isProofValid(personRequest.request, requireSession(personRequest.principal).userId, proof)) return;
  throw new Refusal("proof_required");
}

/**
 * For data of a person's own account that a session with a password alone may not read.
 * @throws Refusal `second_factor_required`
 */
export function requireFullSession({ principal }: Pick<PersonRequest, "principal">): void {
  if (requireSession(principal).pending === "second_factor") {
    throw new Refusal("second_factor_required");
  }
}

function requireSession(principal: Principal): SessionPrincipal {
  if (principal.kind === "session") return principal;
  throw new Refusal("session_required");
}

/** False if no proof was presented. @throws Refusal the proof is wrong */
async function isProofValid(
  { runtime, ip }: RequestContext,
  userId: string,
  { password, code }: PresentedProof,
): Promise<boolean> {
  const { database, sealer, clock } = runtime;
  if (password !== undefined) {
    const failure = await take(runtime, proofFailuresByAccount, userId);
    const [row] = await database.transaction("identity", null, (tx) =>
      tx.select({ hash: passwords.hash }).from(passwords).where(eq(passwords.userId, userId)),
    );
    if (!(await verifyPassword(password, row?.hash ?? null, { known: userId }))) {
      throw new Refusal("wrong_password");
    }
    await failure.forgive();
    return true;
  }
  if (code !== undefined) {
    await take(runtime, limits.codeByAddress, ip ?? "unknown");
    const failure = await take(runtime, codeFailuresByAccount, userId);
    const { outcome } = await database.transaction("identity", null, (tx) =>
      spendCode(tx, sealer, userId, code, clock.now()),
    );
    if (outcome !== "valid") throw new Refusal("wrong_code");
    await failure.forgive();
    return true;
  }
  return false;
}
