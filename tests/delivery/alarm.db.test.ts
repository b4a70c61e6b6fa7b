import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { auditEntries } from "#drizzle/audit";
import { countAlarms } from "#src/delivery/alarms";
import { mailAlarms } from "#src/delivery/leader/alarm-mails";
import type { Application } from "#src/features/applications/contract";
import type { Overview } from "#src/features/overview/contract";
import { createHandler } from "#src/http/handler";
import { type Mail, MailFailed } from "#src/platform/mail";
import { later } from "#src/platform/moment";
import { givenMember, givenPerson } from "../support/people";
import { readRows } from "../support/rows/table";
import { type FakeGateway, startFakeGateway } from "./fake-gateway";
import { openSyncWorld, password, type SyncWorld, until } from "./sync-world";

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
const host = "wiki.localhost";
const application = (input: Record<string, unknown> = {}) =>
  sync.given.application({
    access: "protected",
    route: { host, upstreams: [{ url: "http://127.0.0.1:9000" }] },
    credential: { username: "ada", password: password() },
    ...input,
  });
/** Something that is not part of Portcullis answers every visitor. */
const foreign = () => ({ status: 200, headers: { Server: "nginx/1.27" } });
const one = async (applicationId: string) =>
  (await sync.given.ok<Application>("applications.one", { applicationId })).exposure;
const exposed = (applicationId: string) =>
  until(
    () => sync.state(applicationId),
    (state) => state !== null && state.alarmSince !== null && state.alarmEndedAt === null,
  );
const ended = (applicationId: string) =>
  until(
    () => sync.state(applicationId),
    (state) => state !== null && state.alarmEndedAt !== null,
  );
const actions = async () =>
  (await readRows(sync.world.db.owner, auditEntries, { actorKind: "system" }, ["action", "organizationId", "changed"]))
    .filter(({ action }) => action.startsWith("applications.exposed"))
    .map(({ action, organizationId }) => {
      expect(organizationId).toBe(sync.organization.organizationId);
      return action;
    });

