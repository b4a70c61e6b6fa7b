import { api } from "../requests/api";
import { forgetLinkToken } from "../requests/use-link-token";

/** Continues after a sign-in by link: to the account, or to the second factor if it is still required. */
export async function goOnFromLink(): Promise<void> {
  forgetLinkToken();
  const { pending } = await api.auth.session.query();
  location.assign(pending === "second_factor" ? "/sign-in?callbackUrl=%2Faccount" : "/account");
}
