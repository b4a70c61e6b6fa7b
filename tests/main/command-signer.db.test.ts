import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installation } from "#drizzle/installation";
import { fingerprint } from "#src/database/sealing";
import { commandSigner } from "#src/main/command-signer";
import { AnotherSecret } from "#src/main/host/ensure-installation";
import { readEnvironment } from "#src/main/settings/environment";
import { readRows, updateRows } from "../support/rows/table";
import { openWorld, type World } from "../support/world";

let world: World;
const [previous, current, unknown] = [randomBytes(32), randomBytes(32), randomBytes(32)];

beforeAll(async () => {
  world = await openWorld();
  await updateRows(world.db.owner, installation, {}, { secretFingerprint: fingerprint(previous) });
});
afterAll(() => world.close());

const settings = (secret: Buffer, ...previous: readonly Buffer[]) =>
  readEnvironment({
    PORTCULLIS_SECRET: secret.toString("hex"),
    ...(previous.length > 0
      ? { PORTCULLIS_SECRET_PREVIOUS: previous.map((one) => one.toString("hex")).join(",") }
      : {}),
  });

test("a command that only verifies signatures does not change the secret of the database", async () => {
  const signer = await commandSigner(world.runtime.database, settings(current, previous));
  const { database } = world.runtime;
  const signed = (await commandSigner(database, settings(previous))).sign("checkpoint", "text");
  expect(signer.verify("checkpoint", "text", signed)).toBe(true);
  const rows = await readRows(world.db.owner, installation, {}, ["secretFingerprint"]);
  expect(rows).toEqual([{ secretFingerprint: fingerprint(previous) }]);
});

test("a command with a secret that is unknown to the database is refused with AnotherSecret", async () => {
  await expect(commandSigner(world.runtime.database, settings(unknown, current))).rejects.toThrow(AnotherSecret);
});