describe("exposed", () => {
  it("an application is exposed when a visitor was let in twice, a second apart, and until visitors are refused (DK-1)", async () => {
    const reconciler = await started();
    const { applicationId } = await application();
    await sync.proven(applicationId);
    gateway.answer = foreign;
    reconciler.prove(applicationId);
    const first = await until(
      () => sync.state(applicationId),
      (state) => state?.unproven === "let_in_once",
    );
    expect(first?.alarmSince).toBeNull();
    expect(await one(applicationId)).toMatchObject({ state: "unknown", reason: "let_in_once" });
    const state = await exposed(applicationId);
    expect((state?.alarmSince?.getTime() ?? 0) - Date.parse(first?.proof?.[0]?.at ?? "")).toBeGreaterThanOrEqual(1_000);

    const shown = await one(applicationId);
    expect(shown).toMatchObject({
      state: "exposed",
      intended: "protected",
      provedAt: null,
      reason: "let_in_by_foreign_router",
      alarm: {
        answeredBy: "foreign",
        request: `HEAD ${host}/`,
        status: 200,
        server: "nginx/1.27",
        since: state?.alarmSince?.toISOString(),
      },
    });
    const listed = await sync.given.ok<{ items: Application[]; total: number }>("applications.list", {
      exposure: ["exposed"],
      sort: "exposure",
    });
    expect(listed).toMatchObject({ total: 1, items: [{ applicationId, exposure: { state: "exposed" } }] });
    const overview = await sync.given.ok<Overview>("overview.get", {});
    expect(overview).toMatchObject({
      applications: { exposed: 1, unknown: 0 },
      needsAttention: [{ applicationId, state: "exposed", reason: "let_in_by_foreign_router" }],
    });
    expect(await actions()).toEqual(["applications.exposed"]);
    expect(sync.world.log()).toContain("a visitor without a credential was let in where the gateway should refuse");

    const beta = await sync.world.organization({ gatewayId: sync.gatewayId });
    const other = await beta.call<Overview>("overview.get");
    expect(other.data).toMatchObject({ applications: { exposed: 0 }, exposedNames: { total: 0 }, changes: [] });
    expect(other.text).not.toContain(applicationId);

    gateway.answer = null;
    reconciler.prove(applicationId);
    await ended(applicationId);
    expect(await one(applicationId)).toMatchObject({ state: "protected" });
    expect(await actions()).toEqual(["applications.exposed", "applications.exposed.ended"]);
  });

  it("a visitor who passed one single time is no alarm", async () => {
    const reconciler = await started();
    const { applicationId } = await application();
    await sync.proven(applicationId);
    let left = 1;
    gateway.answer = () => (left-- > 0 ? foreign() : null);
    reconciler.prove(applicationId);
    await until(
      () => left,
      (now) => now < 0,
    );
    await sync.proven(applicationId);
    expect((await sync.state(applicationId))?.alarmSince).toBeNull();
    expect(await actions()).toEqual([]);
  });

  it("an upstream that fails behind a foreign router does not end an alarm, and its refusals do", async () => {
    const reconciler = await started();
    const { applicationId } = await application();
    gateway.answer = foreign;
    await exposed(applicationId);
    gateway.answer = () => ({ status: 502, headers: {} });
    reconciler.prove(applicationId);
    await until(
      () => sync.state(applicationId),
      (state) => state?.unproven === "not_our_router",
    );
    expect(await one(applicationId)).toMatchObject({ state: "exposed", reason: "let_in_by_foreign_router" });
    gateway.answer = () => ({ status: 401, headers: {} });
    reconciler.prove(applicationId);
    await ended(applicationId);
    expect(await one(applicationId)).toMatchObject({ state: "unknown", reason: "not_our_router" });
  });

  it("a change that is pending or not loaded, and another leader, do not turn an alarm off", async () => {
    const reconciler = await started();
    const { applicationId } = await application();
    await sync.proven(applicationId);
    gateway.answer = (_, headers) => ({ status: 200, headers });
    reconciler.prove(applicationId);
    await exposed(applicationId);
    expect(await one(applicationId)).toMatchObject({ reason: "status", alarm: { answeredBy: "own_router" } });

    gateway.freeze();
    const closed = await sync.given.ok<Application>("applications.close", { applicationId, reason: "It is open." });
    expect(closed.exposure).toMatchObject({ state: "exposed", intended: "closed" });
    await until(
      () => sync.pending(),
      (pending) => pending === 0,
    );
    expect(await one(applicationId)).toMatchObject({ state: "exposed", intended: "closed" });
    await reconciler.stop();
    await started();
    expect(await one(applicationId)).toMatchObject({ state: "exposed", reason: "status" });

    gateway.answer = null;
    gateway.thaw();
    await ended(applicationId);
    expect(await one(applicationId)).toMatchObject({ state: "closed", reason: "closed_by_hand" });
    expect(await actions()).toEqual(["applications.exposed", "applications.exposed.ended"]);
  });

  it("the name of a deleted application that still answers is an alarm of the organization (DK-20)", async () => {
    const reconciler = await started();
    const { applicationId } = await application();
    await sync.proven(applicationId);
    gateway.answer = () => ({ status: 401, headers: { "X-Portcullis-Tag": "aaaabbbbccccdddd" } });
    await sync.given.ok("applications.delete", { applicationId });
    await exposed(applicationId);
    const { exposedNames } = await sync.given.ok<Overview>("overview.get", {});
    expect(exposedNames).toMatchObject({
      total: 1,
      items: [{ applicationId, reason: "still_there", alarm: { request: `HEAD ${host}/`, status: 401 } }],
    });
    expect(await countAlarms(sync.world.runtime.database)).toBe(1);
    gateway.answer = null;
    reconciler.prove(applicationId);
    await ended(applicationId);
    expect((await sync.given.ok<Overview>("overview.get", {})).exposedNames).toEqual({ total: 0, items: [] });
  });

  it("/readyz counts what is exposed, and stays ready", async () => {
    await started();
    const { database } = sync.world.runtime;
    const handler = createHandler(sync.world.runtime, {}, undefined, { exposed: () => countAlarms(database) });
    const ready = async () => {
      const response = await handler(new Request("http://localhost/readyz"), { ip: null });
      return { status: response.status, body: await response.json() };
    };
    const { applicationId } = await application();
    await sync.proven(applicationId);
    expect(await ready()).toMatchObject({ status: 200, body: { status: "ok", exposed: 0 } });
    gateway.answer = foreign;
    await sync.given.ok("security.create", { applicationId, username: "bob", password: password() });
    await exposed(applicationId);
    expect(await ready()).toMatchObject({ status: 200, body: { status: "ok", exposed: 1 } });
    const failing = createHandler(sync.world.runtime, {}, undefined, {
      exposed: () => Promise.reject(new Error("no")),
    });
    const response = await failing(new Request("http://localhost/readyz"), { ip: null });
    expect([response.status, await response.json()]).toMatchObject([200, { status: "ok", exposed: null }]);
  });
});

