import { recordUnwritten } from "#src/identity/sign-in/record-sign-in";
import type { SignInContext } from "#src/identity/sign-in-context";
import { Refusal } from "#src/platform/errors/refusal";

/** Refuses a sign-in, and records it if it is not recorded yet. @throws Refusal the given one */
export async function refuseSignIn(attempt: SignInContext, refusal: Refusal): Promise<never> {
  await recordUnwritten(attempt, refusal);
  throw refusal;
}

/** Refuses a form without the token that only the console's own pages can read. @throws Refusal `csrf_token` */
export function refuseForeignForm(attempt: SignInContext): Promise<never> {
  return refuseSignIn(attempt, new Refusal("csrf_token"));
}
