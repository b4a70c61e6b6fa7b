import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GivenSession, givenSession } from "../../support/sessions";
import { openWorld, type World } from "../../support/world";
import { publicRows } from "./account-rows";
import { type Acme, openAcme } from "./acme";
import { askedByOwner } from "./asked-by-owner";
import { procedures } from "./procedures";

/** What a browser sends on behalf of a page that is not ours: the cookie, and whatever that page can say. */

let world: World;
let where: Acme;

beforeAll(async () => {
  world = await openWorld();
  where = await openAcme(world);
});
afterAll(() => world.close());

const mutations = [...procedures].filter(([, type]) => type === "mutation").map(([procedure]) => procedure);

const csrfTokenOf = ({ browser }: GivenSession) =>
  [...browser.cookies].find(([name]) => name.endsWith("portcullis.csrf"))?.[1] ?? "";

/** Everything that is stored, but what was refused, and when a session was last seen. */
async function everything(): Promise<string> {
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

test("there are mutations to try", () => {
  expect(mutations.length).toBeGreaterThan(40);
});

/** The last test of each procedure does what the others may not. */
const triedFromOtherPages = (procedure: string) => () => {
  const isPublic = procedure in publicRows;
  let session: GivenSession;
  let input: Record<string, unknown>;
  let foreignToken: string;
  let before: string;
  beforeAll(async () => {
    const other = await givenSession(world, where.there);
    foreignToken = csrfTokenOf(other);
    ({ session, input } = await askedByOwner(world, where, procedure));
    before = await everything();
  });

  test("does nothing for a page of another origin (TM-32)", async () => {
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

  test.skipIf(isPublic)("does nothing without the session's own token (TM-33)", async () => {
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

  test("does nothing by GET, and nothing for a form (TM-34)", async () => {
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

  test("has changed nothing by any of these, and goes on for a page of ours", async () => {
    expect(await everything()).toBe(before);
    const { error } = await session.browser.call(procedure, input);
    expect(["foreign_origin", "csrf_token"]).not.toContain(error?.data.reason);
  });
};

for (const procedure of mutations) describe(procedure, { shuffle: false }, triedFromOtherPages(procedure));
