import { recordUnwritten } from "../../identity/sign-in/record-sign-in";
import type { SignInContext } from "../../identity/sign-in-context";
import { Refusal } from "../../platform/errors/refusal";
import { errorResponse } from "../errors";

/** Answers a refused sign-in, and records it if it is not recorded yet. */
export async function refuseSignIn(attempt: SignInContext, refusal: Refusal): Promise<Response> {
  await recordUnwritten(attempt, refusal);
  return errorResponse(refusal, attempt.requestId);
}

/** Refuses a form without the token that only the console's own pages can read. */
export function refuseForeignForm(attempt: SignInContext): Promise<Response> {
  return refuseSignIn(attempt, new Refusal("csrf_token"));
}
