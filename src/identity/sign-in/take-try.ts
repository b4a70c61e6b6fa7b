import { TooMany } from "../../core/errors";
import type { Attempt } from "../attempt";
import { type Limit, type Taken, take } from "../limits";
import { recordRefusedSignIn } from "./record-sign-in";

/**
 * Counts one try to sign in; one too many is audited.
 * @param who what the limit is for
 * @param person whose account it is about, where that is known
 * @throws TooMany
 */
export async function takeTry(
  attempt: Attempt,
  limit: Limit,
  who: string,
  person: { readonly userId: string; readonly email: string } | null = null,
): Promise<Taken> {
  try {
    return await take(attempt.runtime, limit, who);
  } catch (refusal) {
    if (!(refusal instanceof TooMany)) throw refusal;
    await recordRefusedSignIn(attempt, {
      action: "auth.signIn",
      reason: refusal.reason,
      person,
      methods: [],
      changed: { limit: limit.name },
    });
    throw refusal;
  }
}
