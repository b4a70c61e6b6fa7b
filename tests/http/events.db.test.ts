import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { apiKeys } from "#drizzle/api-keys";
import { members } from "#drizzle/members";
import { organizations } from "#drizzle/organizations";
import { sessions } from "#drizzle/persons";
import { applicationStates } from "#drizzle/sync";
import { sealPending } from "#src/audit/sealer";
import { type HttpServer, listen } from "#src/http/server/http-server";
import { newId } from "#src/platform/ids";
import type { Browser } from "../support/browser";
import { type EventReader, readEvents } from "../support/event-reader";
import { givenMember, givenPerson } from "../support/people";
import { applicationStateRows } from "../support/rows/delivery";
import { projectRoleRows } from "../support/rows/members";
import { deleteRows, readRows, updateRows } from "../support/rows/table";
import { givenSession } from "../support/sessions";
import { type GivenOrganization, given, openWorld, testOrigin, type World } from "../support/world";

let world: World;
let acme: GivenOrganization;
let beta: GivenOrganization;

beforeAll(async () => {
  world = await openWorld();
  acme = await world.organization();
  beta = await world.organization();
});
afterAll(() => world.close());

const seal = () => sealPending(world.runtime.database, new AbortController().signal);

const open: EventReader[] = [];
async function follow(browser: Browser, headers: Record<string, string> = {}, query = ""): Promise<EventReader> {
  const reader = readEvents(await browser.fetch(`/api/events${query}`, { headers }));
  open.push(reader);
  return reader;
}

/** A member with a session who follows the events of Acme. */
async function following(role: "viewer" | "admin" | "owner" | null = "owner", projectId?: string) {
  const person = await givenPerson(world);
  const memberId = await givenMember(world, acme.organizationId, person, role);
  if (projectId !== undefined) {
    const { organizationId } = acme;
    await projectRoleRows.insert(world.db.owner, { organizationId, projectId, memberId, role: "viewer" });
  }
  const { browser, sessionId } = await givenSession(world, person);
  const events = await follow(browser);
  await events.next("ready");
  return { person, memberId, browser, sessionId, events };
}

async function refusalOf(response: Response) {
  const { error } = (await response.json()) as { error: { data: { reason: string } } };
  return [response.status, error.data.reason];
}

/** An application whose revision was delivered and proven. */
async function provenApplication(organization: GivenOrganization = acme) {
  const { environmentId, projectId } = await given(organization).environment();
  const { applicationId } = await given(organization).application({ environmentId, access: "protected" });
  await world.db.asOwner(
    `update changes set delivered_in = 1, delivered_at = now() where application_id = '${applicationId}'`,
  );
  const { organizationId, gatewayId } = organization;
  const proof = { provenRevision: 1, provedAt: new Date(), intended: "closed" as const };
  await applicationStateRows.insert(world.db.owner, { organizationId, gatewayId, applicationId, ...proof });
  return { applicationId, projectId, environmentId };
}

