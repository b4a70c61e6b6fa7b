import { api } from "../requests/api";
import { forgetLinkToken } from "../requests/use-link-token";

/** After a link has let somebody in: to their account, or to the second factor that they still have to show. */
export async function goOnFromLink(): Promise<void> {
  forgetLinkToken();
  const { pending } = await api.auth.session.query();
  location.assign(pending === "second_factor" ? "/sign-in?callbackUrl=%2Faccount" : "/account");
}
