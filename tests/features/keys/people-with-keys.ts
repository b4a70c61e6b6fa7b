import { randomBytes } from "node:crypto";
import { makeApiKey } from "#src/access/api-keys";
import type { Role } from "#src/access/permissions";
import { type Browser, openBrowser } from "#tests/support/browser";
import { givenMember, givenPerson } from "#tests/support/people";
import { keyRows } from "#tests/support/rows/keys";
import { registerSecret } from "#tests/support/secrets";
import type { GivenOrganization, World } from "#tests/support/world";

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
