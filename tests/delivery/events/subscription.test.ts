import { expect, test } from "vitest";
import { mostAtOnce } from "#src/delivery/events/channel";
import { keptEvents } from "#src/delivery/events/event-hub";
import { mostWaiting, Stream } from "#src/delivery/events/subscription";
import type { EventMessage, Follower, LiveEvent } from "#src/platform/events";

const follower = (sees: Follower["sees"] = () => true): Follower => ({
  owner: { organizationId: "org_1", caller: "ses_1" },
  presents: { kind: "session", hash: "h", organization: null },
  after: null,
  signal: undefined,
  sees,
  renew: async () => false,
});
const message = (event: LiveEvent): EventMessage => ({
  kind: "event",
  position: "e1.1",
  event,
});
const entry = message({ kind: "audit", auditId: "aud_1", action: "key.create" });

test("a stream returns everything that waits, and then waits for more", async () => {
  const stream = new Stream(follower(), () => undefined);
  stream.offer(entry);
  stream.offer(entry);
  expect(await stream.next()).toEqual([entry, entry]);
  const next = stream.next();
  stream.offer(entry);
  expect(await next).toEqual([entry]);
});

test("a stream leaves out what its follower may not see, and never a reset", async () => {
  const stream = new Stream(
    follower(() => false),
    () => undefined,
  );
  stream.offer(entry);
  stream.offer(message({ kind: "reset" }));
  expect(await stream.next()).toEqual([message({ kind: "reset" })]);
});

test("a reader that does not read loses its stream, and nothing waits for it", async () => {
  let ends = 0;
  const stream = new Stream(follower(), () => {
    ends += 1;
  });
  for (let count = 0; count < 1_000; count += 1) stream.offer(entry);
  expect([stream.isOver, ends, await stream.next()]).toEqual([true, 1, null]);
});

test("a look and a resumed stream fit into what may wait, and one message more does not", async () => {
  const stream = new Stream(follower(), () => undefined);
  for (let count = 0; count < mostWaiting; count += 1) stream.offer(entry);
  expect(stream.isOver).toBe(false);
  expect(await stream.next()).toHaveLength(mostWaiting);
  expect(mostWaiting).toBeGreaterThan(Math.max(mostAtOnce, keptEvents));
  for (let count = 0; count <= mostWaiting; count += 1) stream.offer(entry);
  expect(stream.isOver).toBe(true);
});

test("a heartbeat is sent only if nothing else waits", async () => {
  const stream = new Stream(follower(), () => undefined);
  stream.beat("e1.7");
  stream.beat("e1.7");
  expect(await stream.next()).toEqual([{ kind: "heartbeat", position: "e1.7" }]);
});

test("a finished stream has one last message", async () => {
  const stream = new Stream(follower(), () => undefined);
  stream.finish("session_ended");
  stream.offer(entry);
  expect(await stream.next()).toEqual([{ kind: "end", reason: "session_ended" }]);
  expect(await stream.next()).toBeNull();
});