describe("the stream of events", () => {
  test("a change of an application, and its audit entry, arrive as ids and states", async () => {
    const { events } = await following();
    const { applicationId } = await given(acme).application({ name: "Secret name" });
    const { data } = await events.next("application", { applicationId });
    expect(data).toEqual({ applicationId, state: "closed", reason: "no_route", sync: expect.any(String) });
    await seal();
    const entries = await Promise.all([events.next("audit"), events.next("audit"), events.next("audit")]);
    expect(entries.map(({ data: { action } }) => action)).toContain("applications.create");
    expect(Object.keys(entries[0]?.data ?? {}).sort()).toEqual(["action", "auditId"]);
    expect(JSON.stringify(events.received)).not.toContain("Secret name");
    await events.close();
  });

  test("a changed proof and a deleted application arrive", async () => {
    const { applicationId } = await provenApplication();
    const { events } = await following();
    await updateRows(world.db.owner, applicationStates, { applicationId }, { unproven: "passed" });
    expect((await events.next("application", { applicationId, reason: "passed" })).data.state).toBe("unknown");
    expect((await acme.call("applications.delete", { applicationId })).status).toBe(200);
    expect((await events.next("application", { applicationId, state: null })).data).toEqual({
      ...{ applicationId, state: null, reason: null, sync: null },
    });
    await events.close();
  });

  test("a gateway whose deliveries fail arrives, with the word of the cause only", async () => {
    const gatewayId = acme.gatewayId;
    const { events } = await following("viewer");
    await world.db.asOwner(`update gateways set cause = 'disk_full' where gateway_id = '${gatewayId}'`);
    expect((await events.next("gateway")).data).toEqual({ gatewayId, cause: "disk_full", condition: null });
    await world.db.asOwner(`update gateways set cause = null where gateway_id = '${gatewayId}'`);
    expect((await events.next("gateway")).data).toEqual({ gatewayId, cause: null, condition: null });
    await events.close();
  });

  test("a stream carries nothing of another organization, also on a shared gateway", async () => {
    const { events } = await following();
    const { applicationId } = await provenApplication(beta);
    await updateRows(world.db.owner, applicationStates, { applicationId }, { unproven: "passed" });
    await world.db.asOwner(`update gateways set loaded_revision = loaded_revision + 1, revision = revision + 1`);
    await seal();
    const own = await given(acme).application();
    await events.next("application", { applicationId: own.applicationId });
    await seal();
    await events.next("audit");
    const kinds = events.received.map(({ event, data }) => [event, data.applicationId ?? own.applicationId]);
    expect(new Set(kinds.map(([, id]) => id))).toEqual(new Set([own.applicationId]));
    expect(kinds.map(([event]) => event)).not.toContain("gateway");
    await events.close();
  });

  test("a viewer gets no audit entries, and a member of one project gets its applications only", async () => {
    const mine = await provenApplication();
    const other = await provenApplication();
    const { events: ofViewer } = await following("viewer");
    const { events: ofProject } = await following(null, mine.projectId);
    for (const { applicationId } of [other, mine]) {
      await updateRows(world.db.owner, applicationStates, { applicationId }, { unproven: "status" });
      await ofViewer.next("application", { applicationId });
    }
    await world.db.asOwner("update gateways set cause = 'disk_full'");
    await seal();
    await ofViewer.next("gateway");
    await world.db.asOwner("update gateways set cause = null");
    await ofViewer.next("gateway");
    await ofProject.next("application");
    expect(ofViewer.received.map(({ event }) => event)).not.toContain("audit");
    const ofEvents = ofProject.received.slice(1).map(({ data }) => data.applicationId);
    expect([...new Set(ofEvents)]).toEqual([mine.applicationId]);
    await Promise.all([ofViewer.close(), ofProject.close()]);
  });
});

describe("a stream that continues", () => {
  test("a stream resumes after the last received event, and starts again at an unknown position", async () => {
    const { browser, events } = await following();
    const one = await given(acme).application();
    const { id } = await events.next("application", { applicationId: one.applicationId });
    await events.close();
    const two = await given(acme).application();
    const resumed = await follow(browser, { "last-event-id": id ?? "" });
    const ids: unknown[] = [];
    while (!ids.includes(two.applicationId)) ids.push((await resumed.next("application")).data.applicationId);
    expect(ids.filter((seen) => seen === one.applicationId).length).toBeLessThanOrEqual(1);
    expect(resumed.received.map(({ event }) => event)).not.toContain("reset");
    await resumed.close();
    const fromQuery = await follow(browser, {}, `?lastEventId=${id}`);
    await fromQuery.next("application");
    await fromQuery.close();
    for (const unknown of ["0.0", "x", "", `${id?.split(".")[0]}.999999`, "a".repeat(5_000), "1.1' or 1=1 --"]) {
      const again = await follow(browser, { "last-event-id": unknown });
      expect((await again.next("reset")).data).toEqual({});
      await again.close();
    }
  });

  test("a position of another organization is unknown", async () => {
    const { person, browser, events } = await following();
    await givenMember(world, beta.organizationId, person, "owner");
    const own = await given(acme).application();
    const { id } = await events.next("application", { applicationId: own.applicationId });
    await events.close();
    const there = await follow(browser, { "last-event-id": id ?? "" }, `?organization=${beta.organizationId}`);
    await there.next("reset");
    expect(there.received).toHaveLength(1);
    await there.close();
  });
});

describe("the end of a stream", () => {
  const soon = async (events: EventReader, reason: string, act: () => Promise<unknown>) => {
    await act();
    const began = performance.now();
    expect((await events.next("end")).data).toEqual({ reason });
    await events.ended();
    expect(performance.now() - began).toBeLessThan(1_000);
  };

  test("a session that is revoked elsewhere ends its stream within a second", async () => {
    const { events, sessionId } = await following();
    await soon(events, "session_ended", () => deleteRows(world.db.owner, sessions, { sessionId }));
  });

  test("a session whose time is over ends its stream within a second", async () => {
    const { events, sessionId } = await following();
    const expiresAt = new Date(Date.now() - 1_000);
    await soon(events, "session_ended", () => updateRows(world.db.owner, sessions, { sessionId }, { expiresAt }));
  });

  test("a membership that ends also ends its stream within a second", async () => {
    const { events, memberId } = await following();
    await soon(events, "organization_changed", () => deleteRows(world.db.owner, members, { memberId }));
  });

  test("a key that is revoked ends its stream within a second", async () => {
    const key = await acme.key("viewer");
    const { browser } = await givenSession(world, await givenPerson(world));
    const events = await follow(browser, { "x-api-key": key });
    await events.next("ready");
    const { organizationId } = acme;
    await soon(events, "key_revoked", () =>
      updateRows(world.db.owner, apiKeys, { organizationId, name: "viewer" }, { revokedAt: new Date() }),
    );
  });

  test("a lowered role keeps the stream open, and says that everything has to be read again", async () => {
    const { events, memberId } = await following("owner");
    await updateRows(world.db.owner, members, { memberId }, { role: "viewer" });
    await events.next("reset");
    await given(acme).application();
    await events.next("application");
    await seal();
    await given(acme).application();
    await events.next("application");
    expect(events.received.map(({ event }) => event)).not.toContain("audit");
    await events.close();
  });
});

