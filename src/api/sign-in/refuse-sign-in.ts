import type { Refusal } from "../../core/errors";
import type { Attempt } from "../../identity/attempt";
import { recordUnwritten } from "../../identity/sign-in/record-sign-in";
import { refusalResponse } from "../errors";

/** Answers a refused sign-in, and writes it down where nobody has yet. */
export async function refuseSignIn(attempt: Attempt, refusal: Refusal): Promise<Response> {
  await recordUnwritten(attempt, refusal);
  return refusalResponse(refusal, attempt.requestId);
}
