import { expect, test } from "vitest";
import { type ApplicationState, EventLog, eventsBetween, mostAtOnce, type States } from "#src/delivery/events/channel";
import type { LiveEvent } from "#src/platform/events";

const wiki: ApplicationState = {
  projectId: "prj_1",
  state: "protected",
  reason: null,
  sync: "enforced",
  changedAt: null,
};
const states = (applications: Record<string, ApplicationState>, gateways: States["gateways"] = new Map()): States => ({
  applications: new Map(Object.entries(applications)),
  gateways,
  sequence: 1,
});
const audit = (auditId: string): LiveEvent => ({ kind: "audit", auditId, action: "project.create" });

test("two equal looks have no events between them", () => {
  expect(eventsBetween(states({ app_1: wiki }), states({ app_1: { ...wiki } }), [])).toEqual([]);
});

test.each<[keyof ApplicationState, string]>([
  ["state", "public"],
  ["reason", "not_proven"],
  ["sync", "pending"],
  ["projectId", "prj_2"],
])("an application whose %s differs is reported with its present states", (field, value) => {
  const now = { ...wiki, [field]: value };
  const { changedAt: _, ...shown } = now;
  expect(eventsBetween(states({ app_1: wiki }), states({ app_1: now }), [])).toEqual([
    { kind: "application", applicationId: "app_1", ...shown },
  ]);
});

test("an edit of an application is reported without what was edited", () => {
  const edited = { ...wiki, changedAt: "2026-01-01T00:00:00Z" };
  const [event] = eventsBetween(states({ app_1: wiki }), states({ app_1: edited }), []);
  expect(JSON.stringify(event)).not.toContain("2026");
  expect(event).toMatchObject({ kind: "application", applicationId: "app_1" });
});

test("a new application, a deleted one and a lost gateway are reported", () => {
  const before = states({ app_1: wiki }, new Map([["gtw_1", { cause: null, condition: "serving" }]]));
  expect(eventsBetween(before, states({ app_2: wiki }), [])).toEqual([
    {
      kind: "application",
      applicationId: "app_2",
      projectId: "prj_1",
      state: "protected",
      reason: null,
      sync: "enforced",
    },
    { kind: "application", applicationId: "app_1", projectId: "prj_1", state: null, reason: null, sync: null },
    { kind: "gateway", gatewayId: "gtw_1", cause: null, condition: null },
  ]);
});

test("more events than a look may report become one reset", () => {
  const entries = Array.from({ length: mostAtOnce + 1 }, (_, at) => ({ auditId: `aud_${at}`, action: "key.create" }));
  expect(eventsBetween(states({}), states({}), entries)).toEqual([{ kind: "reset" }]);
  expect(eventsBetween(states({}), states({}), entries.slice(1))).toHaveLength(mostAtOnce);
});

test("a log returns the events after a position, in order", () => {
  const log = new EventLog("e1", 10);
  const begin = log.position;
  const added = log.add([audit("aud_1"), audit("aud_2"), audit("aud_3")]);
  expect(added.map(({ position }) => position)).toEqual(["e1.1", "e1.2", "e1.3"]);
  expect(log.after(begin)).toEqual(added);
  expect(log.after("e1.2")).toEqual(added.slice(2));
  expect(log.after(log.position)).toEqual([]);
});

test("a log does not know positions that it dropped", () => {
  const log = new EventLog("e1", 2);
  log.add([audit("aud_1"), audit("aud_2"), audit("aud_3")]);
  expect(log.after("e1.0")).toBeNull();
  expect(log.after("e1.1")).toHaveLength(2);
});

test.each(["", "e1", "e1.", "e2.1", "e1.2", "e1.-1", "e1.1e0", "e1.0x1", "e1.99999999999999999999", "E1.1", "e1.1\n"])(
  "a log does not know the position %j",
  (position) => {
    const log = new EventLog("e1", 2);
    log.add([audit("aud_1")]);
    expect(log.after(position)).toBeNull();
  },
);
