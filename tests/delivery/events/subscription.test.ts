import { expect, test } from "vitest";
import { Stream } from "#src/delivery/events/subscription";
import type { Follower, LiveEvent, Message } from "#src/platform/events";

const follower = (sees: Follower["sees"] = () => true): Follower => ({
  owner: { organizationId: "org_1", caller: "ses_1" },
  presents: { kind: "session", hash: "h", organization: null },
  after: null,
  signal: undefined,
  sees,
  renew: async () => false,
});
const message = (event: LiveEvent): Message & { kind: "event"; event: LiveEvent } => ({
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

test("a heartbeat is sent only if nothing else waits", async () => {
  const stream = new Stream(follower(), () => undefined);
  stream.beat();
  stream.beat();
  expect(await stream.next()).toEqual([{ kind: "heartbeat" }]);
});

test("a finished stream has one last message", async () => {
  const stream = new Stream(follower(), () => undefined);
  stream.finish("session_ended");
  stream.offer(entry);
  expect(await stream.next()).toEqual([{ kind: "end", reason: "session_ended" }]);
  expect(await stream.next()).toBeNull();
});
