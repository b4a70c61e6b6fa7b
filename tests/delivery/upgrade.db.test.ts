import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { applicationStates } from "#drizzle/sync";
import { fileDigest } from "#src/delivery/protocol/file-digest";
import { updateRows } from "../support/rows/table";
import { type FakeGateway, startFakeGateway } from "./fake-gateway";
import { openSyncWorld, type SyncWorld, until } from "./sync-world";

let sync: SyncWorld;
let gateway: FakeGateway;

beforeEach(async () => {
  sync = await openSyncWorld();
  gateway = await startFakeGateway(sync.paths, sync);
});
afterEach(async () => {
  await sync.close();
  await gateway.close();
});

const started = async () => {
  const reconciler = sync.reconciler();
  reconciler.start();
  await reconciler.ready;
  return reconciler;
};

interface Http {
  routers: Record<string, { middlewares?: string[] }>;
  middlewares: Record<string, unknown>;
}

/** A compiled file as written by versions that answered 418: without the middleware that answers 403. */
function before403(text: string): string {
  const document = JSON.parse(text) as { http: Http };
  for (const name of Object.keys(document.http.middlewares).filter((name) => name.endsWith("-closed"))) {
    delete document.http.middlewares[name];
    for (const router of Object.values(document.http.routers)) {
      router.middlewares = router.middlewares?.filter((middleware) => middleware !== name) ?? [];
      if (router.middlewares.length === 0) delete router.middlewares;
    }
  }
  return `${JSON.stringify(document, null, 1)}\n`;
}

describe("the first start after a version whose closed applications answered 418", () => {
  it("the first start after an upgrade writes every file again, opens nothing, and keeps what was proven", async () => {
    const first = await started();
    const { applicationId } = await sync.given.application({
      access: "protected",
      route: { host: "wiki.localhost", upstreams: [{ url: "http://127.0.0.1:9000" }] },
    });
    const proven = await sync.proven(applicationId);
    expect(proven.proof).toMatchObject([{ status: 403, proven: true }]);
    await first.stop();

    const names = [`${applicationId}.yml`, `0-deny-${sync.organization.organizationId}-0.yml`, "0-shared.yml"];
    const paths = names.map((name) => join(sync.paths.applications, name));
    const wanted = paths.map((path) => readFileSync(path, "utf8"));
    const former = wanted.map(before403);
    former[0] = (former[0] ?? "").replaceAll(proven.tag, "aaaaaaaaaaaaaaaa");
    for (const [at, path] of paths.entries()) writeFileSync(path, former[at] ?? "");
    expect(former).not.toContain(wanted[0]);
    const before = { tag: "aaaaaaaaaaaaaaaa", digest: fileDigest(former[0] ?? "") };
    await updateRows(sync.world.db.owner, applicationStates, { applicationId }, before);
    const answers = new Set<number>();
    gateway.answer = (_, __, status) => {
      answers.add(status);
      return null;
    };

    await started();
    const seen = new Set<string | null>();
    await until(
      async () => {
        seen.add((await sync.state(applicationId))?.unproven ?? null);
        seen.add(sync.file(applicationId) === null ? "no file" : null);
        return paths.map((path) => readFileSync(path, "utf8"));
      },
      (texts) => texts.every((text, at) => text === wanted[at]),
    );
    expect(await sync.proven(applicationId)).toMatchObject({ tag: proven.tag, proof: [{ status: 403, proven: true }] });
    expect([...seen]).toEqual([null]);
    expect([...answers].filter((status) => status !== 403 && status !== 418)).toEqual([]);
    expect(sync.world.log()).not.toContain("no longer enforces what it enforced before");
  });

  it("the first start after an upgrade removes an unneeded deny in the earlier form, and does not report it as foreign", async () => {
    const first = await started();
    const { applicationId } = await sync.given.application({
      access: "protected",
      route: { host: "wiki.localhost", upstreams: [{ url: "http://127.0.0.1:9000" }] },
    });
    await sync.proven(applicationId);
    const path = join(sync.paths.applications, `0-deny-${sync.organization.organizationId}-0.yml`);
    const text = before403(readFileSync(path, "utf8"));
    await sync.given.ok("applications.delete", { applicationId });
    const { items } = await sync.given.ok<{ items: { claimId: string }[] }>("claims.list", {});
    await sync.given.ok("claims.release", { claimId: items[0]?.claimId });
    await until(
      () => sync.pending(),
      (pending) => pending === 0,
    );
    await first.stop();
    writeFileSync(path, text);
    await started();
    await until(
      () => existsSync(path),
      (exists) => !exists,
    );
    expect((await sync.gateway()).foreignFiles).toEqual([]);
  });
});
