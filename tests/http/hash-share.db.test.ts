import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hashThreads } from "#src/platform/passwords/hash-workers";
import { type HeldHashing, holdHashing } from "../support/held-hashing";
import { registerSecret } from "../support/secrets";
import { type GivenOrganization, given, openWorld, type World } from "../support/world";

let world: World;
/** Called when bcrypt requests a salt, directly before the hash enters the queue. */
let onSalt = () => {};
beforeAll(async () => {
  world = await openWorld({
    random: (size) => {
      if (size === 16) onSalt();
      return randomBytes(size);
    },
  });
});
afterAll(() => world.close());

const password = registerSecret("Quite a sturdy password 9!");

/** Creates an organization with an application whose credentials use bcrypt. */
async function bcryptApplication() {
  const organization = await world.organization();
  const { applicationId } = await given(organization).application({ hashAlgorithm: "bcrypt" });
  const create = (username: string, to: GivenOrganization = organization) =>
    to.call("security.create", { applicationId, username, password });
  return { ...organization, applicationId, create };
}

const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one);

/** Ends this number of held hashes after the request has queued its own, and expects a 200 without further ends. */
async function expectAnswerAfter(hashes: number, held: HeldHashing, request: () => Promise<{ status: number }>) {
  const queued = new Promise<void>((resolve) => {
    onSalt = resolve;
  });
  const answer = request();
  await queued;
  for (let ended = 0; ended < hashes; ended++) await held.endOne();
  expect((await answer).status).toBe(200);
}

describe("the hashing threads", () => {
  it("security.create waits for at most two hashes per thread while another organization floods the queue", async () => {
    const [flooding, quiet] = [await bcryptApplication(), await bcryptApplication()];
    const held = await holdHashing(times(hashThreads + 40, { known: flooding.organizationId }));
    try {
      await expectAnswerAfter(2 * hashThreads, held, () => quiet.create("ada"));
    } finally {
      await held.end();
    }
  });

  it("an organization whose share of the hash queue is full gets 503 busy with Retry-After", async () => {
    const full = await bcryptApplication();
    const { securityId } = (await full.create("ada")).data as { securityId: string };
    const { environmentId } = await given(full).environment();
    const held = await holdHashing(times(hashThreads + 64, { known: full.organizationId }));
    try {
      const refusals = [
        await full.create("bob"),
        await full.call("security.update", { securityId, password }),
        await full.call("applications.create", {
          environmentId,
          name: "Second",
          hashAlgorithm: "bcrypt",
          credential: { username: "ada", password },
        }),
      ];
      for (const { status, error, headers } of refusals) {
        expect([status, error?.data.reason]).toEqual([503, "busy"]);
        expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      }
      expect(
        (await given(full).ok<{ items: unknown[] }>("security.list", { applicationId: full.applicationId })).items,
      ).toHaveLength(1);
    } finally {
      await held.end();
    }
    expect((await full.create("bob")).status).toBe(200);
  });

  it("passwords of organizations are hashed while anonymous callers fill their own queue", async () => {
    const quiet = await bcryptApplication();
    const strangers = Array.from({ length: 400 }, (_, number) => ({ stranger: `10.9.${number >> 8}.${number & 255}` }));
    const held = await holdHashing(strangers);
    try {
      await expectAnswerAfter(2 * hashThreads, held, () => quiet.create("ada"));
    } finally {
      await held.end();
    }
  });
});
