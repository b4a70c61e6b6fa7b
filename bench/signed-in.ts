import { type Cookies, parseSetCookie, stringifyCookie } from "cookie";
import { hashPassword } from "../src/identity/passwords";
import { newId } from "../src/platform/ids";
import type { Installation } from "./installation";

export const ownerEmail = "ada@bench.test";
export const ownerPassword = "a long password for the bench";

/** Adds an owner to the first organization. */
export async function seedOwner(installation: Installation): Promise<void> {
  const hash = await hashPassword(ownerPassword, { known: "bench" });
  const userId = newId("user");
  await installation.fill(async ({ asOwner }) => {
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
  const cookies: Cookies = {};
  const store = (response: Response) => Object.assign(cookies, cookiesOf(response));
  const form = await fetch(`${url}/api/auth/csrf`);
  store(form);
  const { csrfToken } = (await form.json()) as { csrfToken: string };
  const signedIn = await fetch(`${url}/api/auth/callback/password`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded", cookie: stringifyCookie(cookies), origin: url },
    body: new URLSearchParams({ email: ownerEmail, password: ownerPassword, csrfToken, json: "true" }).toString(),
  });
  store(signedIn);
  if (signedIn.status !== 200)
    throw new Error(`The owner could not sign in: ${signedIn.status} ${await signedIn.text()}`);
  return stringifyCookie(cookies);
}

/** The cookies that a response sets. */
export function cookiesOf(response: Response): Cookies {
  const lines = response.headers.getSetCookie().map((line) => parseSetCookie(line));
  return Object.fromEntries(lines.map(({ name, value }) => [name, value]));
}