describe("a refused stream", () => {
  test("a stream needs a credential, and an organization of the caller", async () => {
    const { browser } = await following();
    const anonymous = await world.handler(
      new Request(`${testOrigin}/api/events`, { headers: { host: new URL(testOrigin).host } }),
      { ip: "203.0.113.9" },
    );
    expect(await refusalOf(anonymous)).toEqual([401, "no_credentials"]);
    const [{ slug = "" } = {}] = await readRows(
      world.db.owner,
      organizations,
      { organizationId: beta.organizationId },
      ["slug"],
    );
    const answers = [];
    for (const named of [beta.organizationId, slug, newId("organization"), "no-such-slug"]) {
      answers.push(await refusalOf(await browser.fetch(`/api/events?organization=${named}`)));
    }
    expect(new Set(answers.map((answer) => answer.join(" ")))).toEqual(new Set(["404 not_found"]));
    const byKey = await browser.fetch(`/api/events?organization=${beta.organizationId}`, {
      headers: { "x-api-key": await acme.key("owner") },
    });
    expect(await refusalOf(byKey)).toEqual([404, "not_found"]);
  });

  test("a page of another origin cannot open a stream with the cookie", async () => {
    const { browser } = await following();
    for (const origin of ["https://evil.example.org", "null"]) {
      const refused = await browser.fetch("/api/events", { headers: { origin } });
      expect(await refusalOf(refused)).toEqual([403, "foreign_origin"]);
    }
    const own = await follow(browser, { origin: testOrigin });
    await own.next("ready");
    await own.close();
  });

  test("other methods are refused", async () => {
    const { browser } = await following();
    for (const method of ["POST", "HEAD", "DELETE"]) {
      expect((await browser.fetch("/api/events", { method })).status).toBe(405);
    }
  });

  test("a caller has at most ten streams, and a closed stream frees its place", async () => {
    const { browser, events } = await following();
    const more = await Promise.all(Array.from({ length: 9 }, () => follow(browser)));
    const refused = await browser.fetch("/api/events");
    expect(refused.headers.get("retry-after")).toBe("5");
    expect(await refusalOf(refused)).toEqual([429, "too_many_streams"]);
    await events.close();
    const again = await follow(browser);
    await again.next("ready");
    await Promise.all([...more, again].map((one) => one.close()));
  });
});

describe("a stream over a connection", () => {
  async function serverOf({ runtime, handler }: World): Promise<HttpServer> {
    const server = await listen({ host: "127.0.0.1", port: 0, log: runtime.log });
    server.serve({ handler, pages: (_request, response) => response.end() });
    return server;
  }

  test("a stream has no length and no cache, and a lost connection frees its place", async () => {
    const server = await serverOf(world);
    const gone = new AbortController();
    const before = world.runtime.events.held;
    const response = await fetch(`http://127.0.0.1:${server.port}/api/events`, {
      headers: { "x-api-key": await acme.key("viewer") },
      signal: gone.signal,
    });
    const { headers } = response;
    expect([headers.get("content-type"), headers.get("cache-control"), headers.get("content-length")]).toEqual([
      "text/event-stream; charset=utf-8",
      "no-store",
      null,
    ]);
    const events = readEvents(response);
    await events.next("ready");
    expect(world.runtime.events.held).toBe(before + 1);
    gone.abort();
    await expect.poll(() => world.runtime.events.held).toBe(before);
    await expect.poll(() => world.log()).toContain('"path":"/api/events","status":200');
    await server.close(10_000);
  });

  test("a stop ends all streams, and refuses new ones", async () => {
    const stopping = await openWorld(); // the streams of the other tests go on
    const server = await serverOf(stopping);
    const headers = { "x-api-key": await (await stopping.organization()).key("viewer") };
    const events = readEvents(await fetch(`http://127.0.0.1:${server.port}/api/events`, { headers }));
    await events.next("ready");
    const closed = server.close(10_000);
    stopping.runtime.events.close();
    await events.ended();
    await closed;
    const refused = await stopping.handler(new Request(`${testOrigin}/api/events`, { headers }), { ip: null });
    expect(await refusalOf(refused)).toEqual([503, "stream_capacity_reached"]);
    await stopping.close();
  });
});
