import { expect, test } from "vitest";
import { oneBatchAtATime } from "#src/platform/one-batch-at-a-time";

function sender() {
  const sent: string[][] = [];
  const pending: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const send = oneBatchAtATime<object, string, string[]>({
    begin: () => [],
    add: (batch, item) => void batch.push(item),
    send: (_place, batch) => {
      sent.push(batch);
      return new Promise<void>((resolve, reject) => pending.push({ resolve, reject }));
    },
  });
  return { sent, pending, send };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("the first item is sent at once, and items that arrive during that are sent together afterwards", async () => {
  const { sent, pending, send } = sender();
  const destination = {};
  const all = ["a", "b", "c"].map((item) => send(destination, "k", item));
  expect(sent).toEqual([["a"]]);
  pending[0]?.resolve();
  await all[0];
  await turn();
  expect(sent).toEqual([["a"], ["b", "c"]]);
  pending[1]?.resolve();
  await Promise.all(all);
  const later = send(destination, "k", "d");
  expect(sent).toEqual([["a"], ["b", "c"], ["d"]]);
  pending[2]?.resolve();
  await later;
});

test("items of other keys and other places do not wait", () => {
  const { sent, send } = sender();
  const destination = {};
  void send(destination, "k", "a");
  void send(destination, "l", "b");
  void send({}, "k", "c");
  expect(sent).toEqual([["a"], ["b"], ["c"]]);
});

test("a failed batch rejects only its own items, and the next batch is still sent", async () => {
  const { sent, pending, send } = sender();
  const destination = {};
  const first = send(destination, "k", "a");
  const second = send(destination, "k", "b");
  pending[0]?.reject(new Error("gone"));
  await expect(first).rejects.toThrow("gone");
  await turn();
  expect(sent).toEqual([["a"], ["b"]]);
  pending[1]?.resolve();
  await second;
});
