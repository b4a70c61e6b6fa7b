import { recordUnwritten } from "../../identity/sign-in/record-sign-in";
import type { Attempt } from "../../identity/sign-in-context";
import { Refusal } from "../../platform/errors/refusal";
import { errorResponse } from "../errors";

/** Answers a refused sign-in, and writes it down where nobody has yet. */
export async function refuseSignIn(attempt: Attempt, refusal: Refusal): Promise<Response> {
  await recordUnwritten(attempt, refusal);
  return errorResponse(refusal, attempt.requestId);
}

/** A form without the token that only our own pages can read. */
export function refuseForeignForm(attempt: Attempt): Promise<Response> {
  return refuseSignIn(attempt, new Refusal("csrf_token"));
}
