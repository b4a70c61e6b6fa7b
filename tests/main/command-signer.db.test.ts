import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fingerprint } from "../../src/database/sealing";
import { commandSigner } from "../../src/main/command-signer";
import { AnotherSecret } from "../../src/main/host/ensure-installation";
import { readEnvironment } from "../../src/main/settings/environment";
import { openWorld, type World } from "../support/world";

let world: World;
const [former, present, strange] = [randomBytes(32), randomBytes(32), randomBytes(32)];

beforeAll(async () => {
  world = await openWorld();
  await world.db.asOwner("update installation set secret_fingerprint = $1", [fingerprint(former)]);
});
afterAll(() => world.close());

const settings = (secret: Buffer, ...previous: readonly Buffer[]) =>
  readEnvironment({
    PORTCULLIS_SECRET: secret.toString("hex"),
    ...(previous.length > 0
      ? { PORTCULLIS_SECRET_PREVIOUS: previous.map((one) => one.toString("hex")).join(",") }
      : {}),
  });

test("a command that only looks at signatures leaves the database with the secret that it had", async () => {
  const signer = await commandSigner(world.runtime.database, settings(present, former));
  const { database } = world.runtime;
  const signed = (await commandSigner(database, settings(former))).sign("checkpoint", "text");
  expect(signer.verify("checkpoint", "text", signed)).toBe(true);
  const rows = await world.db.asOwner("select secret_fingerprint from installation");
  expect(rows).toEqual([{ secret_fingerprint: fingerprint(former) }]);
});

test("with a secret that the database has never known it looks at nothing", async () => {
  await expect(commandSigner(world.runtime.database, settings(strange, present))).rejects.toThrow(AnotherSecret);
});
