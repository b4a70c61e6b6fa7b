import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GivenSession, givenSession } from "#tests/support/sessions";
import { openWorld, type World } from "#tests/support/world";
import { publicRows } from "./account-rows";
import { type Acme, openAcme } from "./acme";
import { requestByOwner } from "./asked-by-owner";
import { procedures } from "./procedures";

/** Requests that a browser sends for a page of another origin: with the cookie, and with any content. */

let world: World;
let fixture: Acme;

beforeAll(async () => {
  world = await openWorld({ mailer: { send: async () => undefined } });
  fixture = await openAcme(world);
});
afterAll(() => world.close());

const mutations = [...procedures].filter(([, type]) => type === "mutation").map(([procedure]) => procedure);

const csrfTokenOf = ({ browser }: GivenSession) =>
  [...browser.cookies].find(([name]) => name.endsWith("portcullis.csrf"))?.[1] ?? "";

/** A digest of all tables except refusals, audit entries and rate limits. */
async function databaseState(): Promise<string> {
  const tables = await world.db.asOwner<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace
       and relname not in ('audit_entries', 'refusal_counts', 'limits') order by 1`,
  );
  const hashes = await world.db.asOwner<{ name: string; hash: string | null }>(
    tables
      .map(
        ({ name }) => `select '${name}' as name, md5(string_agg(t::text, '|' order by t::text)) as hash from ${name} t`,
      )
      .join(" union all "),
  );
  return hashes.map(({ name, hash }) => `${name} ${hash}`).join("\n");
}

test("the router has mutations to test", () => {
  expect(mutations.length).toBeGreaterThan(40);
});

/** The last test of each procedure makes the change that the other requests must not make. */
const requestsFromOtherPages = (procedure: string) => () => {
  const isPublic = procedure in publicRows;
  let session: GivenSession;
  let input: Record<string, unknown>;
  let foreignToken: string;
  let before: string;
  beforeAll(async () => {
    const other = await givenSession(world, fixture.projectDeveloper);
    foreignToken = csrfTokenOf(other);
    ({ session, input } = await requestByOwner(world, fixture, procedure));
    before = await databaseState();
  });

  test(`${procedure} is refused for a page of another origin (TM-32)`, async () => {
    const origins = [
      "https://evil.example.org",
      "https://portcullis.example.org.evil.example",
      "https://portcullis.example.org:8443",
      "http://portcullis.example.org",
      "http://127.0.0.1:3000",
      "https://PORTCULLIS.example.org/",
      "null",
      "",
    ];
    for (const origin of origins) {
      const { status, error } = await session.browser.call(procedure, input, { origin });
      expect([origin, status, error.data.reason]).toEqual([origin, 403, "foreign_origin"]);
    }
  });

  test.skipIf(isPublic)(`${procedure} is refused without the CSRF token of the session (TM-33)`, async () => {
    expect(foreignToken).toMatch(/^[\w-]{43}$/);
    for (const token of ["", "A".repeat(43), foreignToken]) {
      const { status, error } = await session.browser.call(procedure, input, { "x-csrf-token": token });
      expect([status, error.data.reason]).toEqual([403, "csrf_token"]);
    }
    const bare = await session.browser.fetch(`/api/trpc/${procedure}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
    });
    expect(bare.status).toBe(403);
  });

  test(`${procedure} is refused with GET and with a form (TM-34)`, async () => {
    const headers = { origin: "https://portcullis.example.org", "x-csrf-token": csrfTokenOf(session) };
    const address = `/api/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`;
    expect((await session.browser.fetch(address, { headers })).status).toBe(405);
    for (const type of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"]) {
      const answer = await session.browser.fetch(`/api/trpc/${procedure}`, {
        method: "POST",
        headers: { ...headers, "content-type": type },
        body: JSON.stringify(input),
      });
      expect([type, type.startsWith("multipart") ? 400 : 415]).toEqual([type, answer.status]);
    }
  });

  test(`${procedure} has changed nothing in refused requests, and works for a page of this origin`, async () => {
    expect(await databaseState()).toBe(before);
    const { error } = await session.browser.call(procedure, input);
    expect(["foreign_origin", "csrf_token"]).not.toContain(error?.data.reason);
  });
};

for (const procedure of mutations) describe(procedure, { shuffle: false }, requestsFromOtherPages(procedure));