describe("messages about alarms", () => {
  let sent: Mail[];
  let now: Date;
  const mail = (send: (mail: Mail) => Promise<void> = async (one) => void sent.push(one)) => {
    const { database, log } = sync.world.runtime;
    return mailAlarms({
      database,
      log,
      clock: { now: () => now },
      mailer: { send },
      url: "https://portcullis.example",
    });
  };
  const minutes = (count: number) => {
    now = later(now, count * 60_000);
  };
  /** A person with a role in the organization. */
  const member = async (role: "owner" | "admin", organizationId = sync.organization.organizationId) => {
    const person = await givenPerson(sync.world);
    await givenMember(sync.world, organizationId, person, role);
    return person.email;
  };

  beforeEach(() => {
    sent = [];
    now = new Date();
  });

  it("each owner of the organization gets one message about an alarm, also after a restart, and no one else does", async () => {
    const [ada, grace] = [await member("owner"), await member("owner")];
    await member("admin");
    const beta = await sync.world.organization({ gatewayId: sync.gatewayId });
    await member("owner", beta.organizationId);
    const reconciler = await started();
    const { applicationId } = await application();
    await mail();
    expect(sent).toEqual([]);
    gateway.answer = foreign;
    await exposed(applicationId);
    now = new Date();
    await mail();
    expect(sent.map(({ to }) => to).sort()).toEqual([ada, grace].sort());
    expect(sent[0]?.subject).toBe("Alarm: a stranger was let in at Wiki");
    expect(sent[0]?.text).toContain(`Request: HEAD ${host}/`);
    expect(sent[0]?.text).toContain("Answer: status 200 of nginx/1.27, ");
    expect(sent[0]?.text).toContain("Portcullis cannot close it.");
    expect(sent[0]?.text).toContain("https://portcullis.example");
    expect(sent[0]?.text).not.toContain("ended");

    await reconciler.stop();
    await started();
    const before = (await sync.state(applicationId))?.alarmAnswer?.at;
    await until(
      () => sync.state(applicationId),
      (state) => state?.alarmAnswer?.at !== before,
    );
    for (const wait of [0, 2, 10, 60 * 24]) {
      minutes(wait);
      await mail();
    }
    expect(sent).toHaveLength(2);
    expect(await actions()).toEqual(["applications.exposed"]);
  });

  it("alarms that begin together come in one message, and a further one a minute later", async () => {
    await member("owner");
    const reconciler = await started();
    const hosts = ["a.localhost", "b.localhost", "c.localhost"];
    const [first, second, third] = await Promise.all(
      hosts.map(async (name, at) => {
        const route = { host: name, upstreams: [{ url: `http://127.0.0.1:${9_001 + at}` }] };
        return (await application({ name, route })).applicationId;
      }),
    );
    if (first === undefined || second === undefined || third === undefined) throw new Error("no application");
    for (const id of [first, second, third]) await sync.proven(id);
    gateway.answer = (name) => (name === "c.localhost" ? null : foreign());
    for (const id of [first, second]) reconciler.prove(id);
    await Promise.all([exposed(first), exposed(second)]);
    now = new Date();
    await mail();
    expect(sent.map(({ subject }) => subject)).toEqual(["Alarm: strangers were let in at 2 places"]);
    gateway.answer = foreign;
    reconciler.prove(third);
    await exposed(third);
    await mail();
    expect(sent).toHaveLength(1);
    minutes(1);
    await mail();
    expect(sent[1]?.subject).toBe("Alarm: a stranger was let in at c.localhost");
  });

  it("an application that is open again and again makes one message in five minutes", async () => {
    await member("owner");
    const reconciler = await started();
    const { applicationId } = await application();
    await sync.proven(applicationId);
    const open = async () => {
      gateway.answer = foreign;
      reconciler.prove(applicationId);
      await exposed(applicationId);
    };
    const close = async () => {
      gateway.answer = null;
      reconciler.prove(applicationId);
      await ended(applicationId);
    };
    await open();
    now = new Date();
    await mail();
    await close();
    await open();
    minutes(2);
    await mail();
    await close();
    await mail();
    expect(sent).toHaveLength(1);
    minutes(3);
    await mail();
    expect(sent).toHaveLength(2);
    expect(sent[1]?.text).toContain("This alarm ended at ");
    minutes(60);
    await mail();
    expect(sent).toHaveLength(2);
  });

  it("a message that the mail server does not take is sent later, and none is sent without a mail server", async () => {
    await member("owner");
    await started();
    gateway.answer = foreign;
    const { applicationId } = await application();
    await exposed(applicationId);
    now = new Date();
    const { database, log } = sync.world.runtime;
    await mailAlarms({ database, log, clock: { now: () => now }, mailer: null, url: "https://portcullis.example" });
    await mail(() => Promise.reject(new MailFailed("mail_unreachable")));
    expect(sync.world.log()).toContain("a message about an alarm could not be sent");
    await mail();
    expect(sent).toEqual([]);
    minutes(5);
    await mail();
    expect(sent).toHaveLength(1);
  });
});
