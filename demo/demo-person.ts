import { z } from "zod";
import { AcceptedInvitation } from "../src/features/invitations/contract";

const Csrf = z.object({ csrfToken: z.string() });

/** What a person does in a browser: keeps cookies, and sends the origin with every change. */
export interface DemoPerson {
  /** Signs in by one of the forms of the sign-in pages. @throws Error with what the control plane says */
  signIn(form: "link" | "invitation" | "password", fields: Readonly<Record<string, string>>): Promise<void>;
  /** Accepts an invitation as the person who is signed in. @throws Error */
  accept(token: string): Promise<void>;
}

/** @param origin of the control plane */
export function openPerson(origin: string): DemoPerson {
  const cookies = new Map<string, string>();

  async function send(path: string, init: RequestInit = {}): Promise<unknown> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...(init.method === "POST" ? { origin } : {}), ...(cookie === "" ? {} : { cookie }) };
    const response = await fetch(`${origin}${path}`, { ...init, headers: { ...headers, ...init.headers } });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    const text = await response.text();
    if (!response.ok) throw new Error(`${path} answers ${response.status}: ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  return {
    async signIn(form, fields) {
      const { csrfToken } = Csrf.parse(await send("/api/auth/csrf"));
      await send(`/api/auth/callback/${form}`, {
        method: "POST",
        body: new URLSearchParams({ ...fields, csrfToken, json: "true" }),
      });
    },
    async accept(token) {
      const answer = await send("/api/v1/invitations/accept", {
        method: "POST",
        headers: { "content-type": "application/json", "x-csrf-token": cookies.get("portcullis.csrf") ?? "" },
        body: JSON.stringify({ token }),
      });
      AcceptedInvitation.parse(answer);
    },
  };
}
