import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fingerprint, makeSealer } from "../../../src/database/sealing";
import { startScript } from "../../support/script-process";
import { given, openWorld, type World } from "../../support/world";

let world: World;
const [previous, current] = [randomBytes(32), randomBytes(32)];
beforeAll(async () => {
  world = await openWorld({ sealer: makeSealer([previous]) });
  await world.db.asOwner("update installation set secret_fingerprint = $1", [fingerprint(current)]);
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
  const rows = await world.db.asOwner("select 1 from security where starts_with(hash_sealed, $1)", [prefix]);
  return rows.length;
};

test("a rotation that is killed in the middle is continued by the next one (PO-9)", async () => {
  const organization = await world.organization();
  const { applicationId } = await given(organization).application({ access: "protected" });
  const sealer = makeSealer([previous]);
  const rows = Array.from({ length: 350 }, (_, number) => {
    const id = `sec_${String(number).padStart(26, "0")}`;
    return { id, sealed: sealer.seal(`security:hash:${id}`, `hash ${number}`), name: `user${number}` };
  });
  await world.db.asOwner(
    `insert into security (security_id, organization_id, application_id, username, hash_sealed, hash_algorithm, created_at, password_changed_at)
     select r.id, $1, $2, r.name, r.sealed, 'apr1', now(), now() from jsonb_to_recordset($3::text::jsonb) r (id text, sealed text, name text)`,
    [organization.organizationId, applicationId, JSON.stringify(rows)],
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
