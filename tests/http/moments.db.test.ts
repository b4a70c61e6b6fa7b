import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type GivenOrganization, openWorld, type World } from "../support/world";

/** Times that are valid ISO 8601 and that the database rejects in the form in which JavaScript writes them. */
const outOfRange = [
  "0000-01-01T00:00:00+23:59",
  "0000-06-01T00:00:00Z",
  "0001-01-01T00:00:00+14:00",
  "0001-01-01T00:00:00Z",
  "9999-12-31T23:59:59-00:01",
  "9999-12-31T23:59:59.999-23:59",
];

let world: World;
let acme: GivenOrganization;
let key: string;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  key = await acme.key("owner");
});
afterAll(() => world.close());

const exportAudit = (query: Record<string, string>) =>
  world.handler(
    new Request(`http://127.0.0.1/api/audit/export?${new URLSearchParams(query)}`, { headers: { "x-api-key": key } }),
    { ip: "127.0.0.1" },
  );

describe.each(outOfRange)("the time %s", (time) => {
  test.each<[string, string, (text: string) => object]>([
    ["audit.list", "from", (from) => ({ from })],
    ["audit.list", "to", (to) => ({ to })],
    ["keys.create", "expiresAt", (expiresAt) => ({ name: "x", role: "viewer", expiresAt })],
    [
      "audit.verify",
      "checkpoint.at",
      (at) => ({
        checkpoint: { organizationId: "org_1", sequence: 1, hash: "h", at, signature: "s" },
      }),
    ],
  ])(`${time} is refused by %s in the field %s`, async (procedure, field, input) => {
    const answer = await acme.call(procedure, input(time));
    expect([answer.status, answer.error?.data.reason]).toEqual([400, "invalid_input"]);
    expect(Object.keys(answer.error.data.fields ?? {})).toEqual([field]);
  });

  test(`${time} is refused by the export of the audit log`, async () => {
    for (const field of ["from", "to"]) {
      const answer = await exportAudit({ [field]: time });
      expect(answer.status).toBe(400);
      await answer.body?.cancel();
    }
  });
});

test("the first and the last accepted time reach the database", async () => {
  for (const input of [
    { from: "1970-01-01T00:00:00Z", to: "9999-12-31T23:59:59.999Z" },
    { from: "1969-12-31T23:00:00-01:00", to: "9999-12-31T23:59:59+23:59" },
  ]) {
    expect((await acme.call("audit.list", input)).status).toBe(200);
    const answer = await exportAudit(input);
    expect(answer.status).toBe(200);
    await answer.text();
  }
  const created = await acme.call("keys.create", { name: "x", role: "viewer", expiresAt: "9999-12-31T23:59:59.999Z" });
  expect(created.status).toBe(200);
});
