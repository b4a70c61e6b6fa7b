import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installation } from "#drizzle/installation";
import { security } from "#drizzle/security";
import { fingerprint, makeSealer } from "#src/database/sealing";
import { credentialRows } from "#tests/support/rows/applications";
import { readRows, updateRows } from "#tests/support/rows/table";
import { startScript } from "#tests/support/script-process";
import { given, openWorld, type World } from "#tests/support/world";

let world: World;
const [previous, current] = [randomBytes(32), randomBytes(32)];
beforeAll(async () => {
  world = await openWorld({ sealer: makeSealer([previous]) });
  await updateRows(world.db.owner, installation, {}, { secretFingerprint: fingerprint(current) });
});
afterAll(() => world.close());

const start = () =>
  startScript(
    join(import.meta.dirname, "../../support/rotation-entry.ts"),
    world.db.url ?? "",
    current.toString("hex"),
    previous.toString("hex"),
  );

const sealedWith = async (secret: Buffer) => {
  const prefix = makeSealer([secret]).currentPrefix;
  const rows = await readRows(world.db.owner, security, {}, ["hashSealed"]);
  return rows.filter(({ hashSealed }) => hashSealed.startsWith(prefix)).length;
};

test("a rotation that is killed in the middle is continued by the next one (PO-9)", async () => {
  const organization = await world.organization();
  const { applicationId } = await given(organization).application({ access: "protected" });
  const sealer = makeSealer([previous]);
  const { organizationId } = organization;
  await credentialRows.insertAll(
    world.db.owner,
    Array.from({ length: 350 }, (_, number) => {
      const securityId = `sec_${String(number).padStart(26, "0")}`;
      const hashSealed = sealer.seal(`security:hash:${securityId}`, `hash ${number}`);
      return { securityId, organizationId, applicationId, username: `user${number}`, hashSealed };
    }),
  );

  const killed = start();
  while ((await sealedWith(current)) < 200) {
    expect(await killed.nextLine(), killed.errors()).toBe("transaction");
    killed.say("");
  }
  killed.kill("SIGKILL");
  expect(await killed.ended).toBe("SIGKILL");
  const done = await sealedWith(current);
  expect([done >= 200 && done < 350, await sealedWith(previous)]).toEqual([true, 350 - done]);

  const next = start();
  let line = await next.nextLine();
  while (line === "transaction") {
    next.say("");
    line = await next.nextLine();
  }
  expect(JSON.parse(line ?? "null"), next.errors()).toMatchObject({
    resealed: { security: 350 - done },
    unreadable: 0,
  });
  expect([await sealedWith(current), await sealedWith(previous)]).toEqual([350, 0]);
});
