import { hashPassword } from "../src/identity/passwords";
import { newId } from "../src/platform/ids";
import type { Place } from "./place";

export const ownerEmail = "ada@bench.test";
export const ownerPassword = "a long password for the bench";

/** Adds an owner to the first organization. */
export async function seedOwner(place: Place): Promise<void> {
  const hash = await hashPassword(ownerPassword, { known: "bench" });
  const userId = newId("user");
  await place.fill(async ({ asOwner }) => {
    const values = { userId, memberId: newId("member"), email: ownerEmail, hash };
    await asOwner(
      `insert into users (user_id, email, created_at) select v ->> 'userId', v ->> 'email', now() from (select $1::text::jsonb v) x`,
      values,
    );
    await asOwner(
      `insert into passwords (user_id, hash, changed_at) select v ->> 'userId', v ->> 'hash', now() from (select $1::text::jsonb v) x`,
      values,
    );
    await asOwner(
      `insert into members (member_id, organization_id, user_id, role, created_at)
       select v ->> 'memberId', o.organization_id, v ->> 'userId', 'owner', now()
       from (select $1::text::jsonb v) x, organizations o where o.root`,
      values,
    );
  });
}

/** Signs in that owner as a browser does. @returns the header `cookie` for further requests */
export async function signIn(url: string): Promise<string> {
  const cookies = new Map<string, string>();
  const store = (response: Response) => {
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      cookies.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1));
    }
  };
  const cookie = () => [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const form = await fetch(`${url}/api/auth/csrf`);
  store(form);
  const { csrfToken } = (await form.json()) as { csrfToken: string };
  const signedIn = await fetch(`${url}/api/auth/callback/password`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", cookie: cookie(), origin: url },
    body: new URLSearchParams({ email: ownerEmail, password: ownerPassword, csrfToken, json: "true" }).toString(),
  });
  store(signedIn);
  if (signedIn.status !== 200)
    throw new Error(`The owner could not sign in: ${signedIn.status} ${await signedIn.text()}`);
  return cookie();
}
