import { recordUnwritten } from "../../identity/sign-in/record-sign-in";
import type { Attempt } from "../../identity/sign-in-context";
import { Forbidden, type Refusal } from "../../platform/errors";
import { refusalResponse } from "../errors";

/** Answers a refused sign-in, and writes it down where nobody has yet. */
export async function refuseSignIn(attempt: Attempt, refusal: Refusal): Promise<Response> {
  await recordUnwritten(attempt, refusal);
  return refusalResponse(refusal, attempt.requestId);
}

/** A form without the token that only our own pages can read. */
export function refuseForeignForm(attempt: Attempt): Promise<Response> {
  return refuseSignIn(attempt, new Forbidden("csrf_token", "Send the form's own token, and its cookie."));
}
