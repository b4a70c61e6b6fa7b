import { randomBytes } from "node:crypto";
import { makeApiKey } from "../../../src/access/api-keys";
import type { Role } from "../../../src/access/permissions";
import type { Handler } from "../../../src/http/handler";
import { type Browser, openBrowser } from "../../support/browser";
import { givenMember, givenPerson } from "../../support/people";
import { keyRows } from "../../support/rows/keys";
import { registerSecret } from "../../support/secrets";
import type { Answer, GivenOrganization, World } from "../../support/world";

/** A key as the API shows it. */
export interface Key {
  readonly apiKeyId: string;
  readonly key: string;
  readonly name: string;
  readonly userId: string | null;
  readonly serviceAccountId: string | null;
  readonly role: string | null;
  readonly roleId: string | null;
  readonly scopes: string[] | null;
  readonly projectId: string | null;
  readonly allowedIps: string[] | null;
  readonly requestsPerMinute: number | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
  readonly lastUsedIp: string | null;
  readonly rotatedTo: string | null;
}

/** A member with a session and keys. */
export interface Colleague {
  readonly userId: string;
  readonly memberId: string;
  /** Calls with the member's session. */
  readonly call: Browser["call"];
  /** Inserts a key of the member into the database; with `role` null, the key has these scopes. */
  key(
    role: Role | null,
    options?: { scopes?: string[]; projectId?: string },
  ): Promise<{ apiKeyId: string; key: string }>;
}

let next = 1;

/** Creates a member with this role (null: of projects only) who has signed in. */
export async function colleague(world: World, org: GivenOrganization, role: Role | null): Promise<Colleague> {
  const person = await givenPerson(world);
  const memberId = await givenMember(world, org.organizationId, person, role);
  const browser = openBrowser(world, { ip: `203.0.113.${next++ % 250}` });
  const { status } = await browser.signIn("password", { email: person.email, password: person.password });
  if (status !== 200) throw new Error(`sign-in: ${status}`);
  return {
    userId: person.userId,
    memberId,
    call: browser.call,
    key: async (keyRole, { scopes, projectId } = {}) => {
      const generated = makeApiKey(randomBytes);
      const { apiKeyId } = await keyRows.insert(world.db.owner, {
        organizationId: org.organizationId,
        userId: person.userId,
        name: "ci",
        role: keyRole,
        scopes: scopes ?? null,
        projectId: projectId ?? null,
        hash: registerSecret(generated.hash),
      });
      return { apiKeyId, key: registerSecret(generated.key) };
    },
  };
}

/** Returns a function that calls one process with a key, from an address. */
export function callFrom(handler: Handler, key: string, ip: string, headers: Record<string, string> = {}) {
  return async <T = Record<string, unknown>>(procedure: string, input: unknown = {}): Promise<Answer<T>> => {
    const request = new Request(`http://127.0.0.1/api/trpc/${procedure}`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key, ...headers },
      body: JSON.stringify(input),
    });
    const response = await handler(request, { ip });
    const text = await response.text();
    const body = JSON.parse(text) as { result?: { data: T }; error?: Answer["error"] };
    return {
      status: response.status,
      data: body.result?.data as T,
      error: body.error as Answer["error"],
      text,
      headers: response.headers,
    };
  };
}

/** The status and, for a refusal, the reason. */
export const reasonOf = (answer: { status: number; error?: { data: { reason: string } } }) => [
  answer.status,
  answer.error?.data.reason,
];

/** Awaits a call that must succeed and returns its data. */
export async function ok<T>(call: Promise<{ status: number; data: T; error?: unknown }>): Promise<T> {
  const answer = await call;
  if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}
