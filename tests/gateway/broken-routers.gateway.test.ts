import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { APPLICATIONS_FOLDER } from "#src/traefik/compiler/names";
import { type GatewayWorld, newHost, newPassword, openGatewayWorld } from "../support/gateway-world";
import { isFull } from "../support/length";
import { hasTraefik } from "../support/traefik";
import { startUpstream, type Upstream } from "../support/upstream";

interface Http {
  routers: Record<string, { rule: string; service: string; middlewares?: string[] }>;
  services: Record<string, unknown>;
  middlewares: Record<string, { basicAuth?: { users: string[] } }>;
}

type Damage = (http: Http, router: string) => void;

const routerOf = (http: Http, name: string) => {
  const router = http.routers[name];
  if (router === undefined) throw new Error(`there is no router ${name}`);
  return router;
};

const lockOf = (http: Http) => {
  const lock = Object.entries(http.middlewares).find(([, one]) => one.basicAuth !== undefined);
  if (lock === undefined) throw new Error("the file has no lock");
  return lock;
};

/** Damages after which Traefik still accepts the file, but does not build the router. */
const damages: Readonly<Record<string, Damage>> = {
  "a missing middleware": (http, name) => {
    const router = routerOf(http, name);
    router.middlewares = (router.middlewares ?? []).map((one, at) => (at === 1 ? "gone" : one));
  },
  "a deleted lock": (http) => {
    delete http.middlewares[lockOf(http)[0]];
  },
  "a lock without users": (http) => {
    http.middlewares[lockOf(http)[0]] = { basicAuth: { users: [] } };
  },
  "a lock with a bad user": (http) => {
    http.middlewares[lockOf(http)[0]] = { basicAuth: { users: ["ada:x:y"] } };
  },
  "a missing service": (http, name) => {
    routerOf(http, name).service = "gone";
  },
  "a bad rule": (http, name) => {
    routerOf(http, name).rule = `Oath(\`x\`) && ${routerOf(http, name).rule}`;
  },
  "a rule that does not end": (http, name) => {
    routerOf(http, name).rule = `${routerOf(http, name).rule} && (`;
  },
};

/** Changes that make Traefik refuse the whole folder. */
const refused: Readonly<Record<string, (text: string) => string>> = {
  "an unknown field": (text) => text.replace('"routers"', '"ruters"'),
  "a missing brace": (text) => text.trimEnd().slice(0, -1),
  "an empty list of routers": () => '{"http": {"routers": {}}}',
};

describe.skipIf(!hasTraefik())("a damaged file of an application", () => {
  let world: GatewayWorld;
  let other: Upstream;
  let loads = 0;
  const hosts = { root: newHost("broken"), wildcard: `*.${newHost("wide")}` };
  const applications: { applicationId: string; host: string; path: string }[] = [];
  const password = newPassword();

  beforeAll(async () => {
    [world, other] = await Promise.all([openGatewayWorld(), startUpstream("other")]);
    const add = async (host: string, pathPrefix: string | null, upstream: Upstream, open = false) => {
      const application = await world.tenant.application({
        route: { host, upstreams: [{ url: upstream.url }], ...(pathPrefix ? { pathPrefix } : {}) },
        ...(open ? {} : { credential: { username: "ada", password } }),
      });
      await world.tenant.enforced(application);
      return application.applicationId;
    };
    // One host has a protected and an open application. A request for a missing router must not reach the open one.
    applications.push(
      { applicationId: await add(hosts.root, "/admin", world.upstream), host: hosts.root, path: "/admin/x" },
      {
        applicationId: await add(hosts.wildcard, null, world.upstream),
        host: hosts.wildcard.replace("*", "any"),
        path: "/",
      },
    );
    await add(hosts.root, null, other, true);
  });
  afterAll(async () => {
    await Promise.all([world?.close(), other?.close()]);
  });

  const fileOf = (applicationId: string) =>
    join(world.installation.gatewayFolder, "dynamic", APPLICATIONS_FOLDER, `${applicationId}.yml`);

  /** Makes Traefik read all files, and waits until it has. */
  async function reload(): Promise<void> {
    const dynamic = join(world.installation.gatewayFolder, "dynamic");
    const host = `loaded-${++loads}.example.test`;
    const router = { rule: `Host(\`${host}\`)`, service: "noop@internal", entryPoints: ["web"] };
    const staged = join(world.installation.gatewayFolder, "staged-by-the-test");
    writeFileSync(staged, JSON.stringify({ http: { routers: { loaded: router } } }));
    renameSync(staged, join(dynamic, "loaded.yml"));
    await world.traefik.until({ host }, ({ status }) => status === 418); // the router of this test, which leads to noop
  }

  for (const [name, damage] of Object.entries(damages)) {
    test(`${name}, in each router in turn, never opens a protected application`, async () => {
      for (const { applicationId, host, path } of applications) {
        const file_ = fileOf(applicationId);
        const good = readFileSync(file_, "utf8");
        const routers = Object.keys((JSON.parse(good) as { http: Http }).http.routers);
        expect(routers.length).toBeGreaterThan(0);
        for (const router of routers) {
          const document = JSON.parse(good) as { http: Http };
          damage(document.http, router);
          writeFileSync(file_, JSON.stringify(document));
          await reload();
          for (const user of [undefined, `ada:${newPassword()}`]) {
            const answer = await world.ask(host, { path, ...(user ? { user } : {}) });
            expect([401, 403], `${router} ${answer.headers["x-upstream"]}`).toContain(answer.status);
          }
        }
        writeFileSync(file_, good);
        await reload();
        expect((await world.ask(host, { path, user: `ada:${password}` })).status).toBe(200);
      }
    });
  }

  // Each of them needs two starts of Traefik. A short run therefore uses only the first one.
  for (const [name, broken] of Object.entries(refused).slice(0, isFull ? undefined : 1)) {
    test(`${name} opens nothing, even after a restart of Traefik, and is repaired`, async () => {
      const [{ applicationId, host, path } = { applicationId: "", host: "", path: "" }] = applications;
      const file = fileOf(applicationId);
      await reload(); // creates the file that is touched below
      writeFileSync(file, broken(readFileSync(file, "utf8")));
      const marker = join(world.installation.gatewayFolder, "dynamic", "loaded.yml");
      writeFileSync(marker, readFileSync(marker));
      for (let ask = 0; ask < 20; ask++) expect((await world.ask(host, { path })).status).toBe(401);
      await world.restartTraefik("SIGKILL");
      for (let ask = 0; ask < 20; ask++) expect([404, 401]).toContain((await world.ask(host, { path })).status);
      await world.restartPlane("SIGTERM"); // it compares everything at its start
      await world.traefik.until(
        { host, path, user: `ada:${password}` },
        ({ status, headers }) => status === 200 && headers["x-upstream"] === "upstream",
      );
      expect((await world.ask(host, { path })).status).toBe(401);
    });
  }
});
